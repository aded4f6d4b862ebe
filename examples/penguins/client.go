package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds how much of an answer is read; the pipeline's own answers are a few kilobytes.
const maxAnswer = 16 << 20

// A client talks to the GraphQL API over HTTP.
type client struct {
	endpoint *url.URL
	// key is sent as a bearer token; empty where the server runs without keys.
	key  string
	http *http.Client
	// pauses are waited between attempts, so there is one attempt more than pauses.
	pauses []time.Duration
}

// newClient checks the address and returns a client for it.
func newClient(address, key string) (*client, error) {
	endpoint, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if endpoint.Host == "" || (endpoint.Scheme != "http" && endpoint.Scheme != "https") {
		return nil, fmt.Errorf("-url wants something like http://127.0.0.1:8080/graphql, not %q", address)
	}
	return &client{
		endpoint: endpoint,
		key:      key,
		http:     &http.Client{Timeout: 30 * time.Second},
		pauses:   []time.Duration{200 * time.Millisecond, time.Second},
	}, nil
}

// page is the address of another page of the same host.
func (c *client) page(path string) string {
	return (&url.URL{Scheme: c.endpoint.Scheme, Host: c.endpoint.Host, Path: path}).String()
}

// graphQLErrors are the errors of one answer.
type graphQLErrors []graphQLError

// A graphQLError is one error as the server says it. Code is stable; Path leads to the place in the input.
type graphQLError struct {
	Message    string `json:"message"`
	Extensions struct {
		Code      string `json:"code"`
		Path      []any  `json:"path"`
		Retryable bool   `json:"retryable"`
		RequestID string `json:"requestId"`
	} `json:"extensions"`
}

// Error says code, message and place of every error, one per line.
func (e graphQLErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = oneLine(one.Extensions.Code + ": " + one.Message)
		if len(one.Extensions.Path) > 0 {
			path, _ := json.Marshal(one.Extensions.Path)
			lines[i] += " (at " + string(path) + ")"
		}
		if one.Extensions.RequestID != "" {
			lines[i] += " (request " + one.Extensions.RequestID + ")"
		}
	}
	return strings.Join(lines, "\n")
}

// A transientError is a failure on the way, after which the same request may be sent again.
type transientError struct{ error }

// Unwrap gives the failure itself, so that a stopped program is seen as one.
func (e transientError) Unwrap() error { return e.error }

// do runs one operation and decodes its data. What failed on the way, or what the server calls retryable, is sent again
// unchanged. That is safe because every write here either carries an idempotency key or says where to end up.
func (c *client) do(ctx context.Context, query string, variables object, data any) error {
	body, err := json.Marshal(object{{"query", query}, {"variables", variables}})
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		err = c.post(ctx, body, data)
		if err == nil || ctx.Err() != nil || attempt == len(c.pauses) || !transient(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(c.pauses[attempt]):
		}
	}
}

// transient says whether another attempt can help.
func transient(err error) bool {
	var answered graphQLErrors
	if errors.As(err, &answered) {
		for _, one := range answered {
			if !one.Extensions.Retryable {
				return false
			}
		}
		return true
	}
	return errors.As(err, new(transientError))
}

// post sends the body once. Errors in the answer win over its data: a fact that was not stored must not pass unseen.
func (c *client) post(ctx context.Context, body []byte, data any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return transientError{err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return transientError{err}
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors graphQLErrors   `json:"errors"`
	}
	err = json.Unmarshal(text, &answer)
	switch {
	case err == nil && len(answer.Errors) > 0:
		return answer.Errors
	case response.StatusCode >= 500:
		return transientError{fmt.Errorf("%s answered %s", c.endpoint, response.Status)}
	case err != nil || len(answer.Data) == 0:
		return fmt.Errorf("%s answered %s and no GraphQL", c.endpoint, response.Status)
	}
	return json.Unmarshal(answer.Data, data)
}

// waitReady polls /readyz until the server says that it is ready, so that server and pipeline may start together.
func (c *client) waitReady(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		problem := c.ready(ctx)
		if problem == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("no server became ready in %s: %w", patience, problem)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// ready asks once, and gives up soon enough to ask again.
func (c *client) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.page("/readyz"), nil)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", request.URL, response.Status)
	}
	return nil
}
