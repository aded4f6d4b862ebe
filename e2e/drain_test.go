//go:build integration

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// maxDrain is the maximum duration of a shutdown without long operations.
const maxDrain = 10 * time.Second

// callResults counts the results of writes that were sent once: a response, a closed connection without a response, or
// anything else, which is an error. It does not count refused connections.
type callResults struct {
	mu                   sync.Mutex
	answered, unanswered []string
	wrong                []string
}

// run sends writes until the server refuses connections. It uses one connection as long as possible, or one per write
// if fresh is set.
func (c *callResults) run(addr, version, name string, fresh bool) {
	for n := 0; ; {
		conn, err := net.DialTimeout("tcp", addr, 20*time.Second)
		if err != nil {
			return
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		for reader, more := bufio.NewReader(conn), true; more; n++ {
			more = c.send(conn, reader, addr, version, fmt.Sprintf("%s-%d", name, n), fresh)
		}
		_ = conn.Close()
	}
}

// send sends a write and reads the response. It reports whether the connection can be used again.
func (c *callResults) send(conn net.Conn, reader *bufio.Reader, addr, version, value string, fresh bool) bool {
	headers := asJSON
	if fresh {
		headers += "Connection: close\r\n"
	}
	input, _ := json.Marshal(map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": version},
		"metadata": map[string]any{"a": value, "b": value}}})
	_, err := io.WriteString(conn, post(addr, headers, queryBody(logQuery, string(input))))
	if err == nil {
		_, err = reader.Peek(1)
	}
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unanswered = append(c.unanswered, value)
		return false
	}
	answer, err := http.ReadResponse(reader, nil)
	var got []byte
	if err == nil {
		got, err = io.ReadAll(answer.Body)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || answer.StatusCode != http.StatusOK || !bytes.Contains(got, []byte(`"deduplicated":false`)) {
		c.wrong = append(c.wrong, fmt.Sprintf("%s: %.300s (%v)", value, got, err))
		return false
	}
	c.answered = append(c.answered, value)
	return !answer.Close
}

// sendUntil sends writes until end has stopped the server. It returns the results of kept connections and of fresh
// ones.
func sendUntil(t *testing.T, addr, version, round string, end func()) (kept, fresh *callResults) {
	t.Helper()
	kept, fresh = &callResults{}, &callResults{}
	var all sync.WaitGroup
	for w := range faultWriters / 2 {
		all.Go(func() { kept.run(addr, version, fmt.Sprintf("%s-kept-%d", round, w), false) })
		all.Go(func() { fresh.run(addr, version, fmt.Sprintf("%s-fresh-%d", round, w), true) })
	}
	eventually(t, "writes get responses", func() bool {
		kept.mu.Lock()
		defer kept.mu.Unlock()
		return len(kept.answered) > 20
	})
	end()
	harness.Wait(t, "the callers find no server", &all)
	return kept, fresh
}

// TestDrain stops the server under load several times. Each request on a kept connection gets a response. A new
// connection may be refused. A write without a response is not stored.
func TestDrain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, database string) {
		s := start(t, freeAddress(t), database)
		version := newVersion(t, s.addr)
		unanswered := 0
		var answered, never []string
		for round := range 6 {
			var took time.Duration
			kept, fresh := sendUntil(t, s.addr, version, fmt.Sprint(round), func() {
				begun := time.Now()
				if err := s.stop(t); err != nil {
					t.Errorf("ended with %v\n%s", err, s.log)
				}
				took = time.Since(begun)
			})
			if took > maxDrain || len(kept.unanswered) > 0 || len(kept.wrong)+len(fresh.wrong) > 0 {
				t.Errorf("ended after %s; without a response %v, wrong %v %v", took, kept.unanswered, kept.wrong, fresh.wrong)
			}
			unanswered += len(fresh.unanswered)
			answered = append(append(answered, kept.answered...), fresh.answered...)
			never = append(never, fresh.unanswered...)
			s = start(t, s.addr, database)
		}
		t.Logf("%d answered, %d found nobody", len(answered), unanswered)
		counts, _ := stored(t, s.addr, version, "a")
		for _, value := range answered {
			if counts[value] != 1 {
				t.Errorf("%s got a response and is stored %d times", value, counts[value])
			}
		}
		for _, value := range never {
			if counts[value] != 0 {
				t.Errorf("%s got no response and is stored", value)
			}
		}
	})
}

// TestDrainControl kills the server instead: some writes without a response are stored.
func TestDrainControl(t *testing.T) {
	t.Parallel()
	database := storetest.SQLite(t)
	s := start(t, freeAddress(t), database)
	version := newVersion(t, s.addr)
	var never []string
	for round := range 20 {
		kept, fresh := sendUntil(t, s.addr, version, fmt.Sprint(round), func() {
			s.kill(t)
		})
		if len(kept.unanswered) == 0 {
			t.Error("each write got a response: the control proves nothing")
		}
		never = append(append(never, kept.unanswered...), fresh.unanswered...)
		s = start(t, s.addr, database)
		counts, _ := stored(t, s.addr, version, "a")
		for _, value := range never {
			if counts[value] > 0 {
				return
			}
		}
	}
	t.Error("no write without a response is stored: the control proves nothing")
}

// TestDrainOfOthers stops a server that has idle connections, unfinished headers, an unfinished body, and a client that
// reads no response. The server stops in time, and sends the response of a running request.
func TestDrainOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	open := func(sent string) net.Conn {
		conn := dial(t, s.addr)
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	var idle []net.Conn
	for range 20 {
		conn := open(post(s.addr, asJSON, ok))
		if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != http.StatusOK || answer.Close {
			t.Fatal(err)
		}
		idle = append(idle, conn)
	}
	silent := open("")
	headers := open("POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\nX-A: b\r\n")
	half := open("POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\n" + asJSON + "Content-Length: 1000\r\n\r\n{")
	late := open("POST /graphql HTTP/1.1\r\nHost: " + s.addr + "\r\n" + asJSON + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(ok)) + ok[:5])
	greedy := open(strings.Repeat("GET /graphiql/ HTTP/1.1\r\nHost: "+s.addr+"\r\n\r\n", 500)) // and does not read
	eventually(t, "all clients are connected", func() bool { return s.connections(t) >= 25 })
	begun := time.Now()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.refuses(t)
	if _, err := io.WriteString(late, ok[5:]); err != nil {
		t.Errorf("the rest of a request: %v", err)
	}
	if got, err := io.ReadAll(late); err != nil || !bytes.Contains(got, []byte(`"__typename":"Query"`)) || !bytes.Contains(got, []byte("Connection: close")) {
		t.Errorf("a request that was finished in time: %s (%v)", got, err)
	}
	if err := s.exit(t); err != nil || time.Since(begun) > maxDrain {
		t.Errorf("ended after %s with %v\n%s", time.Since(begun), err, s.log)
	}
	for _, conn := range append(idle, silent, headers, half) {
		if got, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") || len(got) > 0 && !bytes.HasPrefix(got, []byte("HTTP/1.1 400 ")) {
			t.Errorf("%q (%v)", got, err)
		}
	}
	_ = greedy
}

// refuses waits until the server accepts no connection.
func (s *server) refuses(t *testing.T) {
	t.Helper()
	eventually(t, "the server accepts no connection", func() bool {
		conn, err := net.DialTimeout("tcp", s.addr, 20*time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
}

// connections returns the number of sockets of the server, including listeners.
func (s *server) connections(t *testing.T) (n int) {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.Process.Pid))
	if err != nil {
		t.Skip("this system has no /proc")
	}
	for _, file := range files {
		if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", s.Process.Pid, file.Name())); err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}

// TestSecondSignal sends a second SIGTERM. The server stops immediately, even during an operation. Acknowledged writes
// are stored, the interrupted write is not.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	database := storetest.Postgres(t)
	s := start(t, freeAddress(t), database)
	version := newVersion(t, s.addr)
	acknowledged := ask(s.addr, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": version}, "metadata": map[string]any{"a": "x"}}})
	tx := lockTable(t, database, "metadata_entries")
	answers := make(chan graphQLResponse, 1)
	go func() {
		answers <- ask(s.addr, logQuery, map[string]any{"i": map[string]any{"target": map[string]any{"artifactVersionId": version}, "metadata": map[string]any{"a": "y"}}})
	}()
	eventually(t, "the write waits", func() bool { return countLockWaits(t, tx.db) == 1 })
	begun := time.Now()
	_ = s.Process.Signal(syscall.SIGTERM)
	s.refuses(t)
	select {
	case err := <-s.done:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(time.Second):
	}
	_ = s.Process.Signal(syscall.SIGTERM)
	if err := s.exit(t); err == nil || time.Since(begun) > maxDrain {
		t.Errorf("ended after %s with %v", time.Since(begun), err)
	}
	if got := harness.Receive(t, "the write has ended", answers); got.err == nil {
		t.Errorf("a response without a request: %v", got)
	}
	tx.release(t)
	s = start(t, s.addr, database)
	counts, _ := stored(t, s.addr, version, "a")
	if acknowledged.code != "" || counts["x"] != 1 || counts["y"] != 0 {
		t.Errorf("%v, stored %v", acknowledged, counts)
	}
}
