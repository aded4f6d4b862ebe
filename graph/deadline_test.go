package graph_test

import (
	"database/sql"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the database that is looked at

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestDeadline checks that a query which takes too long also ends in the database, and that the response names the
// timeout.
func TestDeadline(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		patient := a.Handler
		a.askTooMuch(func() {})
		if strings.HasPrefix(url, "postgres") {
			waitUntilIdle(t, url)
		}
		a.Handler = patient // and the server goes on
		if got, _ := a.do(`{ artifactVersions(where: {metadata: {key: "text", contains: "é"}}) { totalCount } }`, ""); fmt.Sprint(got["data"]) != "map[artifactVersions:map[totalCount:40]]" {
			t.Errorf("got %.500v", got)
		}
	})
}

// TestGivingUpGetsLost checks that PostgreSQL ends a statement whose connection is gone, even if no new connection can
// cancel it.
func TestGivingUpGetsLost(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	url := storetest.Postgres(t)
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", harness.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go forward(t, listener, config)
	a := open(t, fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", config.User, listener.Addr(), config.Database))
	a.askTooMuch(func() {
		// It opens the connection for the query.
		if got, _ := a.do(`{ artifactVersions(where: {metadata: {key: "text", startsWith: "x"}}) { nodes { id } } }`, ""); got["errors"] != nil {
			t.Fatal(got["errors"])
		}
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	waitUntilIdle(t, url)
}

// forward connects the clients of a listener with PostgreSQL until the listener is closed.
func forward(t *testing.T, listener net.Listener, to *pgx.ConnConfig) {
	for {
		here, err := listener.Accept()
		if err != nil {
			return
		}
		network, address := pgconn.NetworkAddress(to.Host, to.Port)
		there, err := net.DialTimeout(network, address, harness.Limit)
		if err != nil {
			t.Error(err)
			return
		}
		for from, to := range map[net.Conn]net.Conn{here: there, there: here} {
			go func() {
				_, _ = io.Copy(to, from) // it ends with either side
				_ = to.Close()
			}()
		}
	}
}

// askTooMuch sends a query that takes minutes: 199 searches in 40 long texts without regard to case. It checks that the
// query fails at its deadline. It calls ready just before it sends the query.
func (a *api) askTooMuch(ready func()) {
	a.Helper()
	long := strings.Repeat("é", 30_000)
	for range 40 {
		if got, _ := a.do(`mutation($m: JSONObject) { createArtifactVersion(input: {artifact: "a", metadata: $m}) { deduplicated } }`,
			`{"m": {"text": "`+long+`"}}`); got["errors"] != nil {
			a.Fatal(got["errors"])
		}
	}
	ready()
	limits := models.DefaultLimits()
	limits.ReadSeconds, limits.QueryCost = 0.25, math.MaxInt32
	a.configure(apitest.Options{Limits: &limits})
	none := make([]string, 199)
	for i := range none {
		none[i] = fmt.Sprintf(`{"metadata": {"key": "text", "contains": "x%d", "ignoreCase": true}}`, i)
	}
	got, _ := a.do(`query($w: ArtifactVersionFilter) { artifactVersions(where: $w) { nodes { id } } }`,
		`{"w": {"artifact": {"eq": "a"}, "or": [`+strings.Join(none, ",")+`]}}`)
	errors, _ := got["errors"].([]any)
	if len(errors) != 1 || fmt.Sprint(got["data"]) != "map[artifactVersions:<nil>]" {
		a.Fatalf("got %.500v", got)
	}
	failure := errors[0].(map[string]any)
	if code := failure["extensions"].(map[string]any)["code"]; code != "LIMIT_EXCEEDED" || !strings.Contains(fmt.Sprint(failure["message"]), "0.25 seconds") ||
		fmt.Sprint(failure["path"]) != "[artifactVersions]" {
		a.Errorf("got %v", failure)
	}
}

// waitUntilIdle waits until the database runs no statement for anybody else.
func waitUntilIdle(t *testing.T, url string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	harness.Eventually(t, "no statement runs", func() bool {
		var active int
		if err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()`).Scan(&active); err != nil {
			t.Fatal(err)
		}
		return active == 0
	})
}
