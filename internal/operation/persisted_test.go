package operation

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestQueryCache checks that queries are found by their hashes, and that too long ones are not stored.
func TestQueryCache(t *testing.T) {
	t.Parallel()
	e := newExecutor(t)
	for length, want := range map[int]bool{0: true, 1: true, maxQueryBytes: true, maxQueryBytes + 1: false} {
		text := strings.Repeat("x", length)
		e.cacheQuery(&Request{Query: text, hash: Hash(text), hasQuery: true})
		if got, kept := e.queries.Get(Hash(text)); kept != want || kept && got != text {
			t.Errorf("%d bytes are kept: %t", length, kept)
		}
	}
}

func TestIsHash(t *testing.T) {
	t.Parallel()
	good := Hash("{ __typename }")
	for text, want := range map[string]bool{
		good: true, "": false, good[1:]: false, good + "0": false, strings.ToUpper(good): false, "g" + good[1:]: false,
	} {
		if isHash(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

func TestReadTrustedDocuments(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, two := "{ __typename }", "query A { __typename }\n"
	write("folder/one.graphql", one)
	write("folder/below/two.graphql", two)
	write("folder/readme.txt", "nothing")
	write("empty/readme.txt", "nothing")
	list := fmt.Sprintf(`{%q: %q, %q: %q}`, Hash(one), one, Hash(two), two)
	for _, path := range []string{filepath.Join(folder, "folder"), write("list.json", list)} {
		got, err := ReadTrustedDocuments(path, nil)
		if err != nil || len(got) != 2 || got[Hash(one)] != one || got[Hash(two)] != two {
			t.Errorf("%s: %v (%v)", path, got, err)
		}
	}
	for path, want := range map[string]string{
		filepath.Join(folder, "nothing"):                                              "no such file",
		filepath.Join(folder, "empty"):                                                "no document",
		write("none.json", "{}"):                                                      "no document",
		write("text.json", "x"):                                                       "JSON object",
		write("number.json", `{"a": 1}`):                                              "JSON object",
		write("other.json", fmt.Sprintf(`{%q: %q}`, Hash(one), two)):                  "not the SHA-256",
		write("upper.json", fmt.Sprintf(`{%q: %q}`, strings.ToUpper(Hash(one)), one)): "not the SHA-256",
	} {
		if got, err := ReadTrustedDocuments(path, nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v (%v)", path, got, err)
		}
	}
}
