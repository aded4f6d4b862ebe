package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/jsontree"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
	"github.com/placard/placard/models"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var (
	quiet    = slog.New(slog.DiscardHandler)
	everyone = auth.NewContext(context.Background(), auth.Anonymous)
	limits   = transfer.Limits{ValueBytes: 1 << 16, KeyCharacters: 250, ValueNesting: 32}
)

// source is a database with a project to export.
type source struct {
	testing.TB
	*store.Store
	url string
	run *models.PipelineRun
	// step has the outputs "saved" and "waiting".
	step *models.StepRun
}

const project = "churn"

// eachPair runs a test with a new database of each engine and a target of each engine.
func eachPair(t *testing.T, run func(t *testing.T, url, to string)) {
	for from, open := range storetest.Engines {
		for to, target := range storetest.Engines {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				run(t, open(t), target(t))
			})
		}
	}
}

func ref[T any](v T) *T { return &v }

// must returns a result, and fails the test for an error.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// mustChange is must for a call that may have an idempotency key.
func mustChange[T any](t testing.TB) func(v T, deduplicated bool, err error) T {
	return func(v T, _ bool, err error) T {
		t.Helper()
		return must[T](t)(v, err)
	}
}

// deleteVersion deletes a version with its aliases.
func deleteVersion(t testing.TB, s *store.Store, version models.ArtifactVersionSelector) {
	t.Helper()
	mustChange[models.ID](t)(s.DeleteArtifactVersion(everyone, store.Call{}, nil,
		models.DeleteArtifactVersionInput{ArtifactVersionSelector: version, Force: true}))
}

// fill creates a project with rows in all tables.
func fill(t testing.TB, url string) *source {
	s := &source{TB: t, Store: must[*store.Store](t)(store.Open(context.Background(), url, quiet)), url: url}
	t.Cleanup(func() { _ = s.Close() })
	must[*models.Project](t)(s.CreateProject(everyone, nil, project))
	gone := s.version("model", nil)
	v := s.version("model", nil, "prod")
	s.version("data", nil, "prod", "best")
	s.log(models.MetadataTarget{ArtifactVersionID: ref(v.ID.String())},
		`{"accuracy": 0.5, "card": {"a": {"$set": [1, 1.0]}, "b": null}}`)
	s.log(models.MetadataTarget{ArtifactVersionID: ref(v.ID.String())}, `{"accuracy": 0.75}`)
	run, _, err := s.StartPipelineRun(everyone, store.Call{}, nil,
		models.StartPipelineRunInput{Project: ref(project), Pipeline: "training"})
	s.run = must[*models.PipelineRun](t)(run, err)
	step, _, err := s.StartStepRun(everyone, store.Call{}, nil,
		models.StartStepRunInput{PipelineRunID: s.run.ID.String(), Name: "fit",
			Inputs: []models.StepInputDeclaration{{Name: "gone", ArtifactVersionSelector: storetest.Select(gone.ID)},
				{Name: "data", ArtifactVersionSelector: storetest.Select(v.ID)}},
			Outputs: []models.StepOutputDeclaration{{Name: "saved"}, {Name: "waiting", ArtifactName: ref("model")}}})
	s.step = must[*models.StepRun](t)(step, err)
	for _, output := range []string{"saved", "waiting"} {
		s.log(s.output(output), `{"rows": 3, "wrong": "x"}`)
		_, _, err := s.RetractMetadata(everyone, store.Call{}, nil,
			store.Retraction{Target: s.output(output), Keys: []models.MetadataKeyInput{{Key: "wrong"}}, Reason: ref("typo")})
		must[any](t)(nil, err)
	}
	s.version("model", ref("saved"))
	deleteVersion(t, s.Store, storetest.Select(gone.ID))
	mustChange[*models.ArtifactVersion](t)(s.TagArtifactVersion(everyone, store.Call{}, nil,
		models.TagArtifactVersionInput{ArtifactVersionSelector: storetest.Select(v.ID), Tags: []string{"a", "b"}}))
	mustChange[*models.ArtifactVersion](t)(s.UntagArtifactVersion(everyone, store.Call{}, nil,
		models.UntagArtifactVersionInput{ArtifactVersionSelector: storetest.Select(v.ID), Tags: []string{"a"}}))
	s.addPeople(v.ID)
	s.erase(v.ID)
	s.reuse(v.ID)
	return s
}

func (s *source) output(name string) models.MetadataTarget {
	return models.MetadataTarget{StepContext: &models.StepContext{StepRunID: s.step.ID.String(), ArtifactName: &name}}
}

// version creates a version, from an output unless that is nil.
func (s *source) version(artifact string, output *string, aliases ...string) *models.ArtifactVersion {
	s.Helper()
	input := models.CreateArtifactVersionInput{Project: ref(project), Artifact: artifact, Aliases: aliases}
	if output != nil {
		input.Output = &models.StepOutputRef{StepRunID: s.step.ID.String(), Name: *output}
	}
	version, _, err := s.CreateArtifactVersion(everyone, store.Call{}, nil, input, nil)
	return must[*models.ArtifactVersion](s)(version, err)
}

func (s *source) log(target models.MetadataTarget, metadata string) {
	s.Helper()
	server := models.DefaultLimits()
	node := must[any](s)(jsontree.Parse([]byte(metadata)))
	facts := must[[]models.Fact](s)(models.ReadFacts(&server, nil, &models.Tree{Node: node}, nil))
	_, _, err := s.LogMetadata(everyone, store.Call{}, []store.Write{{Target: target, Facts: facts}})
	must[any](s)(nil, err)
}

// export returns the project of a database as a file.
func export(t testing.TB, url string) []byte {
	t.Helper()
	return must[[]byte](t)(exportProject(url, project))
}

func exportProject(url, project string) ([]byte, error) {
	var out bytes.Buffer
	options := transfer.ExportOptions{Project: project, File: transfer.Stdio, Stdout: &out, Notes: io.Discard}
	_, err := transfer.Export(context.Background(), url, options)
	return out.Bytes(), err
}

// importInto imports a file into a database.
func importInto(ctx context.Context, t testing.TB, url string, file []byte) (transfer.Imported, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.jsonl")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return transfer.Import(ctx, url, transfer.ImportOptions{File: path, Limits: limits, Log: quiet, Notes: io.Discard})
}

// lines returns the lines of a file without the last one.
func lines(file []byte) []string {
	all := strings.SplitAfter(strings.TrimSuffix(string(file), "\n"), "\n")
	return all[:len(all)-1]
}

// withTrailer returns lines with a last line that has their counts and SHA-256.
func withTrailer(t testing.TB, lines []string) []byte {
	t.Helper()
	counts := map[string]int{}
	latest := ""
	for n, line := range lines {
		var members map[string]any
		if json.Unmarshal([]byte(line), &members) != nil {
			continue
		}
		if record, ok := members["record"].(string); ok && n > 0 {
			counts[record]++
		}
		for _, name := range []string{"createdAt", "startedAt", "finishedAt", "boundAt", "movedAt", "loggedAt", "updatedAt", "at"} {
			if at, ok := members[name].(string); ok {
				latest = max(latest, at)
			}
		}
	}
	var parts []string
	for _, record := range strings.Fields(`artifact retiredNumber pipelineRun stepRun stepOutput artifactVersion
		stepInput aliasMove tagMove entry event auditEvent`) {
		if record == "event" && strings.Contains(lines[0], `"formatVersion":1,`) {
			continue
		}
		parts = append(parts, fmt.Sprintf("%q:%d", record, counts[record]))
	}
	text := strings.Join(lines, "")
	sum := sha256.Sum256([]byte(text))
	return fmt.Appendf(nil, "%s{\"record\":\"end\",\"counts\":{%s},\"latestAt\":%q,\"sha256\":%q}\n", text,
		strings.Join(parts, ","), latest, hex.EncodeToString(sum[:]))
}

// openDB opens a database for statements of a test.
func openDB(t testing.TB, url string) *sql.DB {
	driver, source := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, source = "sqlite", path
	}
	return must[*sql.DB](t)(sql.Open(driver, source))
}

// derivedRows returns the rows of the project that a file omits because they follow from others. It orders them by seq
// and omits seq.
func derivedRows(t testing.TB, url string) string {
	t.Helper()
	db := openDB(t, url)
	defer func() { _ = db.Close() }()
	var text strings.Builder
	for _, q := range []struct {
		query string
		ids   int
		rest  int
	}{
		{"SELECT id, artifact_version_id, about, last_logged_at FROM subjects WHERE project_id = $1 ORDER BY 1", 2, 2},
		{"SELECT artifact_id, artifact_version_id, alias FROM aliases WHERE project_id = $1 ORDER BY 1, 3", 2, 1},
		{"SELECT artifact_version_id, tag FROM tags WHERE project_id = $1 ORDER BY 1, 2", 1, 1},
		{"SELECT id, artifact_version_id, reused_subject_id, bound_at FROM step_outputs WHERE project_id = $1 ORDER BY 1", 3, 1},
		{`SELECT subject_id, object_id, id, step_run_id, card, key, about, kind, value, CASE WHEN retracted THEN 1 ELSE 0 END,
			reason, logged_at, logged_by, sort_key, parts, CASE WHEN erased THEN 1 ELSE 0 END FROM metadata_latest
			WHERE project_id = $1 ORDER BY seq`, 4, 12},
		{"SELECT subject_id, card, key FROM metadata_latest WHERE project_id = $1 ORDER BY first_seq", 1, 2},
		{"SELECT id, updated_at FROM artifacts WHERE project_id = $1 ORDER BY 1", 1, 1},
		{"SELECT id, sort_key, parts FROM metadata_entries WHERE project_id = $1 ORDER BY seq", 1, 2},
	} {
		var id models.ID
		must[any](t)(nil, db.QueryRow("SELECT id FROM projects WHERE name = $1", project).Scan(&id))
		rows := must[*sql.Rows](t)(db.Query(q.query, id))
		for rows.Next() {
			ids, rest, targets := make([]models.ID, q.ids), make([]sql.NullString, q.rest), []any{}
			for i := range ids {
				targets = append(targets, &ids[i])
			}
			for i := range rest {
				targets = append(targets, &rest[i])
			}
			must[any](t)(nil, rows.Scan(targets...))
			fmt.Fprintln(&text, ids, rest)
		}
		must[any](t)(nil, rows.Err())
		fmt.Fprintln(&text)
	}
	return text.String()
}

// finish ends the step and the run with statuses.
func (s *source) finish(step, run models.RunStatus) {
	s.Helper()
	_, _, err := s.FinishStepRun(everyone, store.Call{}, nil, models.FinishStepRunInput{StepRunID: s.step.ID.String(), Status: step}, nil)
	if err == nil {
		_, _, err = s.FinishPipelineRun(everyone, store.Call{}, nil,
			models.FinishPipelineRunInput{PipelineRunID: s.run.ID.String(), Status: run})
	}
	if err != nil {
		s.Fatal(err)
	}
}
