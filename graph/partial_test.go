package graph_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// impatientSeconds is the timeout of the tests below. It suffices for the fields that are not held, on a busy machine.
const impatientSeconds = 3

// openImpatient returns a server with a short deadline whose database has three versions of the artifact "a", and a
// server on the same database with the usual deadlines.
func openImpatient(t *testing.T, url string) (impatient, patient *api) {
	t.Helper()
	patient = open(t, url)
	for i := range 3 {
		if got, _ := patient.do(fmt.Sprintf(`mutation { createArtifactVersion(input: {artifact: "a", tags: ["t"], metadata: {k: %d}}) { deduplicated } }`, i), ""); got["errors"] != nil {
			t.Fatal(got["errors"])
		}
	}
	limits := models.DefaultLimits()
	limits.ReadSeconds, limits.WriteSeconds = impatientSeconds, impatientSeconds
	return newAPI(t, patient.store, apitest.Options{Limits: &limits}), patient
}

// held sends a query and holds each statement with one of the texts in it until the deadline.
func (a *api) held(query string, texts ...string) (answer map[string]any, late int64) {
	a.Helper()
	var over atomic.Bool
	meter, afterwards := &storetest.Meter{}, atomic.Int64{}
	meter.Hold = func(ctx context.Context, statement string) {
		if over.Load() {
			afterwards.Add(1)
		}
		for _, text := range texts {
			if strings.Contains(statement, text) {
				<-ctx.Done()
				over.Store(true)
				return
			}
		}
	}
	w := a.postMetered(a.Context(), meter, bodyOf(a, query))
	return decode(a, w.Body.Bytes()).(map[string]any), afterwards.Load()
}

// checkPartial compares an answer whose errors are all those of the deadline, at these paths.
func checkPartial(t *testing.T, got map[string]any, data string, paths ...string) {
	t.Helper()
	text, err := json.Marshal(got["data"])
	if err != nil {
		t.Fatal(err)
	}
	if err := fits(got["data"], decode(t, []byte(data)), map[string]string{}); err != nil {
		t.Errorf("%v: got data %s", err, text)
	}
	errors, _ := got["errors"].([]any)
	var at []string
	for _, problem := range errors {
		failure := problem.(map[string]any)
		path, _ := json.Marshal(failure["path"])
		at = append(at, string(path))
		extensions := failure["extensions"].(map[string]any)
		if extensions["code"] != "LIMIT_EXCEEDED" || extensions["retryable"] != true ||
			failure["message"] != fmt.Sprintf("the request took longer than %d seconds", impatientSeconds) {
			t.Errorf("got %v", failure)
		}
	}
	if strings.Join(at, " ") != strings.Join(paths, " ") {
		t.Errorf("errors at %s, want %s", at, paths)
	}
}

// TestDeadlineNamesFields checks that loaded fields are answered after the deadline. Each other field has an error with
// its path, and no statement starts after the deadline.
func TestDeadlineNamesFields(t *testing.T) {
	t.Parallel()
	const history, tags, runs = "FROM metadata_entries", "FROM tags", "FROM pipeline_runs"
	const version = `artifactVersion(ref: {named: {name: "a", version: "1"}})`
	for name, c := range map[string]struct {
		query string
		held  []string
		data  string
		paths []string
	}{
		// Two slow root fields, and a slow field of an object. Questions of one caller wait for each other, so the
		// quick field asks none.
		"root fields": {
			`{ quick: artifact(name: "a") { name } serverInfo { version } two: pipelineRuns { nodes { id } } one: pipelineRuns(first: 1) { nodes { id } }
				slow: ` + version + ` { name: version tags } }`,
			[]string{runs},
			`{"quick": {"name": "a"}, "serverInfo": {"version": "test"}, "two": null, "one": null, "slow": {"name": "1", "tags": ["t"]}}`,
			[]string{`["one"]`, `["two"]`},
		},
		// A slow field of an object, and a slow non-null field, which nulls the nearest nullable one. Both hold a
		// permit of the operation, which leaves one for the others.
		"fields of objects": {
			`{ quick: artifact(name: "a") { name } slow: ` + version + ` { name: version metadataHistory { nodes { key } } } required: ` + version + ` { version tags } }`,
			[]string{history, tags},
			`{"quick": {"name": "a"}, "slow": {"name": "1", "metadataHistory": null}, "required": null}`,
			[]string{`["required","tags"]`, `["slow","metadataHistory"]`},
		},
		// A slow timeline.
		"timelines": {
			`{ slow: artifact(name: "a") { name timeline { nodes { kind } } latestVersion { number timeline(first: 1) { nodes { kind } } } } project(name: "default") { name timeline { nodes { kind } } } }`,
			[]string{"FROM events"},
			`{"slow": {"name": "a", "timeline": null, "latestVersion": {"number": 3, "timeline": null}}, "project": {"name": "default", "timeline": null}}`,
			[]string{`["project","timeline"]`, `["slow","latestVersion","timeline"]`, `["slow","timeline"]`},
		},
		// The first version waits until the deadline, so the fields of the others are resolved after it: columns and
		// relations that are loaded for all siblings are there, and upstream, which each version reads for itself, is
		// not.
		"fields of a list": {
			`{ artifactVersions { nodes { version metadataHistory { nodes { key } } tags artifact { name } upstream { versions { id } } } totalCount } }`, []string{history},
			`{"artifactVersions": {"totalCount": 3, "nodes": [
				{"version": "3", "metadataHistory": null, "tags": ["t"], "artifact": {"name": "a"}, "upstream": {"versions": []}},
				{"version": "2", "metadataHistory": null, "tags": ["t"], "artifact": {"name": "a"}, "upstream": null},
				{"version": "1", "metadataHistory": null, "tags": ["t"], "artifact": {"name": "a"}, "upstream": null}]}}`,
			[]string{`["artifactVersions","nodes",0,"metadataHistory"]`, `["artifactVersions","nodes",1,"metadataHistory"]`, `["artifactVersions","nodes",1,"upstream"]`,
				`["artifactVersions","nodes",2,"metadataHistory"]`, `["artifactVersions","nodes",2,"upstream"]`},
		},
		// The inputs of a comparison fail alone.
		"a comparison": {
			`{ compareArtifactVersions(refs: [{named: {name: "a", version: "1"}}, {named: {name: "a", version: "2"}}]) { baseline { version } inputs { name } rows { key } } }`,
			[]string{"step_inputs"},
			`{"compareArtifactVersions": {"baseline": {"version": "1"}, "inputs": null, "rows": [{"key": "k"}]}}`,
			[]string{`["compareArtifactVersions","inputs"]`},
		},
		// The first mutation is done and answered, and the second one does not begin.
		"mutations": {
			`mutation { a: tagArtifactVersion(input: {artifactVersionId: "<ID>", tags: ["new"]}) { artifactVersion { version metadataHistory { nodes { key } } } }
				b: tagArtifactVersion(input: {artifactVersionId: "<ID>", tags: ["never"]}) { artifactVersion { version } } }`, []string{history},
			`{"a": {"artifactVersion": {"version": "3", "metadataHistory": null}}, "b": null}`,
			[]string{`["a","artifactVersion","metadataHistory"]`, `["b"]`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				impatient, patient := openImpatient(t, url)
				found, _ := patient.do(`{ artifact(name: "a") { latestVersion { id } } }`, "")
				id := found["data"].(map[string]any)["artifact"].(map[string]any)["latestVersion"].(map[string]any)["id"].(string)
				query := strings.ReplaceAll(c.query, "<ID>", id)
				got, late := impatient.held(query, c.held...)
				checkPartial(t, got, c.data, c.paths...)
				if late > 0 {
					t.Errorf("%d statements started after the deadline", late)
				}
				if got, _ := patient.do(`{ artifact(name: "a") { latestVersion { tags } } }`, ""); strings.Contains(fmt.Sprint(got), "never") {
					t.Errorf("a mutation began after the deadline: %v", got)
				}
				if got, _ := impatient.held(query); got["errors"] != nil { // the control: nothing is held
					t.Errorf("got %v", got)
				}
			})
		})
	}
}

// TestDeadlineOfLists checks that the errors of a deadline are capped like all errors, and counted.
func TestDeadlineOfLists(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		impatient, _ := openImpatient(t, url)
		aliases := make([]string, 4)
		for i := range aliases {
			aliases[i] = fmt.Sprintf("h%d: metadataHistory(first: %d) { nodes { key } }", i, i+1)
		}
		got, _ := impatient.held(`{ artifactVersions { nodes { version `+strings.Join(aliases, " ")+` } } }`, "FROM metadata_entries")
		errors, _ := got["errors"].([]any)
		if omitted := got["extensions"].(map[string]any)["errorsOmitted"]; len(errors) != 10 || fmt.Sprint(omitted) != "2" {
			t.Errorf("%d errors, %v omitted", len(errors), omitted)
		}
		nodes := got["data"].(map[string]any)["artifactVersions"].(map[string]any)["nodes"].([]any)
		if len(nodes) != 3 || nodes[2].(map[string]any)["version"] != "1" {
			t.Errorf("got %v", got["data"])
		}
	})
}

// lockTable locks a table of PostgreSQL against readers until the test ends, and returns a connection for other
// statements.
func lockTable(t *testing.T, url, table string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	if _, err := tx.Exec("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	return db
}

// TestDeadlineOfConnections checks fields whose statements wait for a lock of PostgreSQL, and fields that wait for a
// connection of the pool: the errors of the driver become that of the deadline.
func TestDeadlineOfConnections(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	impatient, _ := openImpatient(t, url)
	lockTable(t, url, "artifacts")
	var fields, data, paths []string
	for i := range 19 { // as many root fields as a query may have, with serverInfo: more than there are connections
		fields = append(fields, fmt.Sprintf(`f%02d: artifacts(first: %d) { nodes { name } }`, i, i+1))
		data = append(data, fmt.Sprintf(`"f%02d": null`, i))
		if i < 10 {
			paths = append(paths, fmt.Sprintf(`["f%02d"]`, i))
		}
	}
	got, _ := impatient.held(`{ serverInfo { version } ` + strings.Join(fields, " ") + ` }`)
	checkPartial(t, got, `{"serverInfo": {"version": "test"}, `+strings.Join(data, ", ")+`}`, paths...)
}

// TestStatementIsCancelled checks that a statement which somebody cancels in PostgreSQL fails alone, as UNAVAILABLE.
func TestStatementIsCancelled(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	a := open(t, url)
	db := lockTable(t, url, "pipeline_runs")
	answered := make(chan map[string]any, 1)
	go func() {
		got, _ := a.do(`{ artifacts { nodes { name } } pipelineRuns { nodes { id } } }`, "")
		answered <- got
	}()
	harness.Eventually(t, "a statement is cancelled", func() bool {
		var cancelled int
		if err := db.QueryRow(`SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&cancelled); err != nil {
			t.Fatal(err)
		}
		if cancelled > 0 {
			return true // the answer may be there already
		}
		select {
		case got := <-answered:
			t.Fatalf("answered before it was cancelled: %v", got)
		default:
		}
		return false
	})
	got := harness.Receive(t, "the request is answered", answered)
	failure := fmt.Sprint(got["errors"])
	if fmt.Sprint(got["data"]) != "map[artifacts:map[nodes:[]] pipelineRuns:<nil>]" || !strings.Contains(failure, "code:UNAVAILABLE") ||
		!strings.Contains(failure, "retryable:true") || !strings.Contains(failure, "path:[pipelineRuns]") {
		t.Errorf("got %v", got)
	}
}
