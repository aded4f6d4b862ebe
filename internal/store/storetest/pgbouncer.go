package storetest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
)

// poolerVariable names the environment variable with the path of a second PgBouncer, which is of version 1.21 or later.
// It keeps the prepared statements of its clients; the PgBouncer of the machine may be older. `.ci/run` sets it.
const poolerVariable = "PLACARD_TEST_PGBOUNCER"

// Pooler is a program PgBouncer with a pool_mode.
type Pooler struct{ Program, Mode string }

// NewPooler returns the PgBouncer of the machine in transaction mode, and skips the test if there is none.
func NewPooler(t testing.TB) Pooler {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; !exists(program) {
			Lacks(t, "pgbouncer")
		}
	}
	return Pooler{program, "transaction"}
}

// EachPooler runs a test with both programs in both modes.
func EachPooler(t *testing.T, run func(t *testing.T, p Pooler)) {
	programs := map[string]string{"installed": NewPooler(t).Program, "1.21 or later": os.Getenv(poolerVariable)}
	for name, program := range programs {
		for _, mode := range []string{"session", "transaction"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				if program == "" {
					Lacks(t, "PgBouncer 1.21 or later ("+poolerVariable+")")
				}
				run(t, Pooler{program, mode})
			})
		}
	}
}

// Through returns the URL of a database through a PgBouncer with more lines for its section [pgbouncer]. open opens the
// database through another PgBouncer, and must fail with the statements that the user of the database needs.
func (p Pooler) Through(t testing.TB, databaseURL string, open func(url string) (message string), settings ...string) string {
	t.Helper()
	for _, statement := range MissingSettings(t, open(p.Start(t, databaseURL))) {
		if err := executeAt(databaseURL, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return p.Start(t, databaseURL, settings...)
}

// MissingSettings returns the statements in the message of a program that a pooler gives no settings.
func MissingSettings(t testing.TB, message string) []string {
	t.Helper()
	statements := regexp.MustCompile(`ALTER ROLE \S+ IN DATABASE \S+ SET \w+ = '[^']*'`).FindAllString(message, -1)
	if statements == nil {
		t.Fatalf("the message names no statement: %s", message)
	}
	return statements
}

// Start starts a PgBouncer before the server of the database at databaseURL, with more lines for its section
// [pgbouncer], and returns the URL that leads through it. It is stopped when the test ends.
func (p Pooler) Start(t testing.TB, databaseURL string, settings ...string) string {
	t.Helper()
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
		"\n[pgbouncer]\nauth_type = any\npool_mode = " + p.Mode + "\nlisten_port = " + port +
		"\nunix_socket_dir = " + folder + "\n" + strings.Join(settings, "\n") + "\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	bouncer := harness.Command(t, 10*time.Minute, p.Program, config)
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
