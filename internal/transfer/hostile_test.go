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
		"another format":      {edit("header", `"placard-project"`, `"other"`), "no file that"},
		"a newer format":      {edit("header", `"formatVersion":1`, `"formatVersion":2`), "newer program"},
		"no version":          {edit("header", `"formatVersion":1,`, ``), "is missing"},
		"no name":             {edit("header", `"name":"[^"]*"`, `"name":" `+secret+`"`), "white space"},
		"header twice":        {func(_ testing.TB, l []string) []string { return slices.Insert(l, 1, l[0]) }, "does not know what record"},
		"unknown record":      {edit("artifact", `"artifact"`, `"`+secret+`"`), "does not know what record"},
		"no record":           {edit("artifact", `"record":"artifact",`, ``), "record is missing"},
		"unknown member":      {edit("artifact", `"name"`, `"`+secret+`":1,"name"`), "does not know"},
		"a key twice":         {edit("artifact", `"name"`, `"name":"`+secret+`","name"`), "is no JSON"},
		"invalid UTF-8":       {edit("artifact", `"name":"`, "\"name\":\"\xff"), "is no JSON"},
		"a surrogate":         {edit("artifact", `"name":"`, `"name":"\ud800`), "is no JSON"},
		"NUL":                 {edit("artifact", `"name":"`, `"name":"\u0000`), "NUL"},
		"an empty line":       {func(_ testing.TB, l []string) []string { return slices.Insert(l, 1, "\n") }, "no JSON object"},
		"two objects":         {edit("artifact", `}\n`, "}{}\n"), "is no JSON"},
		"a list":              {edit("artifact", `.*`, `[1]`), "no JSON object"},
		"a long name":         {edit("artifact", `"name":"`, `"name":"`+strings.Repeat("x", 250)), "250"},
		"a number as name":    {edit("artifact", `"name":"[^"]*"`, `"name":3`), "must be text"},
		"no instant":          {edit("artifact", `"createdAt":"[^"]*"`, `"createdAt":"`+secret+`"`), "instant"},
		"nanoseconds":         {edit("artifact", `Z"`, `9Z"`), "instant"},
		"the future":          {edit("entry", `"loggedAt":"[^"]*"`, `"loggedAt":"`+future+`"`), "future"},
		"no ID":               {edit("artifact", `"id":"[^"]*"`, `"id":"`+secret+`"`), "must be an ID"},
		"a negative number":   {edit("artifact", `"lastNumber":\d+`, `"lastNumber":-1`), "not negative"},
		"a great number":      {edit("artifact", `"lastNumber":\d+`, `"lastNumber":4294967296`), "not negative"},
		"a fraction":          {edit("artifact", `"lastNumber":\d+`, `"lastNumber":1.0`), "not negative"},
		"order of records":    {func(_ testing.TB, l []string) []string { return append(l[:1:1], append(l[2:], l[1])...) }, "stands behind"},
		"order of rows":       {func(_ testing.TB, l []string) []string { l[1], l[2] = l[2], l[1]; return l }, "in its order"},
		"a row twice":         {func(_ testing.TB, l []string) []string { return slices.Insert(l, 1, l[1]) }, "in its order"},
		"a status":            {edit("pipelineRun", `"RUNNING"`, `"`+secret+`"`), "COMPLETED"},
		"an end of a run":     {edit("pipelineRun", `"RUNNING"`, `"FAILED"`), "finishedAt"},
		"version latest":      {edit("artifactVersion", `"version":"[^"]*"`, `"version":"latest"`), "latest"},
		"alias latest":        {edit("aliasMove", `"alias":"[^"]*"`, `"alias":"latest"`), "latest"},
		"name and number":     {edit("artifactVersion", `"version":"[^"]*"`, `"version":"77"`), "another one"},
		"number 0":            {edit("retiredNumber", `"number":\d+`, `"number":0`), "1 or more"},
		"an action":           {edit("auditEvent", `"action":"[^"]*"`, `"action":"PROJECT_IMPORTED"`), "no action"},
		"a kind":              {edit("entry", `"kind":"FLOAT"`, `"kind":"STRING"`), "another kind"},
		"an unknown kind":     {edit("entry", `"kind":"FLOAT"`, `"kind":"`+secret+`"`), "another kind"},
		"no kind":             {edit("entry", `"kind":"FLOAT",`, ``), "kind and a value"},
		"no value":            {edit("entry", `"value":0.5,`, ``), "kind and a value"},
		"a float of infinity": {edit("entry", `"value":0.5`, `"value":1e999`), "too large"},
		"a deep value":        {edit("entry", `"kind":"FLOAT","value":0.5`, `"kind":"LIST","value":`+deep), "at most 32"},
		"a long value":        {edit("entry", `"kind":"FLOAT","value":0.5`, `"kind":"STRING","value":"`+strings.Repeat(secret, 10_000)+`"`), "at most 65536"},
		"a long line":         {edit("entry", `"value":0.5`, `"value":"`+strings.Repeat(secret, 200_000)+`"`), "longer"},
		"a mark":              {edit("entry", `"value":0.5`, `"value":{"$$`+secret+`":1}`), "mark"},
		"a set twice":         {edit("entry", `\{"\$set":\[1,1.0\]\}`, `{"$$set":["`+secret+`","`+secret+`"]}`), "twice"},
		"a key with a dollar": {edit("entry", `"key":"accuracy"`, `"key":"$$`+secret+`"`), "$"},
		"an empty card":       {edit("entry", `"key":"accuracy"`, `"key":"accuracy","card":""`), "empty"},
		"reason of a fact":    {edit("entry", `"value":0.5`, `"value":0.5,"reason":"`+secret+`"`), "reason"},
		"a retracted value":   {edit("entry", `"retracted":true`, `"retracted":true,"value":1`), "retraction has no"},
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
	var refused *bulk.Refused
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
		"a reference to nothing":         {edit("artifactVersion", `"artifactId":"[^"]*"`, `"artifactId":"`+someID+`"`), "artifactId refers to nothing"},
		"an output of nothing":           {edit("artifactVersion", `"outputId":"[^"]*"`, `"outputId":"`+someID+`"`), "outputId refers to nothing"},
		"a step of nothing":              {edit("stepRun", `"pipelineRunId":"[^"]*"`, `"pipelineRunId":"`+someID+`"`), "pipelineRunId refers to nothing"},
		"a subject of nothing":           {edit("entry", `"subjectId":"[^"]*"`, `"subjectId":"`+someID+`"`), "subjectId refers to nothing"},
		"a step run of nothing":          {edit("entry", `"stepRunId":"[^"]*"`, `"stepRunId":"`+someID+`"`), "stepRunId refers to nothing"},
		"a tag of nothing":               {edit("tagMove", `"artifactVersionId":"[^"]*"`, `"artifactVersionId":"`+someID+`"`), "artifactVersionId refers to nothing"},
		"an artifact name twice":         {edit("artifact", `"name":"data"`, `"name":"model"`), "another artifact of this name"},
		"an ID of something else":        {edit("pipelineRun", `"id":"[^"]*"`, `"id":"`+id("artifact")+`"`), "something else in this database"},
		"an entry with the ID of a run":  {edit("entry", `"id":"[^"]*"`, `"id":"`+id("pipelineRun")+`"`), "something else in this database"},
		"a number above the counter":     {edit("artifact", `"lastNumber":3`, `"lastNumber":2`), "greater than lastNumber"},
		"a retired number":               {edit("retiredNumber", `"number":1`, `"number":2`), "has been deleted"},
		"an output saved at another day": {edit("stepOutput", `"boundAt":"20..`, `"boundAt":"2001`), "at another time"},
		"an output twice":                {after("stepOutput", `"id":"[^"]*"`, `"id":"ffffffff-ae50-7772-bf34-4eda708cc145"`), "another output of this name"},
		"an input twice":                 {after("stepInput", `"position":1`, `"position":2`), "another input of this name"},
		"an entry back in time":          {after("entry", `"id":"[^"]*"(.*)"loggedAt":"20..`, `"id":"`+someID+`"$1"loggedAt":"2001`), "logged later"},
		"an entry twice":                 {after("entry", `x{0}`, ``), "stands twice"},
		"an alias of another artifact":   {edit("aliasMove", `"artifactVersionId":"[^"]*"`, `"artifactVersionId":"`+versionOf(s, "data")+`"`), "a version elsewhere"},
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
		"another name of an artifact": {edit("artifact", `"name":"model"`, `"name":"other"`), "another artifact under this id"},
		"another artifact of a name":  {edit("artifact", `"id":"........`, `"id":"00000000`), "another artifact of this name"},
		"another pipeline":            {edit("pipelineRun", `"training"`, `"other"`), "another pipelineRun under this id"},
		"another step":                {edit("stepRun", `"fit"`, `"other"`), "another stepRun under this id"},
		"another output":              {edit("stepOutput", `"saved"`, `"other"`), "another stepOutput under this id"},
		"another type":                {edit("artifactVersion", `"number"`, `"type":"other","number"`), "another artifactVersion under this id"},
		"another version of a name":   {edit("artifactVersion", `"id":"........`, `"id":"00000000`), "another version"},
		"another input":               {edit("stepInput", `"gone"`, `"other"`), "another stepInput under this stepRunId and position"},
		"another move":                {edit("aliasMove", `"movedAt":"20..`, `"movedAt":"2001`), "another aliasMove"},
		"another tag move":            {edit("tagMove", `"added":true`, `"added":false`), "another tagMove"},
		"another value":               {edit("entry", `"value":0.5`, `"value":0.25`), "another entry under this id"},
		"another reason":              {edit("entry", `"reason":"typo"`, `"reason":"other"`), "another entry under this id"},
		"an older entry":              {edit("entry", `"id":"........`, `"id":"00000000`), "logged later"},
		"another event":               {edit("auditEvent", `"subject":"`, `"subject":"not `), "another auditEvent under this id"},
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
