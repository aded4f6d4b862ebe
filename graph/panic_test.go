package graph_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/requestid"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

// TestPanic checks a resolver that panics, because its store has no database. The response is an internal error with the ID of
// the request, the log has the stack, and the server executes further requests.
func TestPanic(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	a := newAPI(t, new(store.Store), apitest.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	ctx := requestid.NewContext(t.Context(), "the-id")
	for _, query := range []string{`{ artifact(name: "a") { id } }`, `mutation { createProject(input: {name: "a"}) { project { id } } }`} {
		log.Reset()
		w := a.postMetered(ctx, &storetest.Meter{}, bodyOf(t, query))
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, `"code":"INTERNAL","requestId":"the-id"`) || !strings.Contains(body, "null") ||
			strings.Contains(body, "nil pointer") || strings.Contains(body, ".go") {
			t.Errorf("%s: got %d %s", query, w.Code, body)
		}
		for _, wanted := range []string{"nil pointer", "requestId=the-id", "graph/"} {
			if !strings.Contains(log.String(), wanted) {
				t.Errorf("the log lacks %s:\n%.2000s", wanted, &log)
			}
		}
		if w = a.postMetered(ctx, &storetest.Meter{}, bodyOf(t, "{ serverInfo { version } }")); !strings.Contains(w.Body.String(), `"version":"test"`) {
			t.Errorf("afterwards: %s", w.Body)
		}
	}
}
