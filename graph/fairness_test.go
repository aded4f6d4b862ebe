package graph_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// metered sends a query as a caller, with a meter for its statements.
func (w *world) metered(meter *storetest.Meter, caller, query string) string {
	return w.postMetered(context.Background(), meter, bodyOf(w, query), "Authorization", "Bearer "+w.keys[caller]).Body.String()
}

// crowd counts the statements that run at once.
type crowd struct {
	mu           sync.Mutex
	running, max int
	// exceeded is closed when more than the allowed statements run at once.
	exceeded chan struct{}
	allowed  int
}

// hold holds a statement for a moment, so that those that may run at once do.
func (c *crowd) hold(context.Context, string) {
	c.mu.Lock()
	c.running++
	if c.max = max(c.max, c.running); c.running == c.allowed+1 {
		select {
		case <-c.exceeded:
		default:
			close(c.exceeded)
		}
	}
	c.mu.Unlock()
	select {
	case <-c.exceeded:
	case <-time.After(500 * time.Microsecond):
	}
	c.mu.Lock()
	c.running--
	c.mu.Unlock()
}

// many returns a query with a field of Query twenty times.
func many(field string) string {
	var text strings.Builder
	for i := range 20 {
		fmt.Fprintf(&text, " f%d: "+field, i, alpha)
	}
	return "{" + text.String() + " }"
}

// everything returns operations that use every field of the schema, and operations with many root fields.
func (w *world) everything(a *asking) (all []string) {
	for _, texts := range a.questions(harness.Amount(1, 2)) {
		for _, text := range texts {
			all = append(all, w.put(alpha, alpha, text))
		}
	}
	all = append(all, many(`artifactVersion(ref: {named: {project: %q, name: "model"}}) { metadataJson tags aliases }`),
		many(`artifactVersions(project: %q, first: 2) { totalCount nodes { upstream { versions { id } } } }`))
	for _, field := range a.schema.Mutation.Fields {
		try := rules[field.Name].tries[0]
		w.fresh(alpha)
		all = append(all, w.put(alpha, alpha, "mutation { "+field.Name+"("+try+")"+a.below(a.schema.Types[field.Type.Name()], 2)+" }"))
	}
	return all
}

// TestStatementsAtOnce checks that no operation runs more than three statements at once, over the whole schema. It also
// runs every operation with a single permit: a statement that waited for another one of its operation would wait until
// the deadline. The control is the same operations without a bound.
func TestStatementsAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		w.fill(alpha, 3)
		for _, permits := range []int{3, 1, 100} {
			o := w.options
			o.StatementsPerOperation = permits
			w.configure(o)
			most := 0
			for _, query := range w.everything(newAsking()) {
				count := &crowd{exceeded: make(chan struct{}), allowed: permits}
				answer := w.metered(&storetest.Meter{Hold: count.hold}, "owner", query)
				if count.max > permits {
					t.Errorf("%d statements at once with %d permits: %s", count.max, permits, query)
				}
				if strings.Contains(answer, "LIMIT_EXCEEDED") || strings.Contains(answer, "INTERNAL") {
					t.Errorf("with %d permits: %.500s\n%s", permits, answer, query)
				}
				most = max(most, count.max)
			}
			if most < min(permits, 4) {
				t.Errorf("with %d permits, at most %d statements ran at once: the test proves nothing", permits, most)
			}
		}
	})
}

// TestFairness holds all statements of twenty clients of one API key, which search and look up in many root fields.
// Another key reads, searches, counts and writes as if they were not there. The control is a client of the first key,
// which waits until the others are released.
func TestFairness(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		w.fill(alpha, 3)
		limits := models.DefaultLimits()
		limits.ReadSeconds, limits.ConcurrentOperations = 30, 8
		w.configure(apitest.Options{Limits: &limits, RequireAPIKey: true})
		released := make(chan struct{})
		release := sync.OnceFunc(func() { close(released) })
		t.Cleanup(release)
		held := &storetest.Meter{Hold: func(_ context.Context, text string) {
			if !strings.Contains(text, "FROM api_keys") {
				select {
				case <-released:
				case <-t.Context().Done():
				}
			}
		}}
		searches, lookUps := many("artifactVersions(project: %q) { nodes { id } }"), many(`artifactVersion(ref: {named: {project: %q, name: "model"}}) { id }`)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() { w.metered(held, "writer", []string{searches, lookUps}[i%2]) })
		}
		harness.Eventually(t, "6 requests execute and 14 wait", func() bool {
			load := w.Queue.Stats()
			return load.InUse == 6 && load.Waiting == 14
		})
		for _, query := range []string{
			`{ serverInfo { version } }`,
			`{ artifactVersion(ref: {named: {project: "` + alpha + `", name: "model"}}) { metadataJson tags } }`,
			`{ artifactVersions(project: "` + alpha + `", where: {metadata: {key: "accuracy", gt: 0}}) { totalCount } }`,
			`mutation { createArtifactVersion(input: {project: "` + alpha + `", artifact: "other", metadata: {k: 1}}) { artifactVersion { metadataJson } } }`,
		} {
			if answer := w.metered(&storetest.Meter{}, "admin", query); strings.Contains(answer, `"errors"`) {
				t.Errorf("beside the crowd: %s\n%s", query, answer)
			}
		}
		control := make(chan string, 1)
		go func() { control <- w.metered(&storetest.Meter{}, "writer", `{ serverInfo { version } }`) }()
		harness.Eventually(t, "15 requests wait", func() bool {
			return w.Queue.Stats().Waiting == 15
		})
		select {
		case answer := <-control:
			t.Errorf("the control: a client of the same key does not wait: %s", answer)
		default:
		}
		release()
		harness.Wait(t, "the crowd is answered", &all)
		if answer := harness.Receive(t, "the control is answered", control); strings.Contains(answer, `"errors"`) {
			t.Errorf("the control afterwards: %s", answer)
		}
	})
}
