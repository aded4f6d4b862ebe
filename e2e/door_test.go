package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// TestTrustedDocuments checks that a server with a list of documents executes only these, and does not start with an
// invalid list.
func TestTrustedDocuments(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const trusted = "query Version { serverInfo { version } }\n"
	write("version.graphql", trusted)
	s := start(t, freeAddress(t), storetest.SQLite(t), "--trusted-documents="+folder)
	if got := ask(s.addr, trusted, nil); got.err != nil || got.code != "" || got.data["serverInfo"] == nil {
		t.Errorf("a trusted document: %v %s %v", got.err, got.code, got.data)
	}
	if got := ask(s.addr, "{ serverInfo { version } }", nil); got.code != "FORBIDDEN" || got.data != nil {
		t.Errorf("another document: %v %s %v", got.err, got.code, got.data)
	}
	if err := s.stop(t); err != nil || !strings.Contains(s.log.String(), "only trusted documents are executed") {
		t.Errorf("%v: %s", err, s.log)
	}
	for path, want := range map[string]string{
		write("unfit.graphql", "{ nonsense }"): "nonsense",
		write("list.json", `{"a": "b"}`):       "is not the SHA-256",
		filepath.Join(folder, "nothing"):       "no such file",
	} {
		if filepath.Ext(path) == ".graphql" {
			path = folder
		}
		refused := launch(t, freeAddress(t), storetest.SQLite(t), "--trusted-documents="+path)
		if err := refused.exit(t); refused.ProcessState.ExitCode() != 2 || !strings.Contains(refused.log.String(), want) {
			t.Errorf("%s: %v: %s", path, err, refused.log)
		}
	}
}

// TestDoor checks compression, and the request ID in the response and in the log.
func TestDoor(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t), "--log-level=debug", "--log-format=json")
	ids := map[string]bool{}
	for _, packed := range []bool{true, false} {
		r, err := http.NewRequest(http.MethodGet, "http://"+s.addr+"/graphql?query=%7B__schema%7Btypes%7Bname%20description%7D%7D%7D", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Request-Id", "mine")
		if !packed {
			r.Header.Set("Accept-Encoding", "identity")
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.Uncompressed != packed || !json.Valid(body) || len(body) < 10_000 {
			t.Errorf("packed %t: %v %v, %d bytes", packed, err, response.Header, len(body))
		}
		ids[response.Header.Get("X-Request-Id")] = true
	}
	if err := s.stop(t); err != nil {
		t.Fatal(err)
	}
	for id := range ids {
		if !strings.Contains(s.log.String(), `"requestId":"`+id+`"`) || id == "mine" || id == "" {
			t.Errorf("the log lacks %q:\n%s", id, s.log)
		}
	}
}
