package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/internal/requestid"
	"github.com/placard/placard/internal/store/storetest"
)

// TestErrorsDocument compares the examples of docs/reference/errors.md, in their order, with the errors of the API.
func TestErrorsDocument(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	replacer := a.mistakenObjects()
	for _, name := range []string{"churn_modle", "churn_model"} {
		if got, _ := a.do(`mutation { createArtifactVersion(input: {artifact: "`+name+`"}) { deduplicated } }`, ""); got["errors"] != nil {
			t.Fatal(got)
		}
	}
	log := mutate("logMetadata")
	body := `{"query": "` + log + `", "variables": {"i": {"metadata": {"loss": `
	body += strings.Repeat(" ", 160-len(body)) + "NaN}}}}"
	page, err := os.ReadFile("../docs/reference/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	examples := []func() any{
		func() any {
			return a.failure(log, replacer.Replace(`{"i": {"target": {"stepContext": {"stepRunId": "<two>"}}, "metadata": {"a": 1}}}`))
		},
		func() any {
			ctx, cancel := operation.NewTimeout(10).Start(t.Context(), time.Now().Add(-time.Minute))
			defer cancel()
			return presented(t, operation.Refuse(context.Cause(ctx)).Errors[0], ast.PathName("artifactVersion"), ast.PathName("upstream"))
		},
		func() any {
			return a.failure(log, `{"i": {"target": {"stepRunId": "x"}, "metadata": {"schema": {"$ref": "#"}}}}`)
		},
		func() any {
			return a.failure(log, `{"i": {"target": {"artifactVersion": {"name": "churn-model", "version": "1"}}, "metadata": {"a": 1}}}`)
		},
		func() any {
			return a.failure(log, replacer.Replace(`{"i": {"target": {"artifactVersionId": "<two>"}, "metadata": {"a": 1}}}`))
		},
		func() any { return a.failure("", body) },
		func() any { return a.failure(log, `{"input": {}}`) },
		func() any {
			return a.failure(log, `{"i": {"target": {"stepRunId": "x"}, "metadata": {"notes": "`+strings.Repeat("x", 70_000)+`"}}}`)
		},
		func() any {
			ctx := requestid.NewContext(t.Context(), "XTT6LCAS2WEVLX5WEDIRUP4ZRW")
			presenter := operation.NewPresenter(slog.New(slog.DiscardHandler))
			return presented(t, presenter.Present(ctx, errors.New("defect")), ast.PathName("artifact"), ast.PathName("versions"))
		},
	}
	if len(blocks) != len(examples) {
		t.Fatalf("%d examples, want %d", len(blocks), len(examples))
	}
	for i, block := range blocks {
		want := decode(t, []byte(block[1])).(map[string]any)
		if list, ok := want["errors"].([]any); ok {
			want = list[0].(map[string]any)
		}
		if got := examples[i](); !reflect.DeepEqual(got, any(want)) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
}

// presented returns an error at a path of the response as a client decodes it.
func presented(t *testing.T, failure *gqlerror.Error, path ...ast.PathElement) any {
	t.Helper()
	failure.Path = path
	text, err := json.Marshal(failure)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, text)
}

// failure returns the first error of an operation, or of a body if query is empty.
func (a *api) failure(query, variables string) any {
	a.Helper()
	list, _ := a.respond(query, variables)["errors"].([]any)
	if len(list) == 0 {
		a.Fatal("no error")
	}
	return list[0]
}
