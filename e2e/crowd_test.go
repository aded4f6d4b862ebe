//go:build integration

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// dial opens a connection that the test closes. Reads and writes fail after a minute.
func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, harness.Limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(harness.Limit))
	return conn
}

// crowd is the number of simultaneous clients.
const crowd = 2000

// member writes a value over an open connection and repeats it until the value is stored.
func (l *ledger) member(conn net.Conn, addr, value string) error {
	reader := bufio.NewReader(conn)
	variables, _ := json.Marshal(map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": l.version},
		"metadata": map[string]any{"a": value, "b": value}, "idempotencyKey": value}})
	for range 300 {
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		if _, err := io.WriteString(conn, post(addr, asJSON, queryBody(logQuery, string(variables)))); err != nil {
			return err
		}
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		var got struct {
			Data struct {
				LogMetadata struct{ Entries []struct{ ID string } }
			}
			Errors []struct {
				Extensions struct {
					Code      string
					Retryable bool
				}
			}
		}
		if err := json.Unmarshal(body, &got); err != nil {
			return fmt.Errorf("%w: %.200s", err, body)
		}
		l.mu.Lock()
		if len(got.Errors) == 0 {
			l.acked[value] = got.Data.LogMetadata.Entries[0].ID
			l.mu.Unlock()
			return nil
		}
		first := got.Errors[0].Extensions
		l.failures[first.Code]++
		l.mu.Unlock()
		if !first.Retryable || first.Code == "OVERLOADED" && (response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "") {
			return fmt.Errorf("%d %.300s", response.StatusCode, body)
		}
		time.Sleep(time.Duration(200+rand.IntN(800)) * time.Millisecond) // the pause of a client after OVERLOADED
	}
	return fmt.Errorf("%s is never stored", value)
}

// TestCrowd sends writes of 2,000 simultaneous clients, on each engine. Each client gets a response. After repeating
// refused writes, each value is stored once. The server then has no additional goroutine or connection.
func TestCrowd(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, database string) {
		measured := freeAddress(t)
		s := start(t, freeAddress(t), database, "--metrics-addr="+measured)
		l := newLedger()
		l.version = newVersion(t, s.addr)
		goroutines := func() int { return int(metrics(t, measured)["go_goroutines"]) }
		before, sockets := goroutines(), s.connections(t)
		conns := make([]net.Conn, crowd)
		for i := range conns {
			conns[i] = dial(t, s.addr)
			l.sent[fmt.Sprint(i)] = true
		}
		eventually(t, "all clients are connected", func() bool { return s.connections(t) >= crowd && goroutines() >= crowd }) // so a leak would be visible
		var all sync.WaitGroup
		for i, conn := range conns {
			all.Go(func() {
				if err := l.member(conn, s.addr, fmt.Sprint(i)); err != nil {
					t.Errorf("client %d: %v", i, err)
				}
			})
		}
		harness.WaitWithin(t, 5*harness.Limit, "all clients are served", &all)
		t.Logf("%d stored, failures %v", len(l.acked), l.failures)
		if len(l.acked) != crowd || l.failures["OVERLOADED"] == 0 {
			t.Error("a write is lost, or the disk was never full")
		}
		a, ids := stored(t, s.addr, l.version, "a")
		b, _ := stored(t, s.addr, l.version, "b")
		for _, violation := range l.violations(a, b, ids) {
			t.Error(violation)
		}
		l.control(t, a, b, ids)
		for _, conn := range conns {
			_ = conn.Close()
		}
		client.CloseIdleConnections()
		eventually(t, "the server has recovered", func() bool { return s.connections(t) <= sockets+50 && goroutines() <= before+100 })
		s.stillRuns(t)
	})
}

// TestFilesRunOut opens more connections than the process may have files. The server serves the accepted ones or
// refuses their requests. It serves new connections as soon as the others are closed, without a restart.
func TestFilesRunOut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, database string) {
		s := newServer(t, freeAddress(t), "sh", "-c", `ulimit -n 256; exec "$0"`, filepath.Join(programs, "placard"))
		s.run(t, database)
		version := newVersion(t, s.addr)
		conn := dial(t, s.addr)
		l := newLedger()
		l.version = version
		l.sent["first"] = true
		if err := l.member(conn, s.addr, "first"); err != nil {
			t.Fatal(err)
		}
		for range 600 {
			dial(t, s.addr)
		}
		eventually(t, "files run out", func() bool { return s.connections(t) > 200 })
		for n := range 20 {
			value := fmt.Sprint(n)
			l.sent[value] = true
			if err := l.member(conn, s.addr, value); err != nil {
				t.Errorf("during silent connections: %v", err)
			}
		}
		eventually(t, "a new connection is served", func() bool {
			got := ask(s.addr, "{ artifacts { totalCount } }", nil)
			return got.err == nil && got.code == ""
		})
		a, ids := stored(t, s.addr, version, "a")
		b, _ := stored(t, s.addr, version, "b")
		for _, violation := range l.violations(a, b, ids) {
			t.Error(violation)
		}
		s.stillRuns(t)
		if err := s.stop(t); err != nil {
			t.Error(err)
		}
		if n := strings.Count(s.log.String(), "too many open files"); n == 0 || n > 1000 {
			t.Errorf("the log reports %d times that there are too many files", n)
		}
	})
}

// TestSlowReaders sends requests for large responses and reads none of them. The server serves other clients, closes
// these connections, and its memory is bounded.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	s := startWith(t, storetest.SQLite(t), "PLACARD_LIMIT_READ_SECONDS=3", "PLACARD_LIMIT_WRITE_SECONDS=3") // 36 seconds instead of a minute
	version := newVersion(t, s.addr)
	entries := map[string]any{}
	for i := range 30 {
		entries[fmt.Sprint(i)] = strings.Repeat("x", 60_000)
	}
	// Repeat a request that takes more than three seconds, because other processes use the machine.
	ask := func(what, query string, input map[string]any) {
		eventually(t, what, func() bool {
			got := ask(s.addr, query, input)
			if got.err != nil || got.code != "" && got.code != "LIMIT_EXCEEDED" {
				t.Fatalf("until %s: %v %s", what, got.err, got.code)
			}
			return got.code == ""
		})
	}
	log := func(what string, metadata map[string]any) {
		ask(what, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": version}, "metadata": metadata}})
	}
	log("large values are stored", entries)
	question := post(s.addr, asJSON, queryBody(`query($id: ID!) { artifactVersion(ref: {id: $id}) { metadata { value { ... on StringValue { text } } } } }`, fmt.Sprintf(`{"id":%q}`, version)))
	client.CloseIdleConnections()
	before := s.connections(t)
	const readers = 40
	_, low := s.usage(t)
	for range readers {
		conn := dial(t, s.addr)
		_ = conn.(*net.TCPConn).SetReadBuffer(4096)
		if _, err := io.WriteString(conn, strings.Repeat(question, 8)); err != nil { // exceeds the socket buffers
			t.Fatal(err)
		}
	}
	begun := time.Now()
	for n := 0; time.Since(begun) < 10*time.Second; n++ {
		ask("a read beside slow readers is answered", "{ artifacts { totalCount } }", nil)
		log("a write beside slow readers is answered", map[string]any{"n": n})
		time.Sleep(20 * time.Millisecond)
	}
	held := s.connections(t) - before
	_, peak := s.usage(t)
	t.Logf("%d connections are held, memory rose by %d MiB", held, peak-low)
	if held < readers/2 || peak-low > 1024 {
		t.Errorf("%d connections are held, memory rose by %d MiB", held, peak-low)
	}
	eventually(t, "the connections of slow readers are ended", func() bool { return s.connections(t) <= before+5 })
	t.Logf("ended after %s", time.Since(begun))
	s.stillRuns(t)
}
