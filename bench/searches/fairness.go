package searches

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/placard/placard/bench/load"
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// fairnessVersions is the size of the database on which fairness is measured.
const fairnessVersions = 11_500

// greedyClients is the number of clients of one API key that send the most expensive operations at once.
const greedyClients = 20

// measure measures the requests of one API key while another one sends the most expensive operations that the server
// allows.
func (c *FairnessCommand) measure(ctx context.Context, engine string) (err error) {
	database, err := c.database(ctx, engine, fairnessVersions)
	if err != nil {
		return err
	}
	if !c.Keep {
		defer func() { err = errors.Join(err, c.drop(ctx, engine, fairnessVersions)) }()
	}
	if err := fill(ctx, database, fairnessVersions); err != nil {
		return err
	}
	greedy, err := newKey(ctx, database, "greedy")
	if err != nil {
		return err
	}
	modest, err := newKey(ctx, database, "modest")
	if err != nil {
		return err
	}
	binary, err := c.binary(ctx)
	if err != nil {
		return err
	}
	server, err := startServer(ctx, binary, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	quiet := server.probe(ctx, modest, c.Runs)
	fmt.Printf("\n%s, %d versions, beside %d clients of another API key, milliseconds: p50 / p99 / max\n\n", engine, fairnessVersions, greedyClients)
	fmt.Println("| request | attack | quiet | beside | p99 by quiet p99 | failed |\n|---|---|---|---|---|---|")
	for _, rootFields := range []int{1, 20} {
		size := server.largestAllowed(ctx, greedy, attack{rootFields, 20})
		stop := server.attack(ctx, greedy, size)
		busy := server.probe(ctx, modest, c.Runs)
		answered, failed := stop()
		for i, p := range probes() {
			fmt.Printf("| %s | %s | %s | %s | %.1f | %d |\n", p.name, size, quiet[i], busy[i], ratio(busy[i], quiet[i]), busy[i].failed)
		}
		fmt.Printf("| attack: %d answered, %d failed | %s | | | | |\n", answered, failed, size)
	}
	return nil
}

// newKey creates an API key with the role WRITER in the project of the data.
func newKey(ctx context.Context, database, name string) (secret string, err error) {
	s, err := store.Open(ctx, database, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	role := models.ApiKeyRoleWriter
	input := models.CreateApiKeyInput{Name: fmt.Sprintf("%s %d", name, time.Now().UnixNano()), Role: &role}
	_, secret, err = s.CreateApiKey(auth.NewContext(ctx, auth.Anonymous), nil, input)
	return secret, err
}

// program is a server process.
type program struct {
	address string
	process *exec.Cmd
	client  *http.Client
}

// binary returns the path of the server, which it builds unless the settings name one.
func (c *FairnessCommand) binary(ctx context.Context) (string, error) {
	if c.Program != "" {
		return c.Program, nil
	}
	binary := filepath.Join(c.Folder, "placard")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w: %s", err, out)
	}
	return binary, nil
}

// startServer starts a server on a database.
func startServer(ctx context.Context, binary, database string) (*program, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &program{address: listener.Addr().String(), client: &http.Client{
		Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * greedyClients},
	}}
	if err := listener.Close(); err != nil {
		return nil, err
	}
	p.process = exec.CommandContext(ctx, binary)
	p.process.Env = append(os.Environ(), "PLACARD_ADDR="+p.address, "PLACARD_DATABASE_URL="+database,
		"PLACARD_AUTH=keys", "PLACARD_LOG_LEVEL=error")
	p.process.Stderr = os.Stderr
	if err := p.process.Start(); err != nil {
		return nil, err
	}
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(50 * time.Millisecond) {
		if _, err := p.ready(ctx); err == nil {
			return p, nil
		}
	}
	return nil, errors.Join(errors.New("the server is not ready after a minute"), p.stop())
}

func (p *program) stop() error {
	if err := p.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.process.Wait()
}

// send sends a request and returns how long it took. It fails unless the response has status 200 and no errors.
func (p *program) send(r *http.Request) (time.Duration, error) {
	begin := time.Now()
	response, err := p.client.Do(r)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(response.Body)
	took := time.Since(begin)
	err = errors.Join(err, response.Body.Close())
	if err == nil && (response.StatusCode != http.StatusOK || bytes.HasPrefix(text, []byte(`{"errors"`))) {
		err = fmt.Errorf("status %d: %.300s", response.StatusCode, text)
	}
	return took, err
}

func (p *program) ready(ctx context.Context) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/readyz", nil)
	if err != nil {
		return 0, err
	}
	return p.send(r)
}

func (p *program) ask(ctx context.Context, key, query string, variables object) (time.Duration, error) {
	body, err := json.Marshal(object{"query": query, "variables": variables})
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+key)
	return p.send(r)
}

// attack is a search without an index and without a match, in a number of root fields.
type attack struct{ rootFields, conditions int }

func (a attack) String() string { return fmt.Sprintf("%d × `or` of %d", a.rootFields, a.conditions) }

func (a attack) query() string {
	var text strings.Builder
	for i := range a.rootFields {
		fmt.Fprintf(&text, " f%d: artifactVersions(first: 1, where: $where) { nodes { id } }", i)
	}
	return "query($where: ArtifactVersionFilter!) {" + text.String() + " }"
}

func (a attack) variables() object {
	var conditions []object
	for n := range a.conditions {
		condition := key(nil, "framework", "contains", fmt.Sprintf("ZQ%d", n))
		condition["metadata"].(object)["ignoreCase"] = true
		conditions = append(conditions, condition)
	}
	return where(object{"or": conditions})
}

// largestAllowed returns the largest attack up to a whose cost the server accepts. It halves the number of conditions
// or root fields.
func (p *program) largestAllowed(ctx context.Context, key string, a attack) attack {
	for {
		_, err := p.ask(ctx, key, a.query(), a.variables())
		switch {
		case err == nil || !strings.Contains(err.Error(), "cost of a query") && !strings.Contains(err.Error(), "conditions") ||
			a.conditions == 1:
			return a
		case a.rootFields > 1:
			a.rootFields /= 2
		default:
			a.conditions /= 2
		}
	}
}

// attack repeats an attack from all greedy clients until stop is called.
func (p *program) attack(ctx context.Context, key string, a attack) (stop func() (answered, failed int)) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	var mu sync.Mutex
	var answered, failed int
	for range greedyClients {
		all.Go(func() {
			for ctx.Err() == nil {
				_, err := p.ask(ctx, key, a.query(), a.variables())
				mu.Lock()
				if err == nil {
					answered++
				} else if failed++; ctx.Err() == nil {
					time.Sleep(10 * time.Millisecond) // do not spin on refusals
				}
				mu.Unlock()
			}
		})
	}
	time.Sleep(2 * time.Second) // until the server is busy
	return func() (int, int) {
		cancel()
		all.Wait()
		return answered, failed
	}
}

// probe is a request whose time is measured.
type probe struct {
	name string
	// query is empty for /readyz. It has %d for the number of the request.
	query string
}

func probes() []probe {
	artifact := load.ArtifactName(1)
	return []probe{
		{"/readyz", ""},
		{"serverInfo", `{ serverInfo { version } } #%d`},
		{"one version with its metadata", `{ artifactVersion(ref: {named: {name: "` + artifact + `"}}) { version metadataJson } } #%d`},
		{"a search by an index", `{ artifactVersions(first: 10, where: {artifact: {eq: "` + artifact + `"}}) { nodes { version } } } #%d`},
		{"logMetadata", `mutation { logMetadata(input: {target: {artifactVersion: {name: "` + artifact + `", version: "1"}}, metadata: {rows: %d}}) { deduplicated } }`},
	}
}

// timing holds the durations of the requests of a probe, and how many failed.
type timing struct {
	p50, p99, max time.Duration
	failed        int
}

func (t timing) String() string {
	return milliseconds(t.p50) + " / " + milliseconds(t.p99) + " / " + milliseconds(t.max)
}

func ratio(busy, quiet timing) float64 { return float64(busy.p99) / float64(max(quiet.p99, 1)) }

// probe sends each of the probes as often as runs, one after the other, with a pause of 10 ms, and changes the probe
// each time.
func (p *program) probe(ctx context.Context, key string, runs int) []timing {
	all := make([][]time.Duration, len(probes()))
	timings := make([]timing, len(all))
	for n := -10; n < runs; n++ {
		for i, one := range probes() {
			var took time.Duration
			var err error
			if one.query == "" {
				took, err = p.ready(ctx)
			} else {
				took, err = p.ask(ctx, key, fmt.Sprintf(one.query, n), nil)
			}
			if err != nil {
				timings[i].failed++
				fmt.Fprintf(os.Stderr, "%s: %v\n", one.name, err)
			} else if n >= 0 {
				all[i] = append(all[i], took)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	for i, times := range all {
		if len(times) == 0 {
			continue
		}
		slices.Sort(times)
		timings[i].p50, timings[i].p99, timings[i].max = times[len(times)/2], times[len(times)*99/100], times[len(times)-1]
	}
	return timings
}
