package search

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// NewDatabase returns the URL of a new database, by engine. The package search_test sets it, because the tests of this package
// cannot import storetest.
var NewDatabase map[string]func(t testing.TB) string

// world is a database with versions whose filters and orders the tests evaluate in Go.
type world struct {
	db       *engine.DB
	engine   string
	versions []*version
}

// version is an artifact version with all that filters and orders can read.
type version struct {
	models.ArtifactVersion
	artifact, pipeline string
	tags, aliases      []string
	// lastLogged is the time of the last entry, 0 for none. As of an instant it is earlierTime.
	lastLogged int64
	// values are the latest metadata values by key; earlier are those as of the instant earlierTime. A key that is not in
	// the map has no value.
	values, earlier map[string]models.MetadataValue
}

// The times of the world, in microseconds since 1970.
const (
	firstCreated = 1_000
	earlierTime  = 2_000
	latestTime   = 3_000
)

var long = strings.Repeat("x", models.SortKeyBytes-2)

// sampleValues has equal values of several kinds, texts that are equal in their stored sort keys, and values without an order.
var sampleValues = []models.MetadataValue{
	models.NullValue{}, models.BooleanValue{Boolean: true}, models.IntegerValue{Integer: 1}, models.IntegerValue{Integer: 2}, models.FloatValue{Number: 2},
	models.FloatValue{Number: nan()}, models.DurationValue{Seconds: 90}, models.TimestampValue{Timestamp: models.Time{Time: time.Unix(1, 0)}},
	models.StringValue{}, models.StringValue{Text: "a"}, models.UriValue{Uri: "a"}, models.StringValue{Text: "Ab"}, models.StringValue{Text: "b%_"},
	models.StringValue{Text: long + "a"}, models.StringValue{Text: long + "ab"}, models.StringValue{Text: long + "b"}, models.StringValue{Text: long + "aé"},
	list(models.IntegerValue{Integer: 1}, models.StringValue{Text: "Ab"}), list(),
	models.TupleValue{Items: []models.MetadataValue{models.StringValue{Text: "a"}, models.NullValue{}}},
	models.SetValue{Items: []models.MetadataValue{models.IntegerValue{Integer: 2}, models.StringValue{Text: long + "b"}}},
	dict("d", models.IntegerValue{Integer: 1}), dict("d", models.StringValue{Text: "a"}), dict("d", models.StringValue{Text: long + "b"}),
	dict("d", models.NullValue{}), dict("d", list(models.StringValue{Text: "a"})), dict("0", models.IntegerValue{Integer: 2}),
}

func nan() float64 { zero := 0.0; return zero / zero }

func list(items ...models.MetadataValue) models.MetadataValue { return models.ListValue{Items: items} }

func dict(key string, value models.MetadataValue) models.MetadataValue {
	return models.DictValue{Fields: []models.MetadataField{{Key: key, Value: value}}}
}

// newWorld opens a database and fills two projects with the same versions. Statements must return those of one project.
func newWorld(t *testing.T, name string) *world {
	t.Helper()
	ctx := context.Background()
	db, err := engine.Open(ctx, NewDatabase[name](t), slog.New(slog.DiscardHandler), true, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{db: db, engine: name}
	other := models.NewID()
	err = db.Write(ctx, func(tx *gorm.DB) error {
		l := loader{tx: tx}
		l.insert("projects", "id, name, created_at", other, "other", firstCreated)
		l.load(other)
		w.versions = l.load(models.DefaultProjectID)
		return l.err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// loader inserts rows until the first error.
type loader struct {
	tx  *gorm.DB
	err error
}

func (l *loader) insert(table, columns string, values ...any) {
	if l.err == nil {
		l.err = l.tx.Exec("INSERT INTO "+table+" ("+columns+") VALUES (?)", values).Error
	}
}

// load inserts two runs, two artifacts and their versions, and returns the versions.
func (l *loader) load(project models.ID) []*version {
	artifacts, steps, pipelines := models.NewIDs(2), models.NewIDs(2), []string{"train", "evaluate"}
	for i, pipeline := range pipelines {
		run := models.NewID()
		for subject, kind := range map[models.ID]models.SubjectKind{run: models.SubjectPipelineRun, steps[i]: models.SubjectStepRun} {
			l.insert("subjects", "project_id, id, about, revision", project, subject, kind, 0)
		}
		l.insert("pipeline_runs", "project_id, id, pipeline, status, started_at", project, run, pipeline, "RUNNING", firstCreated)
		l.insert("step_runs", "project_id, id, pipeline_run_id, name, status, started_at", project, steps[i], run, "step", "RUNNING", firstCreated)
		l.insert("artifacts", "project_id, id, name, last_number, created_at, updated_at", project, artifacts[i],
			[]string{"data", "model"}[i], 99, firstCreated, firstCreated)
	}
	versions := make([]*version, 2*len(sampleValues)+6)
	for i := range versions {
		v := &version{ArtifactVersion: models.ArtifactVersion{
			ID: models.NewID(), ProjectID: project, ArtifactID: artifacts[i%2], Version: fmt.Sprint("v", i/2+1), Number: int32(i/2 + 1),
			CreatedAt: models.TimeFromMicros(firstCreated + int64(i/3)),
		}, artifact: []string{"data", "model"}[i%2]}
		v.SubjectID = v.ID
		if i%5 < 2 {
			v.SubjectID, v.pipeline = models.NewID(), pipelines[i%5]
		}
		if i%3 > 0 {
			v.Type = []*string{nil, new("Big"), new("small")}[i%3]
		}
		if i%7 > 0 {
			v.lastLogged = latestTime + int64(i%5)
		}
		if i%3 == 0 {
			v.CreatedBy = []*string{new("Ann"), new("bob")}[i/3%2]
		}
		if i%4 == 0 {
			v.tags = []string{"red", "Blue"}[:1+i%8/4]
		}
		if i == 6 || i == 7 {
			v.aliases = []string{"prod"}
		}
		versions[i] = v
		l.insertVersion(v, steps[min(i%5, 1)], i)
		v.values = map[string]models.MetadataValue{"n": models.IntegerValue{Integer: models.Int64(i % 3)}}
		v.earlier = map[string]models.MetadataValue{"n": models.IntegerValue{Integer: models.Int64(i % 2)}}
		if i < 2*len(sampleValues) {
			v.values["k"], v.earlier["k"] = sampleValues[i/2], sampleValues[i*7%len(sampleValues)]
		} else if i%2 == 0 {
			v.earlier["k"] = sampleValues[i%len(sampleValues)] // retracted since
		}
		l.insertValues(v)
	}
	for _, artifact := range versions[len(versions)-2:] {
		artifact.aliases = append(artifact.aliases, models.LatestAlias)
	}
	return versions
}

func (l *loader) insertVersion(v *version, step models.ID, position int) {
	l.insert("subjects", "project_id, id, artifact_version_id, about, last_logged_at, revision", v.ProjectID, v.SubjectID,
		v.ID, models.SubjectArtifactVersion, v.lastLogged, 0)
	l.insert("artifact_versions", "project_id, id, artifact_id, subject_id, version, number, type, created_at, created_by",
		v.ProjectID, v.ID, v.ArtifactID, v.SubjectID, v.Version, v.Number, v.Type, v.CreatedAt, v.CreatedBy)
	if v.pipeline != "" {
		l.insert("step_outputs", "project_id, id, step_run_id, position, name, artifact_version_id, bound_at",
			v.ProjectID, v.SubjectID, step, position, fmt.Sprint("output", position), v.ID, firstCreated)
	}
	for _, tag := range v.tags {
		l.insert("tags", "project_id, artifact_version_id, tag", v.ProjectID, v.ID, tag)
		l.insert("tag_moves", "project_id, artifact_version_id, tag, added, moved_by, moved_at", v.ProjectID, v.ID, tag, true, "",
			firstCreated)
	}
	for _, alias := range v.aliases {
		l.insert("aliases", "project_id, artifact_id, alias, artifact_version_id", v.ProjectID, v.ArtifactID, alias, v.ID)
		l.insert("alias_moves", "project_id, artifact_id, alias, artifact_version_id, moved_by, moved_at", v.ProjectID,
			v.ArtifactID, alias, v.ID, "", firstCreated)
	}
}

func (l *loader) insertValues(v *version) {
	const columns = "project_id, subject_id, card, key, id, kind, value, retracted, logged_at, sort_key, parts"
	for _, key := range []string{"n", "k"} {
		var last []any
		for at, values := range []map[string]models.MetadataValue{v.earlier, v.values} {
			row := []any{v.ProjectID, v.SubjectID, "", key, models.NewID(), nil, nil, true, earlierTime + at*(latestTime-earlierTime), nil, nil}
			if value, ok := values[key]; ok {
				form := models.EncodeSearchKeys(value)
				row[5], row[6], row[7], row[9] = value.Kind(), "", false, form.SortKey
				if form.PathKeys != "" {
					row[10] = form.PathKeys
				}
			}
			l.insert("metadata_entries", columns, row...)
			last = row
		}
		l.insert("metadata_latest", columns+", first_seq, seq, about, object_id", append(last, 1, 2, models.SubjectArtifactVersion, v.ID)...)
	}
}
