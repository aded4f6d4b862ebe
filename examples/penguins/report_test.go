package main

import (
	"flag"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write testdata/report.golden anew")

// wholeRun runs the program against a fake and returns what it prints.
func wholeRun(t *testing.T, f *fake, c *client, once bool) string {
	t.Helper()
	s := settings{url: c.endpoint.String(), wait: 5 * time.Second, once: once, work: t.TempDir()}
	report, err := s.run(t.Context(), "", style{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestReport(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	f.stored = true
	got := strings.ReplaceAll(wholeRun(t, f, c, true), c.endpoint.Host, "127.0.0.1:8080")
	for _, r := range f.asked {
		if r.operation != "HasModel" && r.operation != "Summary" {
			t.Errorf("-once did %s although the model exists", r.operation)
		}
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
	for _, line := range strings.Split(got, "\n") {
		if n := utf8.RuneCountInString(line); n > reportWidth {
			t.Errorf("%d characters wide: %s", n, line)
		}
	}
}

func TestOnceRunsWhenNothingIsThere(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	wholeRun(t, f, c, true)
	if f.count("StartPipelineRun", "") != len(experiments) {
		t.Error("-once ran nothing although no model exists")
	}
}

func TestReportColours(t *testing.T) {
	t.Parallel()
	f, c := newFake(t)
	s, err := c.readSummary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plain, coloured := s.render(style{}, c.endpoint, false), s.render(terminalStyle, c.endpoint, false)
	strip := strings.NewReplacer(terminalStyle.heading, "", terminalStyle.quiet, "", terminalStyle.end, "")
	if plain == coloured || strip.Replace(coloured) != plain {
		t.Error("the coloured report is not the plain one with colours")
	}
	if len(f.asked) != 1 {
		t.Errorf("the summary took %d requests, want 1", len(f.asked))
	}
}

func TestNextQuotesAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://127.0.0.1:8080/graphql": "curl 127.0.0.1:8080/graphql --json '{",
		"https://a.example/graphql":     "curl https://a.example/graphql --json '{",
		"http://[::1]:8080/graphql":     "curl '[::1]:8080/graphql' --json '{",
		"http://h/graphql?a=1&b='":      `curl 'h/graphql?a=1&b='\''' --json '{`,
	} {
		endpoint, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		renderNext(&out, endpoint, false)
		if !strings.HasPrefix(out.String(), "\n"+want) {
			t.Errorf("%s: %s", address, out.String())
		}
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
