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

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
	"github.com/placard/placard/models"
)

// secret stands in values of files that are refused: no message may repeat it.
const secret = "hunter2"

// edit changes the first line of a record by a regular expression.
func edit(record, from, to string) func(t testing.TB, lines []string) []string {
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

// editLast changes the last line of a record that has what a regular expression says: its IDs may grow.
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

// after puts a line behind the last one of a record, made of that by a regular expression.
func after(record, from, to string) func(t testing.TB, lines []string) []string {
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

// TestHostileFiles: what the API would not take is refused with its line, although the sums are right, and nothing is
// written by a file of which any line is so.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	future := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z")
	deep := strings.Repeat("[", 40) + `"` + secret + `"` + strings.Repeat("]", 40)
	cases := map[string]struct {
		edit func(testing.TB, []string) []string
		want string
	}{
		"another format":      {edit("header", `"placard-project"`, `"other"`), `is not the first line of a file`},
		"a newer format":      {edit("header", `"formatVersion":1`, `"formatVersion":2`), "newer program"},
		"no version":          {edit("header", `"formatVersion":1,`, ``), `"formatVersion" is missing`},
		"no name":             {edit("header", `"name":"[^"]*"`, `"name":" `+secret+`"`), `"name" must not begin or end with white space`},
		"header twice":        {func(_ testing.TB, l []string) []string { return slices.Insert(l, 1, l[0]) }, `"record" is not known`},
		"unknown record":      {edit("artifact", `"artifact"`, `"`+secret+`"`), `"record" is not known`},
		"no record":           {edit("artifact", `"record":"artifact",`, ``), `"record" must be a string`},
		"unknown member":      {edit("artifact", `"name"`, `"`+secret+`":1,"name"`), `has only the members "id", "name"`},
		"a key twice":         {edit("artifact", `"name"`, `"name":"`+secret+`","name"`), `without duplicate keys`},
		"invalid UTF-8":       {edit("artifact", `"name":"`, "\"name\":\"\xff"), `must be a JSON object in UTF-8`},
		"a surrogate":         {edit("artifact", `"name":"`, `"name":"\ud800`), `unpaired surrogates`},
		"NUL":                 {edit("artifact", `"name":"`, `"name":"\u0000`), "NUL"},
		"an empty line":       {func(_ testing.TB, l []string) []string { return slices.Insert(l, 1, "\n") }, `must be a JSON object`},
		"two objects":         {edit("artifact", `}\n`, "}{}\n"), `must be a JSON object`},
		"a list":              {edit("artifact", `.*`, `[1]`), `must be a JSON object`},
		"a long name":         {edit("artifact", `"name":"`, `"name":"`+strings.Repeat("x", 250)), "250"},
		"a number as name":    {edit("artifact", `"name":"[^"]*"`, `"name":3`), `"name" must be a string`},
		"no instant":          {edit("artifact", `"createdAt":"[^"]*"`, `"createdAt":"`+secret+`"`), `"createdAt" must be an instant`},
		"nanoseconds":         {edit("artifact", `Z"`, `9Z"`), "instant"},
		"the future":          {edit("entry", `"loggedAt":"[^"]*"`, `"loggedAt":"`+future+`"`), `"loggedAt" must not be in the future`},
		"no ID":               {edit("artifact", `"id":"[^"]*"`, `"id":"`+secret+`"`), `"id" must be an ID`},
		"a negative number":   {edit("artifact", `"lastNumber":\d+`, `"lastNumber":-1`), `"lastNumber" must be an integer from 0`},
		"a great number":      {edit("artifact", `"lastNumber":\d+`, `"lastNumber":4294967296`), `integer from 0 to 2147483647`},
		"a fraction":          {edit("artifact", `"lastNumber":\d+`, `"lastNumber":1.0`), `must be an integer`},
		"order of records":    {func(_ testing.TB, l []string) []string { return append(l[:1:1], append(l[2:], l[1])...) }, `must not follow a record`},
		"order of rows":       {func(_ testing.TB, l []string) []string { l[1], l[2] = l[2], l[1]; return l }, `must be sorted`},
		"a row twice":         {func(_ testing.TB, l []string) []string { return slices.Insert(l, 1, l[1]) }, `must be sorted`},
		"a status":            {edit("pipelineRun", `"RUNNING"`, `"`+secret+`"`), `"status" must be one of RUNNING, COMPLETED`},
		"an end of a run":     {edit("pipelineRun", `"RUNNING"`, `"FAILED"`), "finishedAt"},
		"version latest":      {edit("artifactVersion", `"version":"[^"]*"`, `"version":"latest"`), "latest"},
		"alias latest":        {edit("aliasMove", `"alias":"[^"]*"`, `"alias":"latest"`), "latest"},
		"name and number":     {edit("artifactVersion", `"version":"[^"]*"`, `"version":"77"`), `"version" and "number" must be equal`},
		"number 0":            {edit("retiredNumber", `"number":\d+`, `"number":0`), `"number" must be an integer from 1`},
		"an action":           {edit("auditEvent", `"action":"[^"]*"`, `"action":"PROJECT_IMPORTED"`), `"action" must be one of`},
		"a kind":              {edit("entry", `"kind":"FLOAT"`, `"kind":"STRING"`), `"kind" must be the kind of "value"`},
		"an unknown kind":     {edit("entry", `"kind":"FLOAT"`, `"kind":"`+secret+`"`), `"kind" must be the kind of "value"`},
		"no kind":             {edit("entry", `"kind":"FLOAT",`, ``), `must have "kind" and "value"`},
		"no value":            {edit("entry", `"value":0.5,`, ``), `must have "kind" and "value"`},
		"a float of infinity": {edit("entry", `"value":0.5`, `"value":1e999`), "too large"},
		"a deep value":        {edit("entry", `"kind":"FLOAT","value":0.5`, `"kind":"LIST","value":`+deep), "at most 32"},
		"a long value":        {edit("entry", `"kind":"FLOAT","value":0.5`, `"kind":"STRING","value":"`+strings.Repeat(secret, 10_000)+`"`), "at most 65536"},
		"a long line":         {edit("entry", `"value":0.5`, `"value":"`+strings.Repeat(secret, 200_000)+`"`), "longer"},
		"a mark":              {edit("entry", `"value":0.5`, `"value":{"$$`+secret+`":1}`), "mark"},
		"a set twice":         {edit("entry", `\{"\$set":\[1,1.0\]\}`, `{"$$set":["`+secret+`","`+secret+`"]}`), "must not repeat a member"},
		"a key with a dollar": {edit("entry", `"key":"accuracy"`, `"key":"$$`+secret+`"`), "$"},
		"an empty card":       {edit("entry", `"key":"accuracy"`, `"key":"accuracy","card":""`), "empty"},
		"reason of a fact":    {edit("entry", `"value":0.5`, `"value":0.5,"reason":"`+secret+`"`), `only a retraction may have "reason"`},
		"a retracted value":   {edit("entry", `"retracted":true`, `"retracted":true,"value":1`), `must not have "kind" and "value"`},
		"counts":              {func(_ testing.TB, l []string) []string { return l }, "damaged"},
	}
	file := export(t, fill(t, storetest.SQLite(t)).url)
	url := storetest.SQLite(t)
	for name, c := range cases {
		made := forged(t, c.edit(t, lines(file)))
		if name == "counts" {
			made = bytes.Replace(made, []byte(`"stepRun":1`), []byte(`"stepRun":2`), 1)
		}
		_, err := importInto(context.Background(), t, url, made)
		checkRefused(t, name, err, c.want)
	}
	if tables := must[store.Tables](t)(store.ReadTables(context.Background(), url)); tables.Stored != 0 {
		t.Error("there is a database")
	}
	must[transfer.Imported](t)(importInto(context.Background(), t, url, forged(t, lines(file)))) // the control
}

func checkRefused(t *testing.T, name string, err error, want string) {
	t.Helper()
	var refused *bulk.RowError
	if !errors.As(err, &refused) || !strings.Contains(refused.Text, want) || refused.Line < 1 {
		t.Errorf("%s: %v, without %q", name, err, want)
	} else if text := err.Error(); strings.Contains(text, secret) || !strings.Contains(text, fmt.Sprintf("line %d: ", refused.Line)) {
		t.Errorf("%s: %s", name, text)
	}
}

// TestContradictions: a file that only the database can refuse leaves nothing of the batch, and nothing in other projects.
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
		"a reference to nothing":         {edit("artifactVersion", `"artifactId":"[^"]*"`, `"artifactId":"`+someID+`"`), `"artifactId" must be the ID of an object of this project`},
		"an output of nothing":           {edit("artifactVersion", `"outputId":"[^"]*"`, `"outputId":"`+someID+`"`), `"outputId" must be the ID`},
		"a step of nothing":              {edit("stepRun", `"pipelineRunId":"[^"]*"`, `"pipelineRunId":"`+someID+`"`), `"pipelineRunId" must be the ID`},
		"a subject of nothing":           {edit("entry", `"subjectId":"[^"]*"`, `"subjectId":"`+someID+`"`), `"subjectId" must be the ID`},
		"a step run of nothing":          {edit("entry", `"stepRunId":"[^"]*"`, `"stepRunId":"`+someID+`"`), `"stepRunId" must be the ID`},
		"a tag of nothing":               {edit("tagMove", `"artifactVersionId":"[^"]*"`, `"artifactVersionId":"`+someID+`"`), `"artifactVersionId" must be the ID`},
		"an artifact name twice":         {edit("artifact", `"name":"data"`, `"name":"model"`), `another artifact with this "name"`},
		"an ID of something else":        {edit("pipelineRun", `"id":"[^"]*"`, `"id":"`+id("artifact")+`"`), `another object of this database`},
		"an entry with the ID of a run":  {edit("entry", `"id":"[^"]*"`, `"id":"`+id("pipelineRun")+`"`), `another object of this database`},
		"a number above the counter":     {edit("artifact", `"lastNumber":3`, `"lastNumber":2`), `must not be greater than "lastNumber"`},
		"a retired number":               {edit("retiredNumber", `"number":1`, `"number":2`), `has been deleted`},
		"an output saved at another day": {edit("stepOutput", `"boundAt":"20..`, `"boundAt":"2001`), `"createdAt" is not its "boundAt"`},
		"an output twice":                {after("stepOutput", `"id":"[^"]*"`, `"id":"ffffffff-ae50-7772-bf34-4eda708cc145"`), `another stepOutput with this "stepRunId" and "name"`},
		"an input twice":                 {after("stepInput", `"position":1`, `"position":2`), `another stepInput with this "stepRunId" and "name"`},
		"an entry back in time":          {after("entry", `"id":"[^"]*"(.*)"loggedAt":"20..`, `"id":"`+someID+`"$1"loggedAt":"2001`), `"loggedAt" must not be before`},
		"an entry twice":                 {after("entry", `x{0}`, ``), `another entry with this "id"`},
		"an alias of another artifact":   {edit("aliasMove", `"artifactVersionId":"[^"]*"`, `"artifactVersionId":"`+versionOf(s, "data")+`"`), `of another project or artifact`},
	}
	storetest.Each(t, func(t *testing.T, url string) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				url := storetest.SQLite(t)
				if strings.HasPrefix(t.Name(), "TestContradictions/postgres") {
					url = storetest.Postgres(t)
				}
				_, err := importInto(context.Background(), t, url, forged(t, c.edit(t, lines(file))))
				checkRefused(t, name, err, c.want)
				// What was written before stands in nobody's way.
				if _, err := importInto(context.Background(), t, url, file); err != nil && !strings.Contains(err.Error(), "the project has another") && name != "a retired number" {
					t.Errorf("the whole file afterwards: %v", err)
				}
			})
		}
	})
}

// versionOf is the ID of a version of an artifact that is not model: the first by alias best.
func versionOf(s *source, artifact string) string {
	v, err := s.ArtifactVersion(everyone, models.ArtifactVersionRef{Named: &models.ArtifactVersionName{Project: ref(project), Name: artifact, Alias: ref(models.LatestAlias)}}, nil)
	return must[*models.ArtifactVersion](s)(v, err).ID.String()
}

// TestConflicts: where the target has something else, the import is refused and the target stays as it was.
func TestConflicts(t *testing.T) {
	t.Parallel()
	file := export(t, fill(t, storetest.SQLite(t)).url)
	cases := map[string]struct {
		edit func(testing.TB, []string) []string
		want string
	}{
		"another name of an artifact": {edit("artifact", `"name":"model"`, `"name":"other"`), `another artifact with this "id"`},
		"another artifact of a name":  {edit("artifact", `"id":"........`, `"id":"00000000`), `another artifact with this "name"`},
		"another pipeline":            {edit("pipelineRun", `"training"`, `"other"`), `another pipelineRun with this "id"`},
		"another step":                {edit("stepRun", `"fit"`, `"other"`), `another stepRun with this "id"`},
		"another output":              {edit("stepOutput", `"saved"`, `"other"`), `another stepOutput with this "id"`},
		"another type":                {edit("artifactVersion", `"number"`, `"type":"other","number"`), `another artifactVersion with this "id"`},
		"another version of a name":   {edit("artifactVersion", `"id":"........`, `"id":"00000000`), `another artifactVersion with this "artifactId" and "version"`},
		"another input":               {edit("stepInput", `"gone"`, `"other"`), `another stepInput with this "stepRunId" and "position"`},
		"another move":                {edit("aliasMove", `"movedAt":"20..`, `"movedAt":"2001`), `another aliasMove at position`},
		"another tag move":            {edit("tagMove", `"added":true`, `"added":false`), `another tagMove at position`},
		"another value":               {edit("entry", `"value":0.5`, `"value":0.25`), `another entry with this "id"`},
		"another reason":              {edit("entry", `"reason":"typo"`, `"reason":"other"`), `another entry with this "id"`},
		"an older entry":              {edit("entry", `"id":"........`, `"id":"00000000`), `"loggedAt" must not be before`},
		"another event":               {edit("auditEvent", `"subject":"`, `"subject":"not `), `another auditEvent with this "id"`},
	}
	storetest.Each(t, func(t *testing.T, url string) {
		must[transfer.Imported](t)(importInto(context.Background(), t, url, file))
		for name, c := range cases {
			_, err := importInto(context.Background(), t, url, forged(t, c.edit(t, lines(file))))
			checkRefused(t, name, err, c.want)
			if got := export(t, url); !bytes.Equal(got, file) {
				t.Fatalf("%s: the project is not as it was:\n%s\nwant\n%s", name, got, file)
			}
		}
		// A copy beside the original would have the same IDs twice.
		copied := lines(file)
		copied[0] = strings.Replace(copied[0], `"name":"`+project+`"`, `"name":"copy"`, 1)
		_, err := importInto(context.Background(), t, url, forged(t, copied))
		checkRefused(t, "a copy", err, "another project of this database")
		if got := export(t, url); !bytes.Equal(got, file) {
			t.Fatal("a copy has changed the original")
		}
	})
}
