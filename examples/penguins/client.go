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

// A node is a run or an artifact version.
type node struct{ ID, Version string }

// mutate executes a mutation with one input. The payload is a field of the result with its selection set, if any.
func (c *client) mutate(ctx context.Context, name string, input fields, payload string) (n node, err error) {
	title := strings.ToUpper(name[:1]) + name[1:]
	mutation := fmt.Sprintf("mutation %s($input: %sInput!) { %s(input: $input) { %s } }", title, title, name, payload)
	result := map[string]map[string]json.RawMessage{}
	if err := c.query(ctx, mutation, fields{"input": input}, &result); err != nil {
		return n, err
	}
	if field, _, selection := strings.Cut(payload, " "); selection {
		err = json.Unmarshal(result[name][field], &n)
	}
	return n, err
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
