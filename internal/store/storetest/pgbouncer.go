package storetest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
)

// PgBouncer starts a PgBouncer in transaction mode before the server of the database at databaseURL, with more lines
// for its section [pgbouncer], and returns the URL that leads through it. It is stopped when the test ends.
func PgBouncer(t testing.TB, databaseURL string, settings ...string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; !exists(program) {
			Lacks(t, "pgbouncer")
		}
	}
	folder, err := os.MkdirTemp("", "placard-pgbouncer-") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	attributes, err := Unprivileged(folder)
	if err != nil {
		t.Fatal(err)
	}
	const port = "6432"
	config := filepath.Join(folder, "pgbouncer.ini")
	text := "[databases]\n* = " + keywords(t, databaseURL) +
		"\n[pgbouncer]\nauth_type = any\npool_mode = transaction\nlisten_port = " + port +
		"\nunix_socket_dir = " + folder + "\n" + strings.Join(settings, "\n") + "\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	bouncer := harness.Command(t, 5*time.Minute, program, config)
	if attributes != nil {
		bouncer.SysProcAttr.Credential = attributes.Credential
	}
	if err := bouncer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = bouncer.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = bouncer.Wait()
	})
	socket := filepath.Join(folder, ".s.PGSQL."+port)
	for deadline := time.Now().Add(30 * time.Second); !listens(socket); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("PgBouncer does not start")
		}
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	u.Host, u.RawQuery = "", url.Values{"host": {folder}, "port": {port}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// listens reports whether a server accepts connections at a Unix socket. The file exists before that.
func listens(socket string) bool {
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// keywords returns where the server of a database URL is, for PgBouncer.
func keywords(t testing.TB, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	host, port := u.Hostname(), u.Port()
	if host == "" {
		host = u.Query().Get("host")
	}
	if port == "" {
		if port = u.Query().Get("port"); port == "" {
			port = "5432"
		}
	}
	text := fmt.Sprintf("host=%s port=%s user=%s", host, port, u.User.Username())
	if password, ok := u.User.Password(); ok {
		text += " password=" + password
	}
	return text
}
