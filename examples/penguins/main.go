// Penguins is a small machine-learning pipeline. It trains a classifier of penguins with four sets of parameters and
// logs metadata of its artifacts through the GraphQL API. Read pipeline.go first.
//
//	go run ./examples/penguins
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	address := flag.String("url", defaultURL(os.Getenv("PLACARD_ADDR")), "address of the GraphQL API")
	once := flag.Bool("once", false, "do not run the pipeline if it has run before")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := execute(ctx, *address, os.Getenv("PLACARD_API_KEY"), *once)
	if err != nil {
		fmt.Fprintln(os.Stderr, "penguins: "+strings.ReplaceAll(err.Error(), "\n", "\n  "))
		os.Exit(1)
	}
	fmt.Print(report)
}

// execute runs the pipeline when the server is ready, and returns the report.
func execute(ctx context.Context, address, key string, once bool) (string, error) {
	endpoint, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	c := &client{endpoint: endpoint, key: key, http: http.Client{Timeout: 30 * time.Second}}
	if err := c.waitReady(ctx); err != nil {
		return "", err
	}
	best, err := c.readBest(ctx)
	if err == nil && (best == nil || !once) {
		if err = runAll(ctx, c); err == nil {
			best, err = c.readBest(ctx)
		}
	}
	if err != nil {
		return "", err
	}
	return best.render(endpoint, key != ""), nil
}

// defaultURL returns the URL of a server with the setting PLACARD_ADDR. A server on all addresses is on loopback, too.
func defaultURL(addr string) string {
	if addr == "" {
		addr = "127.0.0.1:8080"
	}
	if host, port, err := net.SplitHostPort(addr); err == nil {
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			addr = net.JoinHostPort("127.0.0.1", port)
		}
	}
	return "http://" + addr + "/graphql"
}
