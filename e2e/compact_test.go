//go:build integration

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// secrets is the number of different values that the tests erase.
const secrets = 399

// secret returns the text of a value. Some values fill several pages.
func secret(i int) string {
	text := fmt.Sprintf("secret-%04d-ann@example.org", i)
	if i%20 == 0 {
		text += strings.Repeat(" and more", 1000)
	}
	return text
}

// logSecrets logs secrets between other values and replaces the first ones by later ones. It returns the IDs of their
// entries.
func logSecrets(t *testing.T, addr string) (ids []string) {
	t.Helper()
	for i := range secrets {
		answer := ask(addr, `mutation($m: JSONObject!, $n: JSONObject!, $a: String!) {
			v: createArtifactVersion(input: {artifact: $a, metadata: $m}) { artifactVersion { id metadataEntry(key: "mail") { id } } }
			w: createArtifactVersion(input: {artifact: $a, metadata: $n}) { artifactVersion { id } } }`, map[string]any{
			"a": fmt.Sprint("model ", i%7),
			"m": map[string]any{"mail": secret(i), "n": i}, "n": map[string]any{"mail": fmt.Sprint("kept ", i), "other": strings.Repeat("x", i)}})
		if answer.err != nil || answer.code != "" {
			t.Fatalf("log: %+v", answer)
		}
		version := answer.data["v"].(map[string]any)["artifactVersion"].(map[string]any)
		ids = append(ids, version["metadataEntry"].(map[string]any)["id"].(string))
	}
	return ids
}

// logTwice logs a key and a later value of it, and returns the ID of the later entry.
func logTwice(t *testing.T, addr string) string {
	t.Helper()
	answer := ask(addr, `mutation {
		a: createArtifactVersion(input: {artifact: "twice", metadata: {twice: "earlier"}}) { deduplicated }
		b: logMetadata(input: {target: {artifactVersion: {name: "twice", version: "1"}}, metadata: {twice: "secret-0000"}}) { entries { id } } }`, nil)
	if answer.err != nil || answer.code != "" {
		t.Fatalf("log: %+v", answer)
	}
	return answer.data["b"].(map[string]any)["entries"].([]any)[0].(map[string]any)["id"].(string)
}

// checkMoved checks that an earlier value of an erased key does not come back in another database.
func checkMoved(t *testing.T, database string) {
	t.Helper()
	file, moved := filepath.Join(t.TempDir(), "after.jsonl"), storetest.SQLite(t)
	expect(t, database, 0, "exported project", "export", file)
	expect(t, moved, 0, "", "import", file)
	db, err := sql.Open("sqlite", strings.TrimPrefix(moved, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var kind sql.NullString
	if err := db.QueryRow("SELECT kind FROM metadata_latest WHERE key = 'twice'").Scan(&kind); err != nil || kind.Valid {
		t.Errorf("an earlier value came back after an import: %v (%v)", kind, err)
	}
}

func eraseSecrets(t *testing.T, addr string, ids []string) {
	t.Helper()
	answer := ask(addr, `mutation($ids: [ID!]!) { eraseMetadata(input: {entryIds: $ids}) { entries { erased } } }`,
		map[string]any{"ids": ids})
	if answer.err != nil || answer.code != "" {
		t.Fatalf("erase: %+v", answer)
	}
}

// readable returns how many of the secrets files contain.
func readable(t *testing.T, paths ...string) (found int) {
	t.Helper()
	var all []byte
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	for i := range secrets {
		if bytes.Contains(all, []byte(secret(i)[:len("secret-0000")])) {
			found++
		}
	}
	return found
}

// TestCompactSQLite checks that erased values leave the write-ahead log at once, and all files with placard compact,
// which refuses a file that a server uses and keeps its mode.
func TestCompactSQLite(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	path := strings.TrimPrefix(database, "sqlite:")
	s := start(t, freeAddress(t), database)
	ids := append(logSecrets(t, s.addr), logTwice(t, s.addr))
	if found := readable(t, path, path+"-wal"); found != secrets {
		t.Fatalf("control: the files contain %d of %d values", found, secrets)
	}
	export := filepath.Join(t.TempDir(), "before.jsonl")
	expect(t, database, 0, "exported project", "export", export)
	eraseSecrets(t, s.addr, ids)
	if found := readable(t, path+"-wal"); found > 0 {
		t.Errorf("the write-ahead log contains %d values after the erasure", found)
	}
	t.Logf("the file contains %d of %d values before placard compact", readable(t, path), secrets)
	if exported := exportProject(t, database, "default"); bytes.Contains(exported, []byte("secret-")) ||
		!bytes.Contains(exported, []byte("kept 1")) {
		t.Error("the export contains an erased value, or nothing")
	}
	checkMoved(t, database)
	expect(t, database, 1, "another process", "compact")
	if err := s.stop(t); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	expect(t, database, 0, "bytes before", "compact")
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	if found := readable(t, files...); found > 0 {
		t.Errorf("%q contain %d values after placard compact", files, found)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file has the mode %v (%v)", info.Mode(), err)
	}
	expect(t, database, 0, "", "import", export)
	if found := readable(t, path); found > 0 {
		t.Errorf("an import of the file of before restored %d values", found)
	}
	expect(t, storetest.SQLite(t), 3, "migrate up", "compact")
}

// TestCompactPostgres checks that the files of the tables contain erased values until placard compact, which works
// while a server runs.
func TestCompactPostgres(t *testing.T) {
	t.Parallel()
	database := storetest.Postgres(t)
	s := start(t, freeAddress(t), database)
	ids := logSecrets(t, s.addr)
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	files := func() []string {
		t.Helper()
		var folder string
		if err := db.QueryRow(`SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database
			WHERE datname = current_database()`).Scan(&folder); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("CHECKPOINT"); err != nil {
			t.Fatal(err)
		}
		paths, err := filepath.Glob(folder + "/*")
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) == 0 {
			storetest.Lacks(t, "the data directory of PostgreSQL")
		}
		return paths
	}
	eraseSecrets(t, s.addr, ids)
	if found := readable(t, files()...); found == 0 {
		t.Error("control: the files contain no value before placard compact")
	}
	reader, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec("SELECT count(*) FROM projects"); err != nil {
		t.Fatal(err)
	}
	expect(t, database, 1, "can still see old rows", "compact")
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	expect(t, database, 0, "metadata_latest: ", "compact")
	if found := readable(t, files()...); found > 0 {
		t.Errorf("the files contain %d values after placard compact", found)
	}
	if answer := ask(s.addr, `{ artifactVersions { totalCount } }`, nil); answer.err != nil || answer.code != "" {
		t.Errorf("a search after placard compact: %+v", answer)
	}
}
