package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// TestLimitKeys checks that an API key that has spent its budget is refused until it has something left; another one is
// not.
func TestLimitKeys(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, storetest.SQLite(t))
	w.limitRate(70)
	ask := func(caller, query string) *httptest.ResponseRecorder {
		recorder, _ := w.post(`{"query": "`+query+`"}`, "Authorization", "Bearer "+w.keys[caller])
		return recorder
	}
	const little, much = `{ serverInfo { version } }`, `{ artifacts(first: 100) { nodes { id name createdAt project { id name } } } }`
	for range 2 {
		if got := ask("reader", little); got.Code != http.StatusOK {
			t.Fatalf("%d: %s", got.Code, got.Body)
		}
	}
	if got := ask("reader", much); got.Code != http.StatusOK {
		t.Fatalf("who has something left may run anything: %d: %s", got.Code, got.Body)
	}
	got := ask("reader", little)
	if after := got.Header().Get("Retry-After"); got.Code != http.StatusTooManyRequests || after < "1" || after > "9" ||
		!strings.Contains(got.Body.String(), `"code":"LIMIT_EXCEEDED"`) || !strings.Contains(got.Body.String(), `"retryable":true`) {
		t.Errorf("%d, again after %s: %s", got.Code, after, got.Body)
	}
	if got := ask("writer", little); got.Code != http.StatusOK {
		t.Errorf("another key: %d: %s", got.Code, got.Body)
	}
	harness.Eventually(t, "the key may send requests again", func() bool { return ask("reader", little).Code == http.StatusOK })
}

// limitRate sets the rate limit of API keys.
func (w *world) limitRate(perMinute int64) {
	o := w.options
	o.RateLimit = perMinute
	w.configure(o)
}

// TestLimitProjects checks that the keys of a project share a budget, so that new keys do not raise it, and that
// entries have a price.
func TestLimitProjects(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, storetest.SQLite(t))
	w.limitRate(100)
	var facts strings.Builder
	for i := range 100 {
		fmt.Fprintf(&facts, "k%d: %d ", i, i)
	}
	log := func(secret string) *httptest.ResponseRecorder {
		recorder, _ := w.post(`{"query": "mutation { createArtifactVersion(input: {artifact: \"a\", metadata: {`+facts.String()+`}}) { deduplicated } }"}`,
			"Authorization", "Bearer "+secret)
		return recorder
	}
	accepted := 0
	for i := range 8 {
		secret := w.newKey(beta, "WRITER", fmt.Sprint("fresh ", i))
		switch got := log(secret); {
		case got.Code == http.StatusOK:
			accepted++
			if again := log(secret); again.Code != http.StatusTooManyRequests {
				t.Errorf("the key logs 200 entries: %d: %.300s", again.Code, again.Body)
			}
		case got.Code != http.StatusTooManyRequests || !strings.Contains(got.Body.String(), "the API keys of the project"):
			t.Fatalf("%d: %.300s", got.Code, got.Body)
		}
	}
	if accepted < 3 || accepted > 5 {
		t.Errorf("%d new keys of the project have logged", accepted)
	}
}
