package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/placard/placard/bench/measure"
)

// ReplaceSection returns a document with another text between the markers of a section. The text around the markers
// stays.
func ReplaceSection(document, name, text string) (string, error) {
	begin, end := "<!-- bench: "+name+" -->\n", "<!-- end of bench: "+name+" -->"
	before, rest, found := strings.Cut(document, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("the document has no section %q and %q", strings.TrimSpace(begin), end)
	}
	return before + begin + "\n" + strings.TrimSpace(text) + "\n\n" + end + after, nil
}

// results are the records of the last run of each kind.
type results struct {
	limits, growth, peers []Record
	steady                []Steady
}

// readResults reads all files of JSON lines in a folder.
func readResults(folder string) (results, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		return results{}, err
	}
	lines := map[string][]json.RawMessage{}
	last := map[string]time.Time{}
	for _, path := range paths {
		records, err := Read[json.RawMessage](path)
		if err != nil {
			return results{}, err
		}
		for _, line := range records {
			var run Run
			if err := json.Unmarshal(line, &run); err != nil {
				return results{}, fmt.Errorf("%s: %w", path, err)
			}
			if run.Date.After(last[run.Kind]) {
				last[run.Kind], lines[run.Kind] = run.Date, nil
			}
			if run.Date.Equal(last[run.Kind]) {
				lines[run.Kind] = append(lines[run.Kind], line)
			}
		}
	}
	var r results
	return r, errors.Join(decode(lines["limits"], &r.limits), decode(lines["growth"], &r.growth), decode(lines["peers"], &r.peers),
		decode(lines["steady"], &r.steady))
}

func decode[T any](lines []json.RawMessage, records *[]T) error {
	return json.Unmarshal(slices.Concat([]byte("["), bytes.Join(toBytes(lines), []byte(",")), []byte("]")), records)
}

func toBytes(lines []json.RawMessage) [][]byte {
	texts := make([][]byte, len(lines))
	for i, line := range lines {
		texts[i] = line
	}
	return texts
}

// Write shows the last run of each kind in a document, and its plots in a folder next to the document. A kind without a
// run keeps its section.
func Write(resultFolder, document string) error {
	r, err := readResults(resultFolder)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	updated := string(text)
	plots := strings.TrimSuffix(document, filepath.Ext(document))
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	for _, s := range r.sections(filepath.Base(plots)) {
		if updated, err = ReplaceSection(updated, s.name, s.text); err != nil {
			return err
		}
		if s.plot != "" {
			if err := os.WriteFile(filepath.Join(plots, s.name+".svg"), []byte(s.plot), 0o644); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(document, []byte(updated), 0o644)
}

// section is a section of the document with its plot.
type section struct{ name, text, plot string }

// sections returns the sections of the kinds with a run. plots is the folder of the plots.
func (r results) sections(plots string) []section {
	var all []section
	image := func(name, description string) string {
		return fmt.Sprintf("![%s](%s/%s.svg)\n\n", description, plots, name)
	}
	for _, engine := range distinct(r.limits, func(r Record) string { return r.Engine }) {
		rows := slices.DeleteFunc(slices.Clone(r.limits), func(r Record) bool { return r.Engine != engine })
		name, title := "limits-"+engine, "Rate by the rate of the database alone, "+engineName(engine)
		all = append(all, section{name, image(name, title) + describe(rows[0].Run) + "\n\n" + table(LimitHeader, rows, LimitRow),
			LimitPlot(rows, title)})
	}
	if len(r.growth) > 0 {
		all = append(all, section{"growth", image("growth", "CPU time per operation by the number of versions") +
			describe(r.growth[0].Run) + "\n\n" + table(GrowthHeader, r.growth, GrowthRow), GrowthPlot(r.growth)})
	}
	if len(r.steady) > 0 {
		all = append(all, section{"steady", image("steady", "Resident memory under a mixed load") + describe(r.steady[0].Run) + "\n\n" +
			SteadyTable(r.steady), MemoryPlot(r.steady)})
	}
	if len(r.peers) > 0 {
		all = append(all, section{"peers", describe(r.peers[0].Run) + "\n\n" + table(PeerHeader, r.peers, PeerRow), ""})
	}
	return all
}

func table[T any](header string, rows []T, line func(T) string) string {
	text := header
	for _, row := range rows {
		text += "\n" + line(row)
	}
	return text
}

// describe returns the sentences about the commit, the machine and the settings of a run.
func describe(r Run) string {
	m := r.Machine
	versions := []string{m.Go}
	if m.PostgreSQL != "" {
		number, _, _ := strings.Cut(m.PostgreSQL, " ")
		versions = append(versions, "PostgreSQL "+number)
	}
	if m.SQLite != "" {
		versions = append(versions, "SQLite "+m.SQLite)
	}
	return fmt.Sprintf("Commit `%s`, %s, %s.\n%s, %d cores, %s GiB of memory, %s, %s.", r.Commit, r.Date.Format(time.DateOnly), r.Settings,
		m.CPU, m.Cores, measure.Short(m.MemoryGiB), m.System, strings.Join(versions, ", "))
}
