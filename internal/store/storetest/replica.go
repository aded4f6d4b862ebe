package storetest

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/placard/placard/internal/harness"
)

// Replicated is a primary with streaming replicas, all of which end with the test.
type Replicated struct {
	Primary  *Cluster
	Replicas []*Cluster
}

// NewReplicated starts a primary with a number of replicas.
func NewReplicated(t testing.TB, replicas int) *Replicated {
	t.Helper()
	primary, err := NewCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Remove)
	all := &Replicated{Primary: primary}
	for range replicas {
		replica, err := primary.newReplica()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(replica.Remove)
		all.Replicas = append(all.Replicas, replica)
	}
	return all
}

// ReadURLs returns the URLs of the databases of the replicas.
func (r *Replicated) ReadURLs() (urls []string) {
	for _, replica := range r.Replicas {
		urls = append(urls, replica.URL.String())
	}
	return urls
}

// newReplica makes a copy of the cluster that follows it, and starts it.
func (c *Cluster) newReplica() (*Cluster, error) {
	folder, err := os.MkdirTemp(c.options.Parent, "pg-")
	if err != nil {
		return nil, err
	}
	attributes, err := Unprivileged(folder)
	if err != nil {
		return nil, err
	}
	own := *c.URL
	own.RawQuery = url.Values{"host": {folder}, "sslmode": {"disable"}}.Encode()
	replica := &Cluster{folder: folder, programs: c.programs, attributes: attributes, options: c.options, URL: &own}
	if err := replica.execute("pg_basebackup", "-h", c.folder, "-U", c.URL.User.Username(), "-D", replica.data(), "-R",
		"-c", "fast", "--no-sync"); err != nil {
		return nil, err
	}
	return replica, replica.Start()
}

// Execute sends a statement to the database of the cluster.
func (c *Cluster) Execute(t testing.TB, statement string) {
	t.Helper()
	if err := executeAt(c.URL.String(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Text returns the text that a statement returns.
func (c *Cluster) Text(t testing.TB, statement string) (text string) {
	t.Helper()
	err := withConnection(c.URL.String(), func(ctx context.Context, db *sql.DB) error {
		return db.QueryRowContext(ctx, statement).Scan(&text)
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return text
}

// WaitReplayed waits until the replicas show everything that the primary shows now.
func (r *Replicated) WaitReplayed(t testing.TB) {
	t.Helper()
	position := r.Primary.Text(t, "SELECT pg_current_wal_flush_lsn()::text")
	for _, replica := range r.Replicas {
		harness.Eventually(t, "a replica has replayed "+position, func() bool {
			return replica.Text(t, "SELECT (pg_last_wal_replay_lsn() >= '"+position+"')::text") == "true"
		})
	}
}

// StopNow ends the server as a crash would and waits for it.
func (c *Cluster) StopNow(t testing.TB) {
	t.Helper()
	if err := c.Stop("immediate"); err != nil {
		t.Fatal(err)
	}
}

// Freeze stops all processes of the server, or lets them continue. Connections stay open and get no answer.
func (c *Cluster) Freeze(t testing.TB, frozen bool) {
	t.Helper()
	signal := syscall.SIGCONT
	if frozen {
		signal = syscall.SIGSTOP
	}
	children, err := exec.CommandContext(t.Context(), "pgrep", "-P", strconv.Itoa(c.PID())).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range append(strings.Fields(string(children)), strconv.Itoa(c.PID())) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
}
