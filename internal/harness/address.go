package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"testing"
)

// ports is the number of ports that Address chooses from, and lastPort the largest of them.
const ports, lastPort = 10_000, 29_999

// Address returns a loopback address for a server of the test. No other test has the address until this test ends, and
// no outgoing connection takes it while the server is down.
func Address(t testing.TB) string {
	t.Helper()
	first := firstPort()
	for range 10 * ports {
		address := fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(ports))
		// The UDP port of the same number is the lock. The kernel frees it when this process ends.
		lock, err := net.ListenPacket("udp4", address)
		if err != nil {
			continue
		}
		listener, err := net.Listen("tcp4", address)
		if err != nil {
			_ = lock.Close()
			continue
		}
		_ = listener.Close()
		t.Cleanup(func() { _ = lock.Close() })
		return address
	}
	t.Fatalf("no port from %d to %d is free", first, first+ports-1)
	return ""
}

// firstPort returns the smallest port to choose from. The ports of outgoing connections are above all of them, unless
// the machine uses nearly all ports for these.
func firstPort() int {
	last := lastPort
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var low int
		if n, _ := fmt.Sscan(string(text), &low); n == 1 && low > ports+1024 {
			last = min(last, low-1)
		}
	}
	return last - ports + 1
}
