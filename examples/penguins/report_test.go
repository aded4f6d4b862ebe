package main

import (
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite testdata/report.golden")

func TestReport(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	f.stored = true
	report, err := execute(t.Context(), c.endpoint.String(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(report, c.endpoint.Host, "127.0.0.1:8080")
	if f.polls != 2 || len(f.requests) != 1 {
		t.Errorf("%d polls and %d requests, want 2 and 1: -once runs nothing if a model is stored", f.polls, len(f.requests))
	}
	if *update {
		if err := os.WriteFile("testdata/report.golden", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/report.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("report:\n%s\nwant:\n%s", got, want)
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(line) - 1; n > reportWidth {
			t.Errorf("%d characters wide: %s", n, line)
		}
	}
}

func TestOnceRunsWithoutModel(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	if _, err := execute(t.Context(), c.endpoint.String(), "", true); err != nil {
		t.Fatal(err)
	}
	if n := f.count("StartPipelineRun", ""); n != len(experiments) {
		t.Errorf("%d runs, want %d", n, len(experiments))
	}
}

func TestDefaultURL(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"":              "http://127.0.0.1:8080/graphql",
		":9000":         "http://127.0.0.1:9000/graphql",
		"0.0.0.0:9000":  "http://127.0.0.1:9000/graphql",
		"[::]:9000":     "http://127.0.0.1:9000/graphql",
		"example:80":    "http://example:80/graphql",
		"[::1]:8080":    "http://[::1]:8080/graphql",
		"10.0.0.1:8080": "http://10.0.0.1:8080/graphql",
	} {
		if got := defaultURL(addr); got != want {
			t.Errorf("%q: %s, want %s", addr, got, want)
		}
	}
}
