package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/distribution"
)

// CitusVariable names the environment variable with the URL of a database of the coordinator of a Citus cluster. Its
// user must be a superuser of all nodes. With it, the tests that run on each engine also run on the cluster.
const CitusVariable = "PLACARD_TEST_CITUS_URL"

func init() {
	if os.Getenv(CitusVariable) != "" {
		Engines["citus"] = Citus
	}
}

// citus is the cluster that the tests of a package share.
var citus struct {
	once sync.Once
	err  error
	// nodes are the databases of the coordinator and of the workers to create others from.
	nodes []*url.URL
	// copies excludes two copies at once: PostgreSQL refuses to copy a database that another session copies.
	copies sync.Mutex
}

// citusTemplate is a distributed database without objects, and plainTemplate the same one before it was distributed.
// The databases of the tests are copies.
var (
	citusTemplate = fmt.Sprintf("placard_citus_%d", os.Getpid())
	plainTemplate = fmt.Sprintf("placard_plain_%d", os.Getpid())
)

// Citus returns the URL of a new distributed database, which is dropped when the test ends.
func Citus(t testing.TB) string {
	t.Helper()
	databaseURL := newCitusDatabase(t, citusTemplate)
	for name, value := range distribution.Settings() {
		if err := executeAt(databaseURL, fmt.Sprintf("DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET %s = %%L', current_database(), '%s'); END $$",
			name, value)); err != nil {
			t.Fatal(err)
		}
	}
	return databaseURL
}

// UndistributedCitus returns the URL of a new database with the extension Citus and tables that are not distributed. It
// is dropped when the test ends.
func UndistributedCitus(t testing.TB) string {
	t.Helper()
	return newCitusDatabase(t, plainTemplate)
}

// EmptyCitus returns the URL of a new database with the extension Citus and without tables. It is dropped when the test
// ends.
func EmptyCitus(t testing.TB) string {
	t.Helper()
	startCitus(t)
	name := citusName()
	dropAfter(t, name)
	if err := createCitusDatabase(name); err != nil {
		t.Fatal(err)
	}
	return citusURL(0, name)
}

// startCitus makes the templates. It skips the test without a cluster: no package registry has Citus, so CI relies on
// the test that looks for statements that Citus refuses.
func startCitus(t testing.TB) {
	t.Helper()
	given := os.Getenv(CitusVariable)
	if given == "" {
		t.Skip("LEFT OUT: nothing is tested on Citus, because " + CitusVariable + " is not set")
	}
	citus.once.Do(func() { citus.err = makeCitusTemplates(given) })
	if citus.err != nil {
		t.Fatalf("the Citus cluster to test on: %v", citus.err)
	}
}

func citusName() string { return fmt.Sprintf("placard_test_%d_%d", os.Getpid(), cluster.n.Add(1)) }

// citusURL returns the URL of a database on a node; 0 is the coordinator.
func citusURL(node int, name string) string {
	u := *citus.nodes[node]
	u.Path = "/" + name
	return u.String()
}

func newCitusDatabase(t testing.TB, template string) string {
	t.Helper()
	startCitus(t)
	name := citusName()
	dropAfter(t, name)
	citus.copies.Lock()
	defer citus.copies.Unlock()
	if err := onCitusNodes("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY FILE_COPY"); err != nil {
		t.Fatal(err)
	}
	return citusURL(0, name)
}

func dropAfter(t testing.TB, name string) {
	t.Cleanup(func() {
		if err := dropCitusDatabase(name); err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
	})
}

// dropCitusDatabase tries again while the maintenance daemon of Citus ends. Each attempt waits for it for 5 seconds.
func dropCitusDatabase(name string) (err error) {
	for range 10 {
		if err = onCitusNodes("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err == nil {
			break
		}
	}
	return err
}

// dropCitusTemplates leaves a given cluster as it was.
func dropCitusTemplates() {
	if citus.nodes != nil {
		_ = errors.Join(dropCitusDatabase(citusTemplate), dropCitusDatabase(plainTemplate)) // the tests have ended
	}
}

// onCitusNodes runs a statement about databases on each node, at the same time.
func onCitusNodes(statement string) error {
	errs := make([]error, len(citus.nodes))
	var wait sync.WaitGroup
	for i, node := range citus.nodes {
		wait.Go(func() {
			errs[i] = withConnection(node.String(), func(ctx context.Context, db *sql.DB) error {
				db.SetMaxOpenConns(1)
				_, err := db.ExecContext(ctx, "SET citus.enable_create_database_propagation = off")
				if err == nil {
					_, err = db.ExecContext(ctx, statement)
				}
				return err
			})
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// createCitusDatabase makes a database with the extension on each node, and registers the workers.
func createCitusDatabase(name string) error {
	if err := onCitusNodes("CREATE DATABASE " + name); err != nil {
		return err
	}
	for node := range citus.nodes {
		if err := executeAt(citusURL(node, name), "CREATE EXTENSION citus"); err != nil {
			return err
		}
	}
	for node, address := range citus.nodes {
		function := "citus_add_node"
		if node == 0 {
			function = "citus_set_coordinator_host"
		}
		err := executeAt(citusURL(0, name), fmt.Sprintf("SELECT %s('%s', %s)", function, address.Hostname(), address.Port()))
		if err != nil {
			return err
		}
	}
	return nil
}

// makeCitusTemplates finds the nodes of the cluster and makes the templates.
func makeCitusTemplates(given string) error {
	coordinator, err := url.Parse(given)
	if err != nil {
		return fmt.Errorf("%s is no URL", CitusVariable)
	}
	nodes, err := readWorkers(coordinator)
	if err != nil {
		return err
	}
	citus.nodes = nodes
	ctx, silent := context.Background(), slog.New(slog.DiscardHandler)
	for _, name := range []string{plainTemplate, citusTemplate} {
		if err := createCitusDatabase(name); err != nil {
			return err
		}
		s, err := store.Open(ctx, citusURL(0, name), silent)
		if err == nil {
			err = s.Close()
		}
		if err == nil && name == citusTemplate {
			_, err = distribution.Distribute(ctx, citusURL(0, name), func(string) {})
		}
		if err == nil {
			err = onCitusNodes("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false")
		}
		if err != nil {
			return err
		}
		if err := endSessions(name); err != nil {
			return err
		}
	}
	return nil
}

// endSessions ends the sessions of a database, such as that of the maintenance daemon, which would prevent a copy.
func endSessions(name string) error {
	for _, node := range citus.nodes {
		err := withConnection(node.String(), func(ctx context.Context, db *sql.DB) error {
			for {
				var sessions int
				err := db.QueryRowContext(ctx, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1",
					name).Scan(&sessions)
				if err != nil || sessions == 0 {
					return err
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readWorkers returns the URLs of the database postgres on the coordinator and on its workers.
func readWorkers(coordinator *url.URL) ([]*url.URL, error) {
	u := *coordinator
	u.Path = "/postgres"
	nodes := []*url.URL{&u}
	err := withConnection(coordinator.String(), func(ctx context.Context, db *sql.DB) error {
		rows, err := db.QueryContext(ctx, "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 ORDER BY groupid")
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // rows.Err returns its error
		for rows.Next() {
			var host string
			var port int
			if err := rows.Scan(&host, &port); err != nil {
				return err
			}
			worker := u
			worker.Host = net.JoinHostPort(host, strconv.Itoa(port))
			nodes = append(nodes, &worker)
		}
		return rows.Err()
	})
	return nodes, err
}
