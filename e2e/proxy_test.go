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
	toxics.Register("cut", new(cut))
	toxics.Register("hole", new(hole))
}

// cut ends a connection instead of passing a message on that it looks for.
type cut struct {
	message string
	// often is how many of a hundred such messages end their connection.
	often atomic.Int64
	// done is how many have.
	done atomic.Int64
}

// The messages that end a transaction, as they are on the wire: what the server sends, and what PostgreSQL answers when
// it has happened.
const (
	commitSent = "Q\x00\x00\x00\x0bcommit\x00"
	commitDone = "C\x00\x00\x00\x0bCOMMIT\x00"
)

// Pipe passes on what goes one way.
func (c *cut) Pipe(stub *toxics.ToxicStub) {
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
				stub.Close() // and with it the connection, on which nothing was passed on
				ignore(stub)
				return
			}
			stub.Output <- chunk
		}
	}
}

// hole passes nothing on while it is open, and tells nobody. What was sent into it stays lost, and so do connections that
// were there: as behind a gateway that has forgotten them.
type hole struct {
	open atomic.Bool
	// forgotten is how often all connections were forgotten that there were.
	forgotten atomic.Int64
}

// Pipe passes on what goes one way.
func (h *hole) Pipe(stub *toxics.ToxicStub) {
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

// ignore reads what comes until it ends.
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

// proxied is a PostgreSQL server behind a proxy, and the URL that leads through it.
func proxied(t *testing.T) (proxy *toxiproxy.Proxy, database string, cluster *storetest.Cluster) {
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

// add gives a proxy a toxic of a kind for one direction. It is that of all its connections.
func add[T toxics.Toxic](t *testing.T, proxy *toxiproxy.Proxy, kind string, direction stream.Direction) T {
	t.Helper()
	wrapper, err := proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"type": %q, "stream": %q, "attributes": {}}`, kind, direction)))
	if err != nil {
		t.Fatal(err)
	}
	return wrapper.Toxic.(T)
}
