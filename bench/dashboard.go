package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"

	"github.com/placard/placard/bench/client"
	"github.com/placard/placard/bench/report"
)

// dashboardCommand measures the pages in a browser.
type dashboardCommand struct {
	settings
	Browser  string `help:"Chromium." env:"PLACARD_TEST_BROWSER" required:"" placeholder:"PATH"`
	Versions int    `help:"Versions of the artifact." default:"10000"`
	Keys     int    `help:"Keys of each version." default:"200"`
}

// largeArtifact is the name of the artifact. Its cards have up to cardKeys keys.
const (
	largeArtifact = "large"
	cardKeys      = 20
)

// Run fills one artifact on each engine, and prints the times and the long tasks of the pages.
func (c *dashboardCommand) Run(ctx context.Context) error {
	return c.with(ctx, "dashboard", func(report.Run) error {
		install := exec.CommandContext(ctx, "npm", "--prefix", "e2e/browser", "ci", "--no-audit", "--no-fund")
		if out, err := install.CombinedOutput(); err != nil {
			return fmt.Errorf("npm ci: %w: %s", err, out)
		}
		for _, engine := range c.Engines {
			if err := c.measureEngine(ctx, engine); err != nil {
				return fmt.Errorf("%s: %w", engine, err)
			}
		}
		return nil
	})
}

func (c *dashboardCommand) measureEngine(ctx context.Context, engine string) (err error) {
	bed, err := c.newTestbed(ctx, engine, "dashboard", c.Program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bed.server.Stop()) }()
	if err := c.fill(ctx, bed.server.Address); err != nil {
		return err
	}
	fmt.Printf("%s: %d versions with %d keys\n", engine, c.Versions, c.Keys)
	look := exec.CommandContext(ctx, "node", "e2e/browser/measure.mjs", "http://"+bed.server.Address, largeArtifact,
		strconv.Itoa(c.Versions))
	look.Env = append(os.Environ(), "BROWSER="+c.Browser)
	look.Stdout, look.Stderr = os.Stdout, os.Stderr
	return look.Run()
}

// fillClients is the number of requests at the same time, fillCount the number of versions of a load.
const (
	fillClients = 8
	fillCount   = 500
)

// fill creates the versions.
func (c *dashboardCommand) fill(ctx context.Context, address string) error {
	var created atomic.Int64
	load := client.Load{Address: address, Clients: fillClients, Operation: client.Operation{Name: "create a version",
		Next: func(*rand.Rand) ([]byte, func([]byte) error) {
			return client.Post("/graphql", "", c.version(int(created.Add(1)))), checkCreated
		}}}
	for left := c.Versions; left > 0; left -= fillCount {
		if _, err := load.RunCount(ctx, min(left, fillCount)); err != nil {
			return err
		}
	}
	return nil
}

// version returns the request that creates a version. Its facts are points of curves.
func (c *dashboardCommand) version(n int) []byte {
	var body bytes.Buffer
	body.WriteString(`{"query":"mutation($a: String!, $m: JSONObject) { ` +
		`createArtifactVersion(input: {artifact: $a, metadata: $m}) { deduplicated } }","variables":`)
	fmt.Fprintf(&body, `{"a":%q,"m":{`, largeArtifact)
	for key := range c.Keys {
		switch {
		case key == 0:
			body.WriteString(`"card 0":{`)
		case key%cardKeys == 0:
			fmt.Fprintf(&body, `},"card %d":{`, key/cardKeys)
		default:
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `"key %d":%g`, key, math.Sin(float64(n*(key+1))/1000)+float64(key))
	}
	body.WriteString("}}}}")
	return body.Bytes()
}

// checkCreated requires a version.
func checkCreated(body []byte) error {
	if !bytes.Contains(body, []byte(`"deduplicated":false`)) {
		return fmt.Errorf("no version: %.300s", body)
	}
	return nil
}
