//go:build integration

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"

	"github.com/placard/placard/internal/store/storetest"
)

func init() {
	toxics.Register("cut", new(commitCut))
	toxics.Register("hole", new(blackhole))
}

// commitCut closes a connection in place of forwarding a certain message.
type commitCut struct {
	message string
	// often is the percentage of these messages that close their connection.
	often atomic.Int64
	// done is the number of closed connections.
	done atomic.Int64
}

// These are the messages of the wire protocol that end a transaction: the command of the server and the response of
// PostgreSQL.
const (
	commitSent = "Q\x00\x00\x00\x0bcommit\x00"
	commitDone = "C\x00\x00\x00\x0bCOMMIT\x00"
)

// Pipe forwards one direction of a connection.
func (c *commitCut) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			if bytes.Contains(chunk.Data, []byte(c.message)) && rand.Int64N(100) < c.often.Load() {
				c.done.Add(1)
				stub.Close() // it closes the connection before the message is forwarded
				ignore(stub)
				return
			}
			stub.Output <- chunk
		}
	}
}

// blackhole drops all bytes while it is open. Connections from before stay dead, as with a NAT gateway that lost its table.
type blackhole struct {
	open atomic.Bool
	// forgotten counts how often all open connections were dropped.
	forgotten atomic.Int64
}

// Pipe forwards one direction of a connection.
func (h *blackhole) Pipe(stub *toxics.ToxicStub) {
	begun := h.forgotten.Load()
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			if h.open.Load() || h.forgotten.Load() != begun {
				ignore(stub)
				return
			}
			stub.Output <- chunk
		}
	}
}

// ignore reads until the connection is closed.
func ignore(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				if !stub.Closed() {
					stub.Close()
				}
				return
			}
		}
	}
}

// startProxy starts a PostgreSQL server and a proxy, and returns the URL through the proxy.
func startProxy(t *testing.T) (proxy *toxiproxy.Proxy, database string, cluster *storetest.Cluster) {
	t.Helper()
	host, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	cluster = newCluster(t, "listen_addresses="+host, "port="+port)
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy = toxiproxy.NewProxy(server, "postgres", freeAddress(t), net.JoinHostPort(host, port))
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	return proxy, "postgres://placard@" + proxy.Listen + "/postgres?sslmode=disable", cluster
}

// add adds a toxic of a kind in one direction to all connections of a proxy.
func add[T toxics.Toxic](t *testing.T, proxy *toxiproxy.Proxy, kind string, direction stream.Direction) T {
	t.Helper()
	wrapper, err := proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"type": %q, "stream": %q, "attributes": {}}`, kind, direction)))
	if err != nil {
		t.Fatal(err)
	}
	return wrapper.Toxic.(T)
}
