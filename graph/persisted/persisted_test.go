package persisted

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestTextsAreBounded: by number, by bytes together, and by bytes of one; what is used stays.
func TestTextsAreBounded(t *testing.T) {
	t.Parallel()
	texts := NewTexts()
	add := func(text string) string {
		texts.Add(Hash(text), text)
		return Hash(text)
	}
	used := add("used")
	for i := range 3 * MaxTexts {
		add(fmt.Sprint("text ", i))
		if text, ok := texts.Get(used); !ok || text != "used" {
			t.Fatalf("a text that is used is gone after %d others", i)
		}
	}
	if n := texts.lru.Len(); n != MaxTexts {
		t.Errorf("%d texts are kept", n)
	}
	if _, ok := texts.Get(Hash("text 0")); ok {
		t.Error("the oldest text is still there")
	}
	for i := range 2 * MaxBytes / MaxTextBytes {
		add(strings.Repeat(string(rune('a'+i%26)), MaxTextBytes-i))
		if texts.bytes > MaxBytes {
			t.Fatalf("%d bytes are kept", texts.bytes)
		}
	}
	kept := 0
	for _, text := range texts.lru.Values() {
		kept += len(text)
	}
	if kept != texts.bytes || kept < MaxBytes/2 {
		t.Errorf("%d bytes are kept, %d are counted", kept, texts.bytes)
	}
	if hash := add(strings.Repeat("x", MaxTextBytes+1)); has(texts, hash) {
		t.Error("a text that is too long is kept")
	}
}

func has(texts *Texts, hash string) bool {
	_, ok := texts.Get(hash)
	return ok
}

// TestTextsOfMany: many may use it at once, and a text twice counts once.
func TestTextsOfMany(t *testing.T) {
	t.Parallel()
	texts := NewTexts()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 500 {
				text := fmt.Sprint(i)
				texts.Add(Hash(text), text)
				if got, ok := texts.Get(Hash(text)); !ok || got != text {
					t.Errorf("%q became %q", text, got)
				}
			}
		})
	}
	group.Wait()
	if texts.lru.Len() != 500 || texts.bytes != 10+2*90+3*400 {
		t.Errorf("%d texts, %d bytes", texts.lru.Len(), texts.bytes)
	}
}

func TestIsHash(t *testing.T) {
	t.Parallel()
	good := Hash("{ __typename }")
	for text, want := range map[string]bool{
		good: true, "": false, good[1:]: false, good + "0": false, strings.ToUpper(good): false, "g" + good[1:]: false,
	} {
		if IsHash(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

func TestReadTrusted(t *testing.T) {
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
		got, err := ReadTrusted(path)
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
		if got, err := ReadTrusted(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v (%v)", path, got, err)
		}
	}
}
