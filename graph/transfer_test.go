package graph_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
)

// TestTransfer moves a project that has everything to each engine and from there to each again. The file is the same
// bytes each time, and so is every answer, now and in the past; what else is in the database stays as it was.
func TestTransfer(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		world := loadWith(a, false) // version 1 of the format has no erased entries
		everything(a)
		first, file := exported(t, url, "default")
		want := answers(a, world)
		if bytes.Count(file, []byte("\n")) < 2000 || strings.Count(want, "\n") < 500 {
			t.Fatalf("too little is moved to prove anything: %d bytes, %d answers", len(file), strings.Count(want, "\n"))
		}
		for _, record := range strings.Fields("artifact retiredNumber pipelineRun stepRun stepOutput artifactVersion stepInput aliasMove tagMove entry event auditEvent") {
			if !bytes.Contains(file, []byte(`{"record":"`+record+`"`)) {
				t.Errorf("no %s is moved", record)
			}
		}
		from := first
		hops := []func(testing.TB) string{storetest.Postgres, storetest.SQLite, storetest.Postgres}
		if !harness.Integration { // one to the other engine
			hops = hops[:1]
			if strings.HasPrefix(url, "postgres") {
				hops[0] = storetest.SQLite
			}
		}
		for _, next := range hops {
			to := next(t)
			younger(t, to)
			neighbour := neighbours(t, to)
			if done := imported(t, to, from, ""); done.Inserted == 0 || done.Unchanged+done.Updated+done.Skipped > 0 {
				t.Errorf("imported %+v", done)
			}
			if done := imported(t, to, from, ""); done.Inserted+done.Updated+done.Skipped > 0 || done.Created || done.Unchanged == 0 {
				t.Errorf("imported again %+v", done)
			}
			if _, again := exported(t, to, "other"); !bytes.Equal(again, neighbour) {
				t.Error("the other project is not as it was")
			}
			var again []byte
			if from, again = exported(t, to, "default"); !bytes.Equal(again, file) {
				t.Fatalf("the project is exported as another file: %s", difference(again, file))
			}
			b := open(t, to)
			if got := answers(b, world); got != want {
				t.Errorf("the answers are others: %s", difference([]byte(got), []byte(want)))
			}
			if err := b.store.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// younger makes the project default of a database younger than any file: of two ages the project has the greater.
func younger(t *testing.T, url string) {
	t.Helper()
	driver, name := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, name = "sqlite", path
	}
	if err := open(t, url).store.Close(); err != nil { // which makes the tables
		t.Fatal(err)
	}
	db, err := sql.Open(driver, name)
	if err == nil {
		_, err = db.Exec("UPDATE projects SET created_at = created_at + 3600000000 WHERE name = 'default'")
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// everything adds objects that the data of the differential test lacks: inputs, also of a deleted version, ended runs,
// a deleted artifact, reasons, and every kind of value.
func everything(a *api) {
	a.Helper()
	text, err := os.ReadFile("../models/testdata/values.json")
	if err != nil {
		a.Fatal(err)
	}
	var golden []struct {
		Name string
		In   json.RawMessage
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		a.Fatal(err)
	}
	members := []string{`"🦆 \u0001 \"quoted\"": {"$float": "NaN"}`, `"minus zero": -0.0`, `"sets": {"$set": [{"$set": []}, {"$set": [1, {"$set": [1.0, {"$float": "NaN"}]}]}]}`}
	for i, one := range golden {
		members = append(members, fmt.Sprintf(`"golden %d": %s`, i, one.In))
	}
	l := &loader{api: a}
	made := func(artifact string) string {
		return l.mutate("createArtifactVersion", "artifactVersion { id }", map[string]any{"artifact": artifact, "aliases": []string{"kept"}})["artifactVersion"].(map[string]any)["id"].(string)
	}
	gone, stays, lost := made("everything"), made("everything"), made("deleted as a whole")
	answer, _ := a.do(`mutation($m: JSONObject!) { logMetadata(input: {target: {artifactVersionId: "`+stays+`"}, metadata: $m}) { deduplicated } }`,
		`{"m": {"a card": {`+strings.Join(members, ",")+`}}}`)
	if answer["errors"] != nil {
		a.Fatal(answer["errors"])
	}
	run := l.mutate("startPipelineRun", "pipelineRun { id }", map[string]any{"pipeline": "all"})["pipelineRun"].(map[string]any)["id"]
	step := l.mutate("startStepRun", "stepRun { id }", map[string]any{"pipelineRunId": run, "name": "all",
		"inputs":  []any{map[string]any{"name": "z", "artifactVersionId": gone}, map[string]any{"name": "a", "artifactVersionId": stays}},
		"outputs": []any{map[string]any{"name": "bound", "artifactName": "everything"}, map[string]any{"name": "waits"}, map[string]any{"name": "was deleted"}},
	})["stepRun"].(map[string]any)["id"]
	for _, output := range []string{"bound", "waits", "was deleted"} {
		target := map[string]any{"stepContext": map[string]any{"stepRunId": step, "artifactName": output}}
		l.mutate("logMetadata", "deduplicated", map[string]any{"target": target, "metadata": map[string]any{"waiting": map[string]any{"for": output}, "wrong": 1}})
		l.mutate("retractMetadata", "deduplicated", map[string]any{"target": target, "keys": []any{map[string]any{"key": "wrong"}}, "reason": "it was \"wrong\"\n"})
	}
	for _, output := range []string{"bound", "was deleted"} {
		saved := l.mutate("createArtifactVersion", "artifactVersion { id }", map[string]any{"artifact": "everything", "type": "Model",
			"output": map[string]any{"stepRunId": step, "name": output}, "metadata": map[string]any{"own": true}})["artifactVersion"].(map[string]any)["id"]
		if output == "was deleted" {
			l.mutate("deleteArtifactVersion", "deletedArtifactVersionId", map[string]any{"artifactVersionId": saved, "force": true})
		}
	}
	l.mutate("deleteArtifactVersion", "deletedArtifactVersionId", map[string]any{"artifactVersionId": gone, "force": true})
	artifact, _ := a.do(`{ artifact(name: "deleted as a whole") { id } }`, "")
	l.mutate("deleteArtifact", "deletedArtifactId", map[string]any{"artifactId": artifact["data"].(map[string]any)["artifact"].(map[string]any)["id"], "force": true})
	if lost == "" {
		a.Fatal("no version was lost")
	}
	l.mutate("finishStepRun", "stepRun { id }", map[string]any{"stepRunId": step, "status": "FAILED"})
	l.mutate("finishPipelineRun", "pipelineRun { id }", map[string]any{"pipelineRunId": run, "status": "COMPLETED"})
}

const (
	entryFields   = `{ id card key kind retracted reason loggedAt loggedBy stepRun { id } display json extendedJson historyCount }`
	subjectFields = `id metadata` + asOfHere + ` ` + entryFields + ` metadataJson` + asOfHere + ` cards` + asOfHere + ` { name entries { id } }`
	asOfHere      = `(asOf: $at)`
)

// answers returns the responses of the API about the project, one in each line.
func answers(a *api, world *oracleWorld) string {
	a.Helper()
	var lines []string
	ask := func(query string, variables map[string]any) {
		text, err := json.Marshal(variables)
		if err != nil {
			a.Fatal(err)
		}
		answer, _ := a.do(query, string(text))
		if answer["errors"] != nil {
			a.Fatalf("%s: %v", query, answer["errors"])
		}
		if text, err = json.Marshal(answer["data"]); err != nil {
			a.Fatal(err)
		}
		lines = append(lines, string(text))
	}
	instants := []any{nil}
	for _, mark := range world.marks {
		instants = append(instants, mark.Format(time.RFC3339Nano))
	}
	for i, version := range world.versions {
		for n, at := range instants {
			if n > 0 && i%3 != 0 {
				continue
			}
			ask(`query($id: ID!, $at: DateTime) { artifactVersion(ref: {id: $id}) { version number type createdAt aliases`+asOfHere+` tags`+asOfHere+`
				producer { output { id name stepRun { id } } } artifact { id name createdAt } `+subjectFields+` } }`, map[string]any{"id": version.id, "at": at})
		}
		ask(`query($id: ID!) { artifactVersion(ref: {id: $id}) { metadataHistory(first: 100) { nodes `+entryFields+` } } }`, map[string]any{"id": version.id})
	}
	for _, at := range instants {
		for _, order := range []string{`{metadata: {key: "number"}}`, `{metadata: {key: "text"}, direction: DESC}`, `{field: VERSION}`} {
			ask(`query($at: DateTime) { artifactVersions(first: 100, asOf: $at, orderBy: [`+order+`]) { totalCount nodes { id } } }`, map[string]any{"at": at})
		}
		ask(`query($at: DateTime) { pipelineRuns(first: 100) { nodes { pipeline status startedAt finishedAt `+subjectFields+` } } }`, map[string]any{"at": at})
	}
	runs, _ := a.do(`{ pipelineRuns(first: 100) { nodes { id } } }`, "")
	for _, run := range runs["data"].(map[string]any)["pipelineRuns"].(map[string]any)["nodes"].([]any) {
		for _, at := range instants {
			ask(`query($id: ID!, $at: DateTime) { pipelineRun(id: $id) { stepRuns(first: 100) { nodes { name status startedAt finishedAt inputs { name artifactVersion { id } }
				outputs { name artifactName artifactVersion { id } `+subjectFields+` } `+subjectFields+` } } } }`, map[string]any{"id": run.(map[string]any)["id"], "at": at})
		}
	}
	for _, artifact := range append([]string{"everything", "deleted as a whole"}, sampleArtifacts...) {
		ask(`query($name: String!) { artifact(name: $name) { metadataKeys { nodes { card key kinds versionCount min max lastEntry { id } } }
			metadataSeries(key: "number") { missingCount statistics { count mean min max } points { entry { id } } }
			versions(first: 100, where: {or: [{metadata: {key: "number", gte: 0}}, {alias: {eq: "prod"}}, {tag: {eq: "red"}}]}) { totalCount nodes { id } } } }`,
			map[string]any{"name": artifact})
	}
	ask(`{ metadataKeys { nodes { card key kinds versionCount lastEntry { id } } } stepRuns(first: 100, where: {status: {eq: FAILED}}) { nodes { id } } }`, nil)
	audited, _ := a.do(`{ auditEvents(project: "default", first: 100) { nodes { id createdAt createdBy action description object { id } } } }`, "")
	var events []string
	for _, event := range audited["data"].(map[string]any)["auditEvents"].(map[string]any)["nodes"].([]any) {
		if event.(map[string]any)["action"] != "PROJECT_IMPORTED" {
			events = append(events, fmt.Sprint(event))
		}
	}
	lines = append(lines, events[:50]...)
	return strings.Join(lines, "\n")
}

// neighbours fills another project of the database at url, and returns it as a file.
func neighbours(t *testing.T, url string) []byte {
	t.Helper()
	a := open(t, url)
	l := &loader{api: a}
	l.mutate("createProject", "project { id }", map[string]any{"name": "other"})
	for range 3 {
		l.mutate("createArtifactVersion", "artifactVersion { id }", map[string]any{"project": "other", "artifact": "model", "aliases": []string{"prod"},
			"tags": []string{"red"}, "metadata": map[string]any{"number": 1, "text": "x"}})
	}
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, file := exported(t, url, "other")
	return file
}

func exported(t *testing.T, url, project string) (path string, file []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "project.jsonl")
	if _, err := transfer.Export(context.Background(), url, transfer.ExportOptions{Project: project, File: path, Notes: io.Discard}); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, file
}

func imported(t *testing.T, url, path, project string) transfer.Imported {
	t.Helper()
	done, err := transfer.Import(context.Background(), url, transfer.ImportOptions{
		File: path, Project: project, Limits: transfer.Limits{ValueBytes: 1 << 16, KeyCharacters: 250, ValueNesting: 32},
		Log: slog.New(slog.DiscardHandler), Notes: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// difference returns the position of the first difference of two texts.
func difference(got, want []byte) string {
	n := 0
	for n < min(len(got), len(want)) && got[n] == want[n] {
		n++
	}
	around := func(text []byte) []byte { return text[min(max(n-300, 0), len(text)):min(n+300, len(text))] }
	return fmt.Sprintf("at byte %d\n got …%s…\nwant …%s…", n, around(got), around(want))
}
