package workload

import (
	"fmt"
	"strings"
	"testing"
)

// response returns a response with two versions, the second first, in a selection.
func response(d Dataset, selection Selection) string {
	nodes := []string{}
	for _, n := range []int{1, 0} {
		var text string
		if selection == JSON {
			text = `"metadataJson":` + plainMetadata(d.facts(n))
		} else {
			text = `"metadata":[` + typedMetadata(d.facts(n)) + `]`
		}
		nodes = append(nodes, fmt.Sprintf(`{"version":"%d",%s}`, n+1, text))
	}
	return `{"data":{"artifact":{"versions":{"nodes":[` + strings.Join(nodes, ",") + `]}}}}`
}

// plainMetadata returns facts as metadataJson.
func plainMetadata(facts []fact) string {
	plain := make([]fact, len(facts))
	for i, f := range facts {
		plain[i], plain[i].logged = f, f.plain
	}
	return metadata(plain)
}

// typedMetadata returns facts as entries. Each has one field of its value.
func typedMetadata(facts []fact) string {
	entries := make([]string, len(facts))
	for i, f := range facts {
		card := "null"
		if f.card != "" {
			card = `"` + f.card + `"`
		}
		payload := f.plain
		if f.kind == "INTEGER" || f.kind == "STORAGE_SIZE" {
			payload = `"` + payload + `"`
		}
		entries[i] = fmt.Sprintf(`{"key":%q,"card":%s,"kind":%q,"value":{"__typename":"X","repr":"r","payload":%s}}`, f.key, card, f.kind, payload)
	}
	return strings.Join(entries, ",")
}

func TestCheckVersions(t *testing.T) {
	t.Parallel()
	d := Dataset{Shape: Plain, Artifacts: 1}
	for _, selection := range []Selection{JSON, Typed} {
		right := response(d, selection)
		if err := d.checkVersions([]byte(right), []int{1, 0}); err != nil {
			t.Errorf("%s: %v", selection, err)
		}
		if err := d.checkVersions([]byte(right), []int{0, 1}); err == nil {
			t.Errorf("%s: no error for another order", selection)
		}
		if err := d.checkVersions([]byte(right), []int{1}); err == nil {
			t.Errorf("%s: no error for another number of versions", selection)
		}
		for old, wrong := range map[string]string{"value 1001 of": "value 1002 of", "key_013": "key_999", "s3://lake/models/00001006": "s3://"} {
			broken := strings.Replace(right, old, wrong, 1)
			if broken == right {
				t.Fatalf("%s: the response does not contain %q", selection, old)
			}
			if err := d.checkVersions([]byte(broken), []int{1, 0}); err == nil {
				t.Errorf("%s: no error for %q instead of %q", selection, wrong, old)
			}
		}
	}
}

func TestPayloadOfLists(t *testing.T) {
	t.Parallel()
	if !sameValue(`[["1", 2]]`, `[[1,2]]`) || sameValue(`[1]`, `[2]`) || sameValue(`[1`, `[1`) {
		t.Error("sameValue compares wrongly")
	}
}

func TestWithoutGeneration(t *testing.T) {
	t.Parallel()
	body := `[{"key":"a","value":{"integer":"1"}},{"key":"generation","card":null,"value":{"integer":"700"}}],[{"key":"b"}]`
	if got, want := string(withoutGeneration([]byte(body))), `[{"key":"a","value":{"integer":"1"}}],[{"key":"b"}]`; got != want {
		t.Errorf("withoutGeneration returns %s, want %s", got, want)
	}
}
