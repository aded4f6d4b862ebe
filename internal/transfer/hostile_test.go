package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
	"github.com/placard/placard/models"
)

// secret is in values of refused files. No message may repeat it.
const secret = "hunter2"

// editFirst changes the first line of a record by a regular expression.
func editFirst(record, from, to string) func(t testing.TB, lines []string) []string {
	return func(t testing.TB, lines []string) []string {
		t.Helper()
		for n, line := range lines {
			if strings.HasPrefix(line, `{"record":"`+record+`"`) && regexp.MustCompile(from).MatchString(line) {
				lines[n] = regexp.MustCompile(from).ReplaceAllString(line, to)
				return lines
			}
		}
		t.Fatalf("no %s has %s", record, from)
		return nil
	}
}

// editLast changes the last line of a record that matches a regular expression, so that a greater ID keeps the order.
func editLast(record, from, to string) func(t testing.TB, lines []string) []string {
	return func(t testing.TB, lines []string) []string {
		t.Helper()
		for n, line := range slices.Backward(lines) {
			if strings.HasPrefix(line, `{"record":"`+record+`"`) && regexp.MustCompile(from).MatchString(line) {
				lines[n] = regexp.MustCompile(from).ReplaceAllString(line, to)
				return lines
			}
		}
		t.Fatalf("no %s has %s", record, from)
		return nil
	}
}

// insertAfter appends an edited copy of the last line of a record.
func insertAfter(record, from, to string) func(t testing.TB, lines []string) []string {
	return func(t testing.TB, lines []string) []string {
		t.Helper()
		for n, line := range slices.Backward(lines) {
			if strings.HasPrefix(line, `{"record":"`+record+`"`) {
				if !regexp.MustCompile(from).MatchString(line) {
					t.Fatalf("the last %s has no %s", record, from)
				}
				return slices.Insert(lines, n+1, regexp.MustCompile(from).ReplaceAllString(line, to))
			}
		}
		t.Fatalf("there is no %s", record)
		return nil
	}
}

const someID = "01a2159e-ae50-7772-bf34-4eda708cc145"

// TestHostileFiles checks that an import refuses content that the API refuses, although counts and SHA-256 are right.
// The error has the line, and nothing is written.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	future := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z")
	deep := strings.Repeat("[", 40) + `"` + secret + `"` + strings.Repeat("]", 40)
	cases := map[string]struct {
		edit func(testing.TB, []string) []string
		want string
	}{
		"another format": {editFirst("header", `"placard-project"`, `"other"`), `is not the first line of a file`},
		"a newer format": {editFirst("header", `"formatVersion":2`, `"formatVersion":3`), "newer program"},
		"no version":     {editFirst("header", `"formatVersion":2,`, ``), `"formatVersion" is missing`},
		"no name": {editFirst("header", `"name":"[^"]*"`, `"name":" `+secret+`"`),
			`"name" must not begin or end with white space`},
		"header twice": {func(_ testing.TB, l []string) []string { return slices.Insert(l, 1, l[0]) },
			`"record" is not known`},
		"unknown record": {editFirst("artifact", `"artifact"`, `"`+secret+`"`), `"record" is not known`},
		"no record":      {editFirst("artifact", `"record":"artifact",`, ``), `"record" must be a string`},
		"unknown member": {editFirst("artifact", `"name"`, `"`+secret+`":1,"name"`),
			`has only the members "id", "name"`},
		"a key twice":   {editFirst("artifact", `"name"`, `"name":"`+secret+`","name"`), `without duplicate keys`},
		"invalid UTF-8": {editFirst("artifact", `"name":"`, "\"name\":\"\xff"), `must be a JSON object in UTF-8`},
		"a surrogate":   {editFirst("artifact", `"name":"`, `"name":"\ud800`), `unpaired surrogates`},
		"NUL":           {editFirst("artifact", `"name":"`, `"name":"\u0000`), "NUL"},
		"an empty line": {func(_ testing.TB, l []string) []string { return slices.Insert(l, 1, "\n") },
			`must be a JSON object`},
		"two objects":      {editFirst("artifact", `}\n`, "}{}\n"), `must be a JSON object`},
		"a list":           {editFirst("artifact", `.*`, `[1]`), `must be a JSON object`},
		"a long name":      {editFirst("artifact", `"name":"`, `"name":"`+strings.Repeat("x", 250)), "250"},
		"a number as name": {editFirst("artifact", `"name":"[^"]*"`, `"name":3`), `"name" must be a string`},
		"no instant": {editFirst("artifact", `"createdAt":"[^"]*"`, `"createdAt":"`+secret+`"`),
			`"createdAt" must be an instant`},
		"nanoseconds": {editFirst("artifact", `Z"`, `9Z"`), "instant"},
		"the future": {editFirst("entry", `"loggedAt":"[^"]*"`, `"loggedAt":"`+future+`"`),
			`"loggedAt" must not be in the future`},
		"no ID": {editFirst("artifact", `"id":"[^"]*"`, `"id":"`+secret+`"`), `"id" must be an ID`},
		"a negative number": {editFirst("artifact", `"lastNumber":\d+`, `"lastNumber":-1`),
			`"lastNumber" must be an integer from 0`},
		"a great number": {editFirst("artifact", `"lastNumber":\d+`, `"lastNumber":4294967296`),
			`integer from 0 to 2147483647`},
		"a fraction": {editFirst("artifact", `"lastNumber":\d+`, `"lastNumber":1.0`), `must be an integer`},
		"order of records": {func(_ testing.TB, l []string) []string { return append(l[:1:1], append(l[2:], l[1])...) },
			`must not follow a record`},
		"order of rows": {func(_ testing.TB, l []string) []string { l[1], l[2] = l[2], l[1]; return l },
			`must be sorted`},
		"a row twice": {func(_ testing.TB, l []string) []string { return slices.Insert(l, 1, l[1]) },
			`must be sorted`},
		"a status": {editFirst("pipelineRun", `"RUNNING"`, `"`+secret+`"`),
			`"status" must be one of RUNNING, COMPLETED`},
		"an end of a run": {editFirst("pipelineRun", `"RUNNING"`, `"FAILED"`), "finishedAt"},
		"version latest":  {editFirst("artifactVersion", `"version":"[^"]*"`, `"version":"latest"`), "latest"},
		"alias latest":    {editFirst("aliasMove", `"alias":"[^"]*"`, `"alias":"latest"`), "latest"},
		"name and number": {editFirst("artifactVersion", `"version":"[^"]*"`, `"version":"77"`),
			`"version" and "number" must be equal`},
		"number 0": {editFirst("retiredNumber", `"number":\d+`, `"number":0`),
			`"number" must be an integer from 1`},
		"an action": {editFirst("auditEvent", `"action":"[^"]*"`, `"action":"PROJECT_IMPORTED"`),
			`"action" must be one of`},
		"a kind": {editFirst("entry", `"kind":"FLOAT"`, `"kind":"STRING"`),
			`"kind" must be the kind of "value"`},
		"an unknown kind": {editFirst("entry", `"kind":"FLOAT"`, `"kind":"`+secret+`"`),
			`"kind" must be the kind of "value"`},
		"no kind":             {editFirst("entry", `"kind":"FLOAT",`, ``), `must have "kind" and "value"`},
		"no value":            {editFirst("entry", `"value":0.5,`, ``), `must have "kind" and "value"`},
		"a float of infinity": {editFirst("entry", `"value":0.5`, `"value":1e999`), "too large"},
		"a deep value": {editFirst("entry", `"kind":"FLOAT","value":0.5`, `"kind":"LIST","value":`+deep),
			"at most 32"},
		"a long value": {editFirst("entry", `"kind":"FLOAT","value":0.5`,
			`"kind":"STRING","value":"`+strings.Repeat(secret, 10_000)+`"`), "at most 65536"},
		"a long line": {editFirst("entry", `"value":0.5`, `"value":"`+strings.Repeat(secret, 200_000)+`"`), "longer"},
		"a mark":      {editFirst("entry", `"value":0.5`, `"value":{"$$`+secret+`":1}`), "mark"},
		"a set twice": {editFirst("entry", `\{"\$set":\[1,1.0\]\}`, `{"$$set":["`+secret+`","`+secret+`"]}`),
			"must not repeat"},
		"a key with a dollar": {editFirst("entry", `"key":"accuracy"`, `"key":"$$`+secret+`"`), "$"},
		"an empty card":       {editFirst("entry", `"key":"accuracy"`, `"key":"accuracy","card":""`), "empty"},
		"reason of a fact": {editFirst("entry", `"value":0.5`, `"value":0.5,"reason":"`+secret+`"`),
			`only a retraction may have "reason"`},
		"a retracted value": {editFirst("entry", `"retracted":true`, `"retracted":true,"value":1`),
			`must not have "kind" and "value"`},
		"counts": {func(_ testing.TB, l []string) []string { return l }, "damaged"},
	}
	file := export(t, fill(t, storetest.SQLite(t)).url)
	url := storetest.SQLite(t)
	for name, c := range cases {
		made := withTrailer(t, c.edit(t, lines(file)))
		if name == "counts" {
			made = bytes.Replace(made, []byte(`"stepRun":2`), []byte(`"stepRun":3`), 1)
		}
		_, err := importInto(context.Background(), t, url, made)
		checkRefused(t, name, err, c.want)
	}
	if tables := must[engine.Schema](t)(engine.ReadSchema(context.Background(), url)); tables.Stored != 0 {
		t.Error("there is a database")
	}
	must[transfer.Imported](t)(importInto(context.Background(), t, url, withTrailer(t, lines(file)))) // control
}

func checkRefused(t *testing.T, name string, err error, want string) {
	t.Helper()
	var refused *bulk.RowError
	if !errors.As(err, &refused) || !strings.Contains(refused.Text, want) || refused.Line < 1 {
		t.Errorf("%s: %v, without %q", name, err, want)
	} else if text := err.Error(); strings.Contains(text, secret) ||
		!strings.Contains(text, fmt.Sprintf("line %d: ", refused.Line)) {
		t.Errorf("%s: %s", name, text)
	}
}

// TestContradictions checks that an import rolls back the batch of a line that contradicts other lines or the database.
func TestContradictions(t *testing.T) {
	t.Parallel()
	s := fill(t, storetest.SQLite(t))
	file := export(t, s.url)
	id := func(record string) string {
		return regexp.MustCompile(`"record":"` + record + `","id":"([^"]*)"`).FindStringSubmatch(string(file))[1]
	}
	cases := map[string]struct {
		edit func(testing.TB, []string) []string
		want string
	}{
		"a reference to nothing": {editFirst("artifactVersion", `"artifactId":"[^"]*"`, `"artifactId":"`+someID+`"`),
			`"artifactId" must be the ID of an object of this project`},
		"the output of a version": {editLast("artifactVersion", `"outputId":"[^"]*"`, `"outputId":"`+id("artifactVersion")+`"`),
			`the file has another artifactVersion with this "outputId"`},
		"an output that is a run": {editFirst("artifactVersion", `"outputId":"[^"]*"`, `"outputId":"`+id("pipelineRun")+`"`),
			`"outputId" must not be the ID of another object`},
		"a step of nothing": {editFirst("stepRun", `"pipelineRunId":"[^"]*"`, `"pipelineRunId":"`+someID+`"`),
			`"pipelineRunId" must be the ID`},
		"a subject of nothing": {editFirst("entry", `"subjectId":"[^"]*"`, `"subjectId":"`+someID+`"`),
			`"subjectId" must be the ID`},
		"a tag of nothing": {editFirst("tagMove", `"artifactVersionId":"[^"]*"`, `"artifactVersionId":"`+someID+`"`),
			`"artifactVersionId" must be the ID`},
		"an artifact name twice": {editFirst("artifact", `"name":"data"`, `"name":"model"`),
			`another artifact with this "name"`},
		"an ID of something else": {editFirst("pipelineRun", `"id":"[^"]*"`, `"id":"`+id("artifact")+`"`),
			`another object of this database`},
		"an entry with the ID of a run": {editFirst("entry", `"id":"[^"]*"`, `"id":"`+id("pipelineRun")+`"`),
			`another object of this database`},
		"a number above the counter": {editFirst("artifact", `"lastNumber":3`, `"lastNumber":2`),
			`must not be greater than "lastNumber"`},
		"a retired number": {editFirst("retiredNumber", `"number":1`, `"number":2`), `has been deleted`},
		"an output saved at another day": {editFirst("stepOutput", `"boundAt":"20..`, `"boundAt":"2001`),
			`"createdAt" is not its "boundAt"`},
		"an output twice": {insertAfter("stepOutput", `"id":"[^"]*"`, `"id":"ffffffff-ae50-7772-bf34-4eda708cc145"`),
			`another stepOutput with this "stepRunId" and "name"`},
		"an input twice": {insertAfter("stepInput", `"position":1`, `"position":2`),
			`another stepInput with this "stepRunId" and "name"`},
		"an entry back in time": {insertAfter("entry", `"id":"[^"]*"(.*)"loggedAt":"20..`,
			`"id":"`+someID+`"$1"loggedAt":"2001`), `"loggedAt" must not be before`},
		"an entry twice": {insertAfter("entry", `x{0}`, ``), `another entry with this "id"`},
		"an output saved and re-used": {editFirst("stepOutput", `("boundAt":"[^"]*")\}`,
			`$1,"reusedSubjectId":"`+someID+`"}`), `or re-uses one`},
		"an event of another artifact": {editFirst("event", `"artifactVersionId":"[^"]*"`,
			`"artifactVersionId":"`+latestVersionID(s, "data")+`"`), `of another project or artifact`},
		"an event twice": {insertAfter("event", `x{0}`, ``), `must be sorted after the line before it`},
		"an alias of another artifact": {editFirst("aliasMove", `"artifactVersionId":"[^"]*"`,
			`"artifactVersionId":"`+latestVersionID(s, "data")+`"`), `of another project or artifact`},
	}
	storetest.Each(t, func(t *testing.T, url string) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				url := storetest.SQLite(t)
				if strings.HasPrefix(t.Name(), "TestContradictions/postgres") {
					url = storetest.Postgres(t)
				}
				_, err := importInto(context.Background(), t, url, withTrailer(t, c.edit(t, lines(file))))
				checkRefused(t, name, err, c.want)
				// The earlier batches do not prevent an import of the original file.
				_, err = importInto(context.Background(), t, url, file)
				if err != nil && !strings.Contains(err.Error(), "the project has another") && name != "a retired number" {
					t.Errorf("the original file afterwards: %v", err)
				}
			})
		}
	})
}

// latestVersionID returns the ID of the latest version of an artifact.
func latestVersionID(s *source, artifact string) string {
	name := &models.ArtifactVersionName{Project: ref(project), Name: artifact, Alias: ref(models.LatestAlias)}
	v, err := s.ArtifactVersion(everyone, models.ArtifactVersionRef{Named: name}, nil)
	return must[*models.ArtifactVersion](s)(v, err).ID.String()
}

// TestConflicts checks that an import refuses a line that contradicts a stored row, and does not change the project.
func TestConflicts(t *testing.T) {
	t.Parallel()
	file := export(t, fill(t, storetest.SQLite(t)).url)
	cases := map[string]struct {
		edit func(testing.TB, []string) []string
		want string
	}{
		"another name of an artifact": {editFirst("artifact", `"name":"model"`, `"name":"other"`),
			`another artifact with this "id"`},
		"another artifact of a name": {editFirst("artifact", `"id":"........`, `"id":"00000000`),
			`another artifact with this "name"`},
		"another pipeline": {editFirst("pipelineRun", `"training"`, `"other"`),
			`another pipelineRun with this "id"`},
		"another step":   {editFirst("stepRun", `"fit"`, `"other"`), `another stepRun with this "id"`},
		"another output": {editFirst("stepOutput", `"saved"`, `"other"`), `another stepOutput with this "id"`},
		"another type": {editFirst("artifactVersion", `"number"`, `"type":"other","number"`),
			`another artifactVersion with this "id"`},
		"another version of a name": {editFirst("artifactVersion", `"id":"........`, `"id":"00000000`),
			`another artifactVersion with this "artifactId" and "version"`},
		"another input": {editFirst("stepInput", `"gone"`, `"other"`),
			`another stepInput with this "stepRunId" and "position"`},
		"another move": {editFirst("aliasMove", `"movedAt":"20..`, `"movedAt":"2001`),
			`another aliasMove at position`},
		"another tag move": {editFirst("tagMove", `"added":true`, `"added":false`), `another tagMove at position`},
		"another value":    {editFirst("entry", `"value":0.5`, `"value":0.25`), `another entry with this "id"`},
		"another reason": {editFirst("entry", `"reason":"typo"`, `"reason":"other"`),
			`another entry with this "id"`},
		"an older entry": {editFirst("entry", `"id":"........`, `"id":"00000000`),
			`"loggedAt" must not be before`},
		"another author": {editFirst("artifactVersion", `"createdBy":"`, `"createdBy":"not `),
			`another artifactVersion with this "id"`},
		"another mover": {editFirst("tagMove", `"movedBy":"`, `"movedBy":"not `), `another tagMove at position`},
		"another re-use": {editFirst("stepOutput", `"reusedSubjectId":"[^"]*"`, `"reusedSubjectId":"`+someID+`"`),
			`another stepOutput with this "id"`},
		"another erased entry": {editFirst("entry", `"key":"secret"`, `"key":"other"`), `another entry with this "id"`},
		"another kind of event": {editFirst("event", `"VERSION_CREATED"`, `"VERSION_DELETED"`),
			`another event with this "id"`},
		"another detail": {editFirst("event", `"version":"`, `"version":"other `), `another event with this "id"`},
		"another audit event": {editFirst("auditEvent", `"description":"`, `"description":"not `),
			`another auditEvent with this "id"`},
	}
	storetest.Each(t, func(t *testing.T, url string) {
		must[transfer.Imported](t)(importInto(context.Background(), t, url, file))
		for name, c := range cases {
			_, err := importInto(context.Background(), t, url, withTrailer(t, c.edit(t, lines(file))))
			checkRefused(t, name, err, c.want)
			if got := export(t, url); !bytes.Equal(got, file) {
				t.Fatalf("%s: the project has changed:\n%s\nwant\n%s", name, got, file)
			}
		}
		// A second project in the database would have the same IDs.
		copied := lines(file)
		copied[0] = strings.Replace(copied[0], `"name":"`+project+`"`, `"name":"copy"`, 1)
		_, err := importInto(context.Background(), t, url, withTrailer(t, copied))
		checkRefused(t, "a copy", err, "another project of this database")
		if got := export(t, url); !bytes.Equal(got, file) {
			t.Fatal("a copy has changed the original")
		}
	})
}
