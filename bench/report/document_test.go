package report

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/bench/measure"
)

func TestReplaceSection(t *testing.T) {
	t.Parallel()
	document := "# A\n\n<!-- bench: a -->\nold\n<!-- end of bench: a -->\n\ntext\n\n<!-- bench: b -->\n<!-- end of bench: b -->\nend\n"
	got, err := ReplaceSection(document, "a", "new\n")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(document, "old\n", "\nnew\n\n", 1)
	if got != want {
		t.Errorf("the document is %q, want %q", got, want)
	}
	if again, err := ReplaceSection(got, "a", "new"); err != nil || again != got {
		t.Errorf("the second replacement changes the document to %q: %v", again, err)
	}
	if _, err := ReplaceSection(document, "c", ""); err == nil {
		t.Error("no error for a missing section")
	}
	if _, err := ReplaceSection("<!-- bench: a -->\n", "a", ""); err == nil {
		t.Error("no error for a section without an end")
	}
}

// exampleRecord returns a record of a kind with a ratio.
func exampleRecord(kind, row string, ratio float64, date time.Time) Record {
	side := measure.Summary{Rate: measure.Spread{Median: 100 * ratio}, ServerCPU: measure.Spread{Median: 2}, DatabaseCPU: measure.Spread{Median: 0.5}}
	return Record{Run: Run{Kind: kind, Date: date, Commit: "abc"}, Engine: "postgres", Row: row, Clients: 8, Goal: 0.25,
		Sides:      [2]string{"10000", "1000"},
		Comparison: measure.Comparison{First: side, Second: side, Ratio: measure.Spread{Median: ratio, Min: ratio / 2, Max: 2 * ratio}}}
}

// TestWrite writes a document from two runs of one kind and one of another.
func TestWrite(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	document := filepath.Join(folder, "performance.md")
	sections := ""
	for _, name := range []string{"limits-postgres", "growth", "steady"} {
		sections += "<!-- bench: " + name + " -->\nold " + name + "\n<!-- end of bench: " + name + " -->\n"
	}
	if err := os.WriteFile(document, []byte("before\n"+sections+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, record := range map[string]Record{
		"a.jsonl": exampleRecord("limits", "read & <old>", 0.1, first), "b.jsonl": exampleRecord("limits", "read & <new>", 0.5, first.Add(time.Hour)),
		"c.jsonl": exampleRecord("growth", "log", 1, first),
	} {
		if err := Append(filepath.Join(folder, "results", name), record); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(filepath.Join(folder, "results"), document); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"before\n": true, "\nafter\n": true, "| read & <new> | 8 |": true, "≥ 0.25 ✓": true, "<old>": false, "old growth": false, "old steady": true,
		"(performance/limits-postgres.svg)": true,
	} {
		if strings.Contains(string(written), text) != want {
			t.Errorf("the document contains %q: %t", text, !want)
		}
	}
	for _, name := range []string{"limits-postgres", "growth"} {
		image, err := os.ReadFile(filepath.Join(folder, "performance", name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		checkXML(t, name, string(image))
	}
}

// checkXML requires well-formed XML without numbers that are not finite.
func checkXML(t *testing.T, name, text string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(text))
	elements := map[string]int{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
	if elements["svg"] != 1 || elements["text"] < 5 || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Errorf("%s has the elements %v or a number that is not finite", name, elements)
	}
}

func TestMemoryPlot(t *testing.T) {
	t.Parallel()
	checkXML(t, "memory", MemoryPlot([]Steady{{Engine: "sqlite", Minutes: 5, Memory: []int64{30 << 20, 40 << 20, 41 << 20}}}))
	checkXML(t, "one sample", MemoryPlot([]Steady{{Engine: "sqlite", Minutes: 5, Memory: []int64{30 << 20}}}))
}

func TestScale(t *testing.T) {
	t.Parallel()
	s := scale{from: 0.01, to: 10, start: 100, end: 400, logarithmic: true}
	for value, want := range map[float64]float64{0.01: 100, 0.1: 200, 1: 300, 10: 400, 100: 400, 0: 100} {
		if got := s.position(value); got < want-1e-6 || got > want+1e-6 {
			t.Errorf("the position of %v is %v, want %v", value, got, want)
		}
	}
	for value, want := range map[float64]float64{0.9: 1, 1: 1, 1.1: 2, 21: 25, 260: 500, 7: 10, 0: 0.001} {
		if got := niceMax(value); got < want*(1-1e-9) || got > want*(1+1e-9) {
			t.Errorf("niceMax(%v) is %v, want %v", value, got, want)
		}
	}
}
