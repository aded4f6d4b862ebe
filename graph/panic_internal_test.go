package graph

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/placard/placard/models"
)

// TestPanic: a resolver that panics, here for lack of a store, is an internal error with the ID of the request; the log
// has the stack, the answer nothing of it, and the server goes on.
func TestPanic(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := NewServer(nil, models.DefaultLimits(), "test", slog.New(slog.NewTextHandler(&log, nil)))
	ctx := WithRequestID(t.Context(), "the-id")
	for _, query := range []string{`{ artifact(name: "a") { id } }`, `mutation { createProject(input: {name: "a"}) { project { id } } }`} {
		log.Reset()
		w := post(ctx, s, query, typeJSON)
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
		if w = post(ctx, s, "{ serverInfo { version } }", typeJSON); !strings.Contains(w.Body.String(), `"version":"test"`) {
			t.Errorf("afterwards: %s", w.Body)
		}
	}
}
