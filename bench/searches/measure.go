package searches

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// service is a server on a filled database.
type service struct {
	store    *store.Store
	server   *gqlhttp.Handler
	versions int
}

func open(ctx context.Context, url string, versions int, options ...store.Option) (*service, error) {
	quiet := slog.New(slog.DiscardHandler)
	s, err := store.Open(ctx, url, quiet, options...)
	if err != nil {
		return nil, err
	}
	limits := models.DefaultLimits()
	limits.ReadSeconds, limits.QueryTokens = 600, 100_000
	api, err := apitest.New(s, apitest.Options{Limits: &limits})
	return &service{s, api, versions}, err
}

// send sends a query and returns the response and its duration.
func (s *service) send(ctx context.Context, query string, variables map[string]any) (*httptest.ResponseRecorder, time.Duration, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, 0, err
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	begin := time.Now()
	s.server.ServeHTTP(w, r)
	return w, time.Since(begin), nil
}

// post sends a query and returns its data and its duration.
func (s *service) post(ctx context.Context, query string, variables map[string]any) (map[string]any, time.Duration, error) {
	w, took, err := s.send(ctx, query, variables)
	if err != nil {
		return nil, 0, err
	}
	var answer struct {
		Data   map[string]any
		Errors []any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		return nil, took, err
	}
	if len(answer.Errors) > 0 {
		return nil, took, fmt.Errorf("%v", answer.Errors)
	}
	return answer.Data, took, nil
}

// result has the durations of the runs of a query.
type result struct {
	least, p50, p99 time.Duration
	// rows is the number of versions in the last response.
	rows int
}

// measure executes a query a number of times after a warm-up.
func (s *service) measure(ctx context.Context, q measuredQuery, runs int) (result, error) {
	random := rand.New(rand.NewPCG(3, 4))
	var r result
	times := make([]time.Duration, 0, runs)
	for n := -max(runs/10, 10); n < runs; n++ {
		variables := q.ask(random, s.versions)
		if q.page > 1 {
			after, err := s.pageCursor(ctx, q, variables)
			if err != nil {
				return r, err
			}
			variables["after"] = after
		}
		answer, took, err := s.post(ctx, q.query, variables)
		if err != nil {
			return r, fmt.Errorf("query %s: %w", q.name, err)
		}
		r.rows = len(nodesOf(answer))
		if n >= 0 {
			times = append(times, took)
		}
	}
	slices.Sort(times)
	r.least, r.p50, r.p99 = times[0], times[len(times)/2], times[len(times)*99/100]
	return r, nil
}

func nodesOf(answer map[string]any) []any {
	list, _ := answer["artifactVersions"].(map[string]any)
	nodes, _ := list["nodes"].([]any)
	return nodes
}

// cursors has the cursor of each measured page.
var cursors = map[string]string{}

// pageCursor returns the cursor of the page of a query.
func (s *service) pageCursor(ctx context.Context, q measuredQuery, variables map[string]any) (string, error) {
	name := fmt.Sprintf("%p %s", s, q.name)
	if cursors[name] == "" {
		at := map[string]any{"where": variables["where"]}
		for range q.page - 1 {
			answer, _, err := s.post(ctx, q.query, at)
			if err != nil {
				return "", err
			}
			at["after"] = answer["artifactVersions"].(map[string]any)["pageInfo"].(map[string]any)["endCursor"]
		}
		cursors[name] = at["after"].(string)
	}
	return cursors[name], nil
}

// explain prints the statements of a query with their plans.
func (s *service) explain(ctx context.Context, q measuredQuery, out io.Writer) error {
	type statement struct {
		text string
		args []any
	}
	var sent []statement
	meter := &storetest.Meter{Record: func(text string, args []any) { sent = append(sent, statement{text, args}) }}
	variables := q.ask(rand.New(rand.NewPCG(5, 6)), s.versions)
	if q.page > 1 {
		after, err := s.pageCursor(ctx, q, variables)
		if err != nil {
			return err
		}
		variables["after"] = after
	}
	if _, _, err := s.post(storetest.WithMeter(ctx, meter), q.query, variables); err != nil {
		return err
	}
	for _, one := range sent {
		plan, err := s.store.Explain(ctx, one.text, one.args)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n--- question %s\n%s\n%v\n%s\n", q.name, one.text, one.args, strings.Join(plan, "\n"))
	}
	return nil
}
