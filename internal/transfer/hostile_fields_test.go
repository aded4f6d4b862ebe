package transfer_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
)

// TestHostileFields checks that an import refuses faults in the members of version 2 of the format before it writes.
func TestHostileFields(t *testing.T) {
	t.Parallel()
	future := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z")
	long := strings.Repeat("x", 251)
	details := func(members string) func(testing.TB, []string) []string {
		return editFirst("event", `"details":\{.*\}\}`, `"details":{`+members+`}}`)
	}
	cases := map[string]struct {
		edit func(testing.TB, []string) []string
		want string
	}{
		"a long description": {editFirst("header", `"description":"`, `"description":"`+strings.Repeat("x", 10_000)), "10000"},
		"an empty description": {editFirst("artifact", `"description":"[^"]*"`, `"description":""`),
			`"description" must not be empty`},
		"a description with NUL": {editFirst("artifactVersion", `"description":"`, `"description":"\u0000`), "NUL"},
		"a description with a surrogate": {editFirst("artifactVersion", `"description":"`, `"description":"\udc00`),
			"unpaired surrogates"},
		"a description of null": {editFirst("artifact", `"description":"[^"]*"`, `"description":null`), "must be a string"},
		"a long author":         {editFirst("pipelineRun", `"createdBy":"`, `"createdBy":"`+long), "250"},
		"an author of a step":   {editFirst("stepRun", `"createdBy":"`, `"createdBy":" `), "white space"},
		"an author of a move":   {editFirst("aliasMove", `"movedBy":"[^"]*"`, `"movedBy":""`), "must not be empty"},
		"an author with a surrogate": {editFirst("tagMove", `"movedBy":"`, `"movedBy":"\ud800`),
			"unpaired surrogates"},
		"a change in the future": {editFirst("artifact", `"updatedAt":"[^"]*"`, `"updatedAt":"`+future+`"`), "in the future"},
		"no change":              {editFirst("artifact", `"updatedAt":"[^"]*",`, ``), `"updatedAt" is missing`},
		"a change of a run":      {editFirst("pipelineRun", `"updatedAt":"[^"]*"`, `"updatedAt":3`), "must be an instant"},
		"a re-use of text":       {editFirst("stepOutput", `"reusedSubjectId":"[^"]*"`, `"reusedSubjectId":"`+secret+`"`), "must be an ID"},
		"a re-use without time": {editFirst("stepOutput", `"boundAt":"[^"]*","reused`, `"reused`),
			`"boundAt" must be present`},
		"a re-use of itself": {editFirst("stepOutput", `"id":"([^"]*)"(.*)"reusedSubjectId":"[^"]*"`,
			`"id":"$1"$2"reusedSubjectId":"$1"`), "must not be the ID of the output"},
		"an erased value":    {editFirst("entry", `}\n`, `,"erased":true}`+"\n"), "an erased entry must not have"},
		"an erased reason":   {editFirst("entry", `"erased":true`, `"erased":true,"reason":"`+secret+`"`), "an erased entry must not"},
		"erased text":        {editFirst("entry", `"erased":true`, `"erased":"`+secret+`"`), "must be true or false"},
		"no value":           {editFirst("entry", `"erased":true`, `"erased":false`), `must have "kind" and "value"`},
		"an erased long key": {editLast("entry", `"key":"[^"]*"(.*)"erased"`, `"key":"`+long+`"$1"erased"`), "250"},
		"a kind":             {editFirst("event", `"kind":"[^"]*"`, `"kind":"`+secret+`"`), `"kind" must be one of VERSION_CREATED`},
		"no kind":            {editFirst("event", `"kind":"[^"]*",`, ``), `"kind" is missing`},
		"an author of an event": {editFirst("event", `"createdBy":"[^"]*"`, `"createdBy":"`+long+`"`),
			"250"},
		"a time":                    {editFirst("event", `"createdAt":"[^"]*"`, `"createdAt":"`+future+`"`), "in the future"},
		"a version":                 {editFirst("event", `"artifactVersionId":"[^"]*"`, `"artifactVersionId":"`+secret+`"`), "must be an ID"},
		"no details":                {editFirst("event", `,"details":\{.*\}\}`, `}`), `"details" is missing`},
		"details of text":           {editFirst("event", `"details":\{.*\}\}`, `"details":"{}"}`), "must be an object"},
		"an unknown detail":         {details(`"` + secret + `":1`), `"details" has only the members`},
		"a detail twice":            {details(`"alias":"a","alias":"a"`), "duplicate keys"},
		"a long alias":              {details(`"alias":"` + long + `"`), "250"},
		"an empty artifact":         {details(`"artifact":""`), `"artifact" must not be empty`},
		"a version of number":       {details(`"version":1`), `"version" must be a string`},
		"a pipeline with NUL":       {details(`"pipeline":"\u0000"`), "NUL"},
		"a surrogate in a tag":      {details(`"tags":["\ud800"]`), "unpaired surrogates"},
		"no tags":                   {details(`"tags":[]`), "1 to 100"},
		"many tags":                 {details(`"tags":["a"` + strings.Repeat(`,"a"`, 100) + `]`), "1 to 100"},
		"a long tag":                {details(`"tags":["` + long + `"]`), "250"},
		"a number of zero":          {details(`"number":0`), `"number" must be an integer`},
		"a large number":            {details(`"number":2147483648`), `"number" must be an integer`},
		"half an entry":             {details(`"entries":0.5`), `"entries" must be an integer`},
		"a status of an event":      {details(`"status":"` + secret + `"`), `"status" must be one of`},
		"a long reason":             {details(`"reason":"` + strings.Repeat("x", 1001) + `"`), "1000"},
		"a reason of null":          {details(`"reason":null`), `"reason" must be a string`},
		"many keys":                 {details(`"keys":[{"key":"a"}` + strings.Repeat(`,{"key":"a"}`, 100) + `]`), "1 to 100"},
		"a key of text":             {details(`"keys":["` + secret + `"]`), `"keys" must have objects`},
		"a key with another member": {details(`"keys":[{"key":"a","` + secret + `":1}]`), `"keys" must have objects`},
		"a key without a key":       {details(`"keys":[{"card":"a"}]`), `"keys" must have objects`},
		"a card of number":          {details(`"keys":[{"key":"a","card":1}]`), `"keys" must have objects`},
		"an empty card of a key":    {details(`"keys":[{"key":"a","card":""}]`), "empty"},
		"a long key":                {details(`"keys":[{"key":"` + long + `"}]`), "250"},
	}
	file := export(t, fill(t, storetest.SQLite(t)).url)
	url := storetest.SQLite(t)
	for name, c := range cases {
		_, err := importInto(context.Background(), t, url, withTrailer(t, c.edit(t, lines(file))))
		checkRefused(t, name, err, c.want)
	}
	must[transfer.Imported](t)(importInto(context.Background(), t, url, withTrailer(t, lines(file)))) // control
}
