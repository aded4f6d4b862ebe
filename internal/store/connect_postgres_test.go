package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
)

// TestEncodings checks that each way to open a database refuses one that is not UTF-8 by the name of its encoding, and
// makes no table in it. The control is a UTF-8 database that is made in the same way.
func TestEncodings(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"LATIN1", "WIN1252", "SQL_ASCII", "UTF8"} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			url := storetest.EncodedPostgres(t, encoding)
			check := func(how string, err error) {
				t.Helper()
				var wrong *engine.EncodingError
				if refused := errors.As(err, &wrong); refused != (encoding != "UTF8") {
					t.Errorf("%s: got %v", how, err)
				} else if refused && (wrong.Encoding != encoding || !strings.Contains(err.Error(), encoding) ||
					!strings.Contains(err.Error(), "ENCODING 'UTF8'")) {
					t.Errorf("%s: the message is %v", how, err)
				}
			}
			_, err := engine.ReadSchema(t.Context(), url)
			check("ReadSchema", err)
			s, err := store.Open(t.Context(), url, quiet)
			if check("Open", err); err == nil {
				defer func() { _ = s.Close() }()
			}
			if s, err = store.OpenWithoutMigrating(t.Context(), url, quiet); err == nil {
				defer func() { _ = s.Close() }()
			}
			check("OpenWithoutMigrating", err)
			pool, _, err := engine.OpenSnapshot(t.Context(), url)
			if check("OpenSnapshot", err); err == nil {
				defer func() { _ = pool.Close() }()
			}
			if n := countTables(t, url); (n == 0) != (encoding != "UTF8") {
				t.Errorf("there are %d tables", n)
			}
		})
	}
}

func countTables(t *testing.T, url string) (n int) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRow("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestClientEncoding checks that text is sent and received as UTF-8, regardless of the database URL.
func TestClientEncoding(t *testing.T) {
	t.Parallel()
	pool, tx, err := engine.OpenSnapshot(t.Context(), storetest.Postgres(t)+"&client_encoding=LATIN1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	var encoding string
	if err := tx.QueryRow("SELECT current_setting('client_encoding')").Scan(&encoding); err != nil ||
		encoding != "UTF8" {
		t.Errorf("got %q, %v", encoding, err)
	}
}

// TestCertificateFiles checks that a file that cannot be used is named with its parameter, and that no password is
// repeated.
func TestCertificateFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	empty, missing := filepath.Join(folder, "empty.pem"), filepath.Join(folder, "missing.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const url = "postgres://user:hunter2@127.0.0.1:1/x?sslpassword=hunter2&connect_timeout=1&sslmode=verify-full&"
	for parameters, want := range map[string]string{
		"sslrootcert=" + missing:                          "the parameter sslrootcert of the database URL names the file " + missing + ", which cannot be read: no such file",
		"sslrootcert=" + folder:                           "the parameter sslrootcert of the database URL names the file " + folder + ", which cannot be read: is a directory",
		"sslrootcert=" + empty:                            "the parameter sslrootcert of the database URL names the file " + empty + ", which has no certificate",
		"sslcert=" + missing + "&sslkey=" + missing + "2": "the parameter sslkey of the database URL names the file " + missing + "2, which cannot be read",
		"sslcert=" + missing + "&sslkey=" + empty:         "the parameter sslkey of the database URL names the file " + empty + ", which must have the key",
		"sslmode=nonsense":                                "the database URL is not a valid postgres:// URL",
	} {
		for how, err := range map[string]error{"Open": openError(t, url+parameters),
			"ReadSchema": readError(url + parameters)} {
			var bad *engine.URLError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s, %s: got %v", how, parameters, err)
			}
		}
	}
}

func openError(t *testing.T, url string) error {
	_, err := store.Open(t.Context(), url, quiet)
	return err
}

func readError(url string) error {
	_, err := engine.ReadSchema(context.Background(), url)
	return err
}
