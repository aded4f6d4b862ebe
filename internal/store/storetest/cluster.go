// Package storetest is the conformance suite that every engine of the store runs whole, with the databases that
// tests need: SQLite files, and databases of a throw-away PostgreSQL cluster.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/placard/placard/internal/store"
)

// DatabaseVariable names the environment variable with the URL of a PostgreSQL server to test on. Its user must be
// allowed to create databases. Without it the tests start a cluster of their own, with PostgreSQL's programs.
const DatabaseVariable = "PLACARD_TEST_DATABASE_URL"

// Engines are the databases that every test runs on: each makes the URL of a new, empty one.
var Engines = map[string]func(t testing.TB) string{"sqlite": SQLite, "postgres": Postgres}

// Each runs a test on each engine.
func Each(t *testing.T, run func(t *testing.T, databaseURL string)) {
	for name, open := range Engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open(t))
		})
	}
}

// SQLite is the URL of a new database file.
func SQLite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "placard.db") }

// cluster is the one that the tests of a package share.
var cluster struct {
	once sync.Once
	err  error
	own  *Cluster
	// admin is the URL of the database to create others from.
	admin *url.URL
	n     atomic.Int64
}

// template is the database that all others are copies of: with tables, and otherwise empty. Packages are tested side by
// side and may share a given server, so each process has its own.
var template = fmt.Sprintf("placard_template_%d", os.Getpid())

// Main runs the tests of a package, stops the cluster that they started, and cleans up what else there is.
func Main(m *testing.M, cleanUp ...func()) {
	code := m.Run()
	for _, clean := range cleanUp {
		clean()
	}
	switch {
	case cluster.own != nil:
		cluster.own.Remove()
	case cluster.admin != nil:
		_ = execute("DROP DATABASE IF EXISTS " + template + " WITH (FORCE)") // a given server is left as it was
	}
	os.Exit(code)
}

// Postgres is the URL of a new database with tables, which is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t, " TEMPLATE "+template)
}

// EmptyPostgres is the URL of a new database without tables, which is dropped when the test ends.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t, "")
}

// EncodedPostgres makes a database with an encoding, such as LATIN1, and without tables, and returns its URL. The end of the test
// drops it.
func EncodedPostgres(t testing.TB, encoding string) string {
	t.Helper()
	return newDatabase(t, " TEMPLATE template0 ENCODING '"+encoding+"' LC_COLLATE 'C' LC_CTYPE 'C'")
}

func newDatabase(t testing.TB, like string) string {
	t.Helper()
	cluster.once.Do(func() { cluster.err = startCluster() })
	if cluster.err != nil {
		t.Fatalf("a PostgreSQL server to test on: %v", cluster.err)
	}
	name := fmt.Sprintf("placard_test_%d_%d", os.Getpid(), cluster.n.Add(1))
	admin(t, "CREATE DATABASE "+name+like)
	t.Cleanup(func() { admin(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return databaseNamed(name)
}

func databaseNamed(name string) string {
	u := *cluster.admin
	u.Path = "/" + name
	return u.String()
}

// templates are copied one at a time: PostgreSQL refuses to copy a database that another session is copying.
var templates sync.Mutex

func admin(t testing.TB, statement string) {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	if err := execute(statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

func execute(statement string) error { return executeAt(cluster.admin.String(), statement) }

func executeAt(url, statement string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.Exec(statement)
	return err
}

func startCluster() (err error) {
	if given := os.Getenv(DatabaseVariable); given != "" {
		if cluster.admin, err = url.Parse(given); err != nil {
			return fmt.Errorf("%s is no URL", DatabaseVariable)
		}
	} else {
		if cluster.own, err = NewCluster(); err != nil {
			return err
		}
		cluster.admin = cluster.own.URL
	}
	if err := execute("DROP DATABASE IF EXISTS " + template + " WITH (FORCE)"); err != nil {
		return err
	}
	if err := execute("CREATE DATABASE " + template); err != nil {
		return err
	}
	s, err := store.Open(context.Background(), databaseNamed(template), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return s.Close()
}

// Cluster is a throw-away PostgreSQL server in a temporary folder. It runs as an unprivileged user when the tests are
// run by root, because PostgreSQL refuses root.
type Cluster struct {
	// URL is that of its database postgres.
	URL        *url.URL
	folder     string
	programs   string
	attributes *syscall.SysProcAttr
	options    ClusterOptions
	server     *exec.Cmd
}

// ClusterOptions is how a cluster is unlike others.
type ClusterOptions struct {
	// Parent is the folder that its folder is made in, that of temporary files when it is empty.
	Parent string
	// Settings are NAME=VALUE. A cluster listens on a socket in its folder; listen_addresses and port add to that.
	Settings []string
	// Superuser is the name of the user with all rights, placard when it is empty.
	Superuser string
	// Environment is what its server has beside the environment of the test.
	Environment []string
}

// NewCluster makes a cluster with settings and starts it.
func NewCluster(settings ...string) (*Cluster, error) {
	return ClusterOptions{Settings: settings}.New()
}

// New makes a cluster and starts it.
func (o ClusterOptions) New() (*Cluster, error) {
	programs, err := programFolder()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(o.Parent, "placard-postgres-")
	if err != nil {
		return nil, err
	}
	attributes, err := Unprivileged(folder)
	if err != nil {
		return nil, err
	}
	if o.Superuser == "" {
		o.Superuser = "placard"
	}
	c := &Cluster{folder: folder, programs: programs, attributes: attributes, options: o, URL: &url.URL{
		Scheme: "postgres", User: url.User(o.Superuser), Path: "/postgres",
		RawQuery: url.Values{"host": {folder}, "sslmode": {"disable"}}.Encode(),
	}}
	for _, setting := range o.Settings {
		if port, ok := strings.CutPrefix(setting, "port="); ok { // the name of the socket has it, too
			c.URL.RawQuery += "&port=" + port
		}
	}
	initdb := c.command("initdb", "-D", c.data(), "-U", o.Superuser, "-A", "trust", "-E", "UTF8", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return c, c.Start()
}

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

func (c *Cluster) command(program string, args ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(c.programs, program), args...)
	command.SysProcAttr, command.Dir = c.attributes, c.folder
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+c.folder)
	return command
}

// Start starts the server and waits until it answers. After Kill it tries again while processes of before are ending.
func (c *Cluster) Start() error {
	log, err := os.OpenFile(filepath.Join(c.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	var ended chan error
	start := func() error {
		args := []string{"-D", c.data()}
		for _, setting := range append([]string{"listen_addresses=", "unix_socket_directories=" + c.folder, "fsync=off",
			"max_connections=300", "shared_buffers=64MB"}, c.options.Settings...) {
			args = append(args, "-c", setting)
		}
		c.server = c.command("postgres", args...)
		c.server.Stdout, c.server.Stderr = log, log
		c.server.Env = append(c.server.Env, c.options.Environment...)
		ended = make(chan error, 1)
		if err := c.server.Start(); err != nil {
			return err
		}
		go func(server *exec.Cmd, ended chan<- error) { ended <- server.Wait() }(c.server, ended)
		return nil
	}
	if err := start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := executeAt(c.URL.String(), "SELECT 1")
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ended:
			if err := start(); err != nil {
				return err
			}
		default:
		}
	}
}

// Stop ends the server as an operator would, and waits for it. It breaks connections. mode is fast, or immediate to leave
// the rest to recovery.
func (c *Cluster) Stop(mode string) error {
	if out, err := c.command("pg_ctl", "-D", c.data(), "-m", mode, "-w", "stop").CombinedOutput(); err != nil {
		return fmt.Errorf("pg_ctl: %w: %s", err, out)
	}
	return nil
}

// Kill ends the server as a crash would, without any chance to finish.
func (c *Cluster) Kill() error { return c.server.Process.Kill() }

// Remove stops the server at once and deletes its folder.
func (c *Cluster) Remove() {
	_ = c.server.Process.Signal(syscall.SIGQUIT) // it may have ended
	for range 100 {
		if c.server.Process.Signal(syscall.Signal(0)) != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = os.RemoveAll(c.folder)
}

// programFolder is where PostgreSQL's programs are.
func programFolder() (string, error) {
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		if folder := strings.TrimSpace(string(out)); exists(filepath.Join(folder, "initdb")) {
			return folder, nil
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	return "", errors.New("its programs (initdb, postgres) are not installed; install PostgreSQL, or set " + DatabaseVariable)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Unprivileged gives the folder to a user without privileges, and returns how to run a program as that user. It returns nil
// where the tests do not run as root.
func Unprivileged(folder string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(account.Uid, 10, 32)
		gid, _ := strconv.ParseUint(account.Gid, 10, 32)
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}},
			os.Chown(folder, int(uid), int(gid))
	}
	return nil, errors.New("PostgreSQL refuses root, and there is neither a user postgres nor nobody")
}

// Programs is the folder with PostgreSQL's programs.
func (c *Cluster) Programs() string { return c.programs }

// completeVariable names the environment variable that, when it is set, makes a failure of a test that would be skipped for
// what the machine lacks. `.ci/run` sets it.
const completeVariable = "PLACARD_TEST_COMPLETE"

// Lacks skips a test for which the machine has not what it takes, or fails it where none may be skipped.
func Lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(completeVariable) != "" {
		t.Fatalf("this test needs %s", what)
	}
	t.Skipf("this test needs %s", what)
}
