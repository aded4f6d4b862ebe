package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A client sends GraphQL operations over HTTP.
type client struct {
	endpoint *url.URL
	key      string // an API key, empty if the server needs none
	http     http.Client
}

// fields are the fields of an input object.
type fields = map[string]any

// query executes an operation and decodes the data of the response. It fails if the response has errors.
func (c *client) query(ctx context.Context, query string, variables fields, data any) error {
	body, err := json.Marshal(fields{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	type failure struct {
		Message    string
		Extensions struct {
			Code string
			Path json.RawMessage // the position in the input
		}
	}
	result := struct {
		Data   any
		Errors []failure
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&result); err != nil {
		return fmt.Errorf("%s sent %s without a GraphQL response: %w", c.endpoint, response.Status, err)
	}
	for _, f := range result.Errors {
		err = errors.Join(err, fmt.Errorf("%s: %s (path %s)", f.Extensions.Code, limit(f.Message, 1000), f.Extensions.Path))
	}
	return err
}

// A node is a run, an artifact or an artifact version.
type node struct {
	ID, Version string
	Artifact    *node
}

// A payload is the result of a mutation.
type payload struct {
	PipelineRun, StepRun node
	Outputs              []struct{ ArtifactVersion node }
}

// mutate executes a mutation with one input. The selection set is that of its payload.
func (c *client) mutate(ctx context.Context, name string, input fields, selection string) (payload, error) {
	title := strings.ToUpper(name[:1]) + name[1:]
	mutation := fmt.Sprintf("mutation %s($input: %sInput!) { %s(input: $input) { %s } }", title, title, name, selection)
	result := map[string]payload{}
	err := c.query(ctx, mutation, fields{"input": input}, &result)
	return result[name], err
}

// waitReady polls the server until it is ready, for a minute at most.
func (c *client) waitReady(ctx context.Context) error {
	address := (&url.URL{Scheme: c.endpoint.Scheme, Host: c.endpoint.Host, Path: "/readyz"}).String()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(250 * time.Millisecond) {
		response, err := c.http.Get(address)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("%s sent %s", address, response.Status)
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("the server is not ready: %w", err)
		}
	}
}
