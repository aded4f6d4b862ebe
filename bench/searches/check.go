package searches

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/placard/placard/bench/load"
)

// check reads a part of the loaded data through the API.
func (s *service) check(ctx context.Context) error {
	answer, _, err := s.post(ctx, `query($last: JSON!) {
  newest: artifactVersions(first: 1, where: {metadata: {key: "uri", eq: $last}}) { nodes { version metadataJson } }
  keys: metadataKeys(first: 100) { nodes { card key } }
  saved: artifactVersions(first: 1, where: {producedBy: {exists: true}}) { nodes { producer { output { name artifactVersion { id } } } id } }
  tagged: artifactVersions(first: 1, where: {tag: {exists: true}}) { nodes { tags } }
  latest: artifactVersion(ref: {named: {name: "model-000", alias: "prod"}}) { aliases metadata { key kind } }
}`, map[string]any{"last": load.URI(s.versions - 1)})
	if err != nil {
		return err
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	var found struct {
		Newest, Saved, Tagged struct {
			Nodes []struct {
				ID           string
				Tags         []string
				MetadataJSON map[string]any
				Producer     *struct {
					Output struct{ ArtifactVersion struct{ ID string } }
				}
			}
		}
		Keys   struct{ Nodes []struct{ Card, Key string } }
		Latest *struct {
			Aliases  []string
			Metadata []any
		}
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return err
	}
	switch newest := found.Newest.Nodes; {
	case len(newest) != 1 || newest[0].MetadataJSON["uri"] != load.URI(s.versions-1):
		return errors.New("a search by its URI does not find the newest version")
	case len(newest[0].MetadataJSON) < 16:
		return fmt.Errorf("the newest version has %d cards and keys", len(newest[0].MetadataJSON))
	case len(found.Keys.Nodes) != 22:
		return fmt.Errorf("there are %d keys", len(found.Keys.Nodes))
	case len(found.Saved.Nodes) != 1 || found.Saved.Nodes[0].Producer == nil ||
		found.Saved.Nodes[0].Producer.Output.ArtifactVersion.ID != found.Saved.Nodes[0].ID:
		return errors.New("no version is saved from an output")
	case len(found.Tagged.Nodes) != 1 || len(found.Tagged.Nodes[0].Tags) == 0:
		return errors.New("no version has a tag")
	case found.Latest == nil || len(found.Latest.Metadata) < 20:
		return errors.New("no version has the alias prod")
	}
	return nil
}
