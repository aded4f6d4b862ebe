//go:build integration

package e2e

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// inNamespace is set in a process that runs as root of a user namespace.
const inNamespace = "PLACARD_TEST_IN_NAMESPACE"

// asRoot reports whether the test may mount file systems. If not, it runs the test in a user namespace first.
func asRoot(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() == 0 {
		return true
	}
	if err := harness.Command(t, harness.Limit, "unshare", "-Urm", "true").Run(); err != nil {
		storetest.Lacks(t, "root or user namespaces")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	again := harness.Command(t, 5*time.Minute, "unshare", "-Urm", self, "-test.run", name, "-test.v")
	again.Env = append(os.Environ(), inNamespace+"=1")
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// disk is a small file system in memory.
type disk struct{ folder string }

func newDisk(t *testing.T, size string) disk {
	t.Helper()
	folder, err := os.MkdirTemp("", "placard-disk-") // unlike the folder of the test, other users may enter it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(folder) })
	d := disk{folder}
	if out, err := harness.Command(t, harness.Limit, "mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", d.folder).CombinedOutput(); err != nil {
		storetest.Lacks(t, "the right to mount file systems: "+string(out))
	}
	t.Cleanup(func() {
		if out, err := harness.Command(t, harness.Limit, "umount", "-l", d.folder).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return d
}

func (d disk) resize(t *testing.T, size string) {
	t.Helper()
	if out, err := harness.Command(t, harness.Limit, "mount", "-t", "tmpfs", "-o", "remount,size="+size, "tmpfs", d.folder).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v %s", err, out)
	}
}

// TestDiskIsFull fills the disk of an SQLite database. Writes are refused and leave nothing; reads succeed. When space
// is free again, writes succeed without a restart, also after the server was killed.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	if !asRoot(t) {
		return
	}
	d := newDisk(t, "3m")
	path := filepath.Join(d.folder, "placard.db")
	s := start(t, freeAddress(t), "sqlite:"+path)
	underLoad(t, []string{s.addr}, func(l *ledger) {
		for _, room := range []string{"6m", "12m", "64m"} {
			n := l.failed("UNAVAILABLE")
			eventually(t, "the disk is full", func() bool { return l.failed("UNAVAILABLE") > n+100 })
			s.kill(t)
			s = start(t, s.addr, "sqlite:"+path)
			l.refusedAreAbsent(t, s.addr)
			for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/graphql?query=%7Bartifacts%7BtotalCount%7D%7D": 200} {
				if got, text := status(s.addr, path); got != want || strings.Contains(text, "errors") {
					t.Errorf("%s with a full disk: %d %s", path, got, text)
				}
			}
			d.resize(t, room)
			m := l.writes()
			eventually(t, "writes succeed again", func() bool { return l.writes() > m+200 })
		}
	})
	s.stillRuns(t)
	if err := s.stop(t); err != nil {
		t.Error(err)
	}
	integrity(t, path)
}

// TestTemporaryDiskIsFull fills the disk for temporary files of SQLite, which writes do not use: large and small writes
// succeed.
func TestTemporaryDiskIsFull(t *testing.T) {
	t.Parallel()
	if !asRoot(t) {
		return
	}
	d := newDisk(t, "64k")
	if err := os.WriteFile(filepath.Join(d.folder, "filler"), make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.folder, "control"), make([]byte, 4<<10), 0o600); err == nil {
		t.Error("control: the disk has space")
	}
	path := filepath.Join(t.TempDir(), "placard.db")
	s := startWith(t, "sqlite:"+path, "SQLITE_TMPDIR="+d.folder, "PLACARD_LIMIT_CONCURRENT_OPERATIONS=64")
	underLoad(t, []string{s.addr}, func(l *ledger) {
		version := newVersion(t, s.addr)
		for n := range 20 {
			entries := map[string]any{}
			for i := range 20 {
				entries[fmt.Sprint(i)] = strings.Repeat("x", 40_000+n)
			}
			input := map[string]any{"target": map[string]any{"artifactVersionId": version}, "metadata": entries}
			if got := ask(s.addr, logQuery, map[string]any{"i": input}); got.err != nil || got.code != "" {
				t.Errorf("a large write: %v %s", got.err, got.code)
			}
		}
		if l.failed("UNAVAILABLE") > 0 {
			t.Errorf("small writes failed: %v", l.failures)
		}
	})
	if err := s.stop(t); err != nil {
		t.Error(err)
	}
	integrity(t, path)
}

// TestDiskOfPostgresIsFull fills the disk of PostgreSQL, which refuses writes and may crash. When space is free again,
// each acknowledged write is stored, and the server needs no restart.
func TestDiskOfPostgresIsFull(t *testing.T) {
	t.Parallel()
	if !asRoot(t) {
		return
	}
	if os.Getenv(inNamespace) != "" {
		t.Skip("PostgreSQL refuses root, and there is no other user in this namespace")
	}
	d := newDisk(t, "100m")
	cluster, err := storetest.ClusterOptions{Parent: d.folder, Settings: []string{"max_wal_size=32MB", "min_wal_size=32MB"}}.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	s := start(t, freeAddress(t), cluster.URL.String())
	underLoad(t, []string{s.addr}, func(l *ledger) {
		n := l.failed("UNAVAILABLE")
		fill(t, s.addr)
		eventually(t, "the disk is full", func() bool { return l.failed("UNAVAILABLE") > n+20 })
		if got := ask(s.addr, "{ artifacts { totalCount } }", nil); got.err != nil || got.code != "" && (got.code != "UNAVAILABLE" || !got.retryable) {
			t.Errorf("a read with a full disk: %v %s", got.err, got.code)
		}
		d.resize(t, "400m")
		_ = cluster.Stop("immediate") // it may have crashed
		if err := cluster.Start(); err != nil {
			t.Fatal(err)
		}
		s.waitReady(t)
		m := l.writes()
		eventually(t, "writes succeed again", func() bool { return l.writes() > m+50 })
	})
	s.stillRuns(t)
	if strings.Contains(s.log.String(), "internal error") {
		t.Errorf("the log:\n%s", s.log)
	}
}

// fill logs large random values until a write is refused.
func fill(t *testing.T, addr string) {
	t.Helper()
	version := newVersion(t, addr)
	for range 1000 {
		entries := map[string]any{}
		for i := range 25 {
			noise := make([]byte, 30_000)
			_, _ = rand.Read(noise) // never fails
			entries[fmt.Sprint(i)] = hex.EncodeToString(noise)
		}
		got := ask(addr, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": version}, "metadata": entries}})
		if got.err != nil || got.code != "" && (got.code != "UNAVAILABLE" || !got.retryable) {
			t.Errorf("a large write: %v %s", got.err, got.code)
		}
		if got.code != "" {
			return
		}
	}
	t.Error("the disk does not get full")
}

// refusedAreAbsent checks that refused writes without a later acknowledgement are not stored.
func (l *ledger) refusedAreAbsent(t *testing.T, addr string) {
	t.Helper()
	trusting := newLedger()
	l.mu.Lock()
	for value := range l.sent {
		trusting.sent[value] = true
		if l.acked[value] == "" && l.refused[value] {
			trusting.acked[value] = "refused"
		}
	}
	l.mu.Unlock()
	a, ids := stored(t, addr, l.version, "a")
	b, _ := stored(t, addr, l.version, "b")
	lost := 0
	for _, violation := range trusting.violations(a, b, ids) {
		if strings.Contains(violation, "lost") {
			lost++
		}
	}
	if lost == 0 {
		t.Errorf("all %d refused writes are stored: the control proves nothing", len(trusting.acked))
	}
}

// integrity runs the integrity check of SQLite on a file.
func integrity(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var result string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&result); err != nil || result != "ok" {
		t.Errorf("the file is damaged: %s (%v)", result, err)
	}
}
