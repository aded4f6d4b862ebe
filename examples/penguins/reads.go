package main

import (
	"context"
	"fmt"
	"strconv"
)

// The reads that the pipeline decides by and that the summary shows.

// An integer is what an IntegerValue holds. Int64 travels as a string, because JavaScript rounds large numbers.
type integer struct {
	Value struct{ Integer string }
}

// readGate asks what the raw version says about its rows. It is an error when the version does not say it: a gate that
// guesses is none.
func (c *client) readGate(ctx context.Context, raw version, q requirement) (gate, error) {
	var data struct {
		ArtifactVersion *struct{ Rows, Incomplete *integer }
	}
	err := c.do(ctx, `query Gate($ref: ArtifactVersionRef!, $require: String!) {
  artifactVersion(ref: $ref) {
    rows: metadataEntry(key: "row_count") { value { ... on IntegerValue { integer } } }
    incomplete: metadataEntry(key: $require, card: "incomplete rows") { value { ... on IntegerValue { integer } } }
  }
}`, object{{"ref", object{{"id", raw.ID}}}, {"require", string(q)}}, &data)
	if err != nil {
		return gate{}, err
	}
	v := data.ArtifactVersion
	if v == nil || v.Rows == nil || v.Incomplete == nil {
		return gate{}, fmt.Errorf("%s version %s does not say how many rows it has and how many lack %s",
			raw.Artifact, raw.Version, q)
	}
	var g gate
	if g.rows, err = strconv.ParseInt(v.Rows.Value.Integer, 10, 64); err != nil {
		return gate{}, fmt.Errorf("row_count: %w", err)
	}
	if g.incomplete, err = strconv.ParseInt(v.Incomplete.Value.Integer, 10, 64); err != nil {
		return gate{}, fmt.Errorf("incomplete rows: %w", err)
	}
	if g.rows <= 0 {
		return gate{}, fmt.Errorf("%s version %s has no rows", raw.Artifact, raw.Version)
	}
	return g, nil
}

// A champion is the model version that the alias best points to.
type champion struct {
	ID       string
	accuracy float64
}

// readChampion finds the best model so far; its ID is empty when there is none, and one without an accuracy counts as
// accuracy 0.
func (c *client) readChampion(ctx context.Context) (champion, error) {
	var data struct {
		ArtifactVersion *struct {
			ID       string
			Accuracy *struct {
				Value struct{ Float float64 }
			}
		}
	}
	err := c.do(ctx, `query Champion($ref: ArtifactVersionRef!) {
  artifactVersion(ref: $ref) {
    id
    accuracy: metadataEntry(key: "accuracy", card: "metrics") { value { ... on FloatValue { float } } }
  }
}`, object{{"ref", named(bestAlias)}}, &data)
	if err != nil || data.ArtifactVersion == nil {
		return champion{}, err
	}
	found := champion{ID: data.ArtifactVersion.ID}
	if data.ArtifactVersion.Accuracy != nil {
		found.accuracy = data.ArtifactVersion.Accuracy.Value.Float
	}
	return found, nil
}

// named refers to the model version of an alias.
func named(alias string) object {
	return object{{"named", object{{"name", modelArtifact}, {"alias", alias}}}}
}

// hasModel says whether a pipeline has already stored the model's artifact.
func (c *client) hasModel(ctx context.Context) (bool, error) {
	var data struct {
		Artifact *struct{ ID string }
	}
	err := c.do(ctx, `query HasModel($name: String!) { artifact(name: $name) { id } }`,
		object{{"name", modelArtifact}}, &data)
	return data.Artifact != nil, err
}

// A summary is what is stored about the models.
type summary struct {
	// Best is what the alias best points to, or the latest version where nothing has been promoted.
	Best     *bestVersion
	Latest   *bestVersion
	Artifact *struct {
		Versions struct {
			Nodes    []modelVersion
			PageInfo struct{ HasNextPage bool }
		}
	}
}

// A bestVersion is a version with its cards.
type bestVersion struct {
	Version       string
	Aliases, Tags []string
	Cards         []struct {
		// Name is null for the entries without a card.
		Name    *string
		Entries []struct {
			Key, Kind string
			Value     shown
		}
	}
}

// shown is a value as the server shows it to people.
type shown struct{ Display string }

// A modelVersion is one line of the list of versions. A fact that the version lacks is null.
type modelVersion struct {
	Version               string
	Aliases               []string
	Accuracy, K, Features *struct{ Value shown }
}

// readSummary reads back what is stored, from the server alone. The newest 20 versions are enough for a summary.
func (c *client) readSummary(ctx context.Context) (summary, error) {
	var s summary
	err := c.do(ctx, `query Summary($name: String!, $best: ArtifactVersionRef!, $latest: ArtifactVersionRef!) {
  best: artifactVersion(ref: $best) { ...version }
  latest: artifactVersion(ref: $latest) { ...version }
  artifact(name: $name) {
    versions(first: 20) {
      nodes {
        version
        aliases
        accuracy: metadataEntry(key: "accuracy", card: "metrics") { ...shown }
        k: metadataEntry(key: "k", card: "parameters") { ...shown }
        features: metadataEntry(key: "features", card: "parameters") { ...shown }
      }
      pageInfo { hasNextPage }
    }
  }
}
fragment version on ArtifactVersion {
  version
  aliases
  tags
  cards { name entries { key kind ...shown } }
}
fragment shown on MetadataEntry { value { ... on DisplayValue { display } } }`, object{
		{"name", modelArtifact}, {"best", named(bestAlias)}, {"latest", named("latest")},
	}, &s)
	if err != nil {
		return s, err
	}
	if s.Best == nil {
		s.Best = s.Latest
	}
	if s.Best == nil || s.Artifact == nil {
		return s, fmt.Errorf("%s has no version to show", modelArtifact)
	}
	return s, nil
}
