package main

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reportWidth is the greatest width of a line of the tables, in characters.
const reportWidth = 100

// A style is how headings and side notes are set off; the zero style leaves them plain.
type style struct{ heading, quiet, end string }

// terminalStyle suits any terminal: bold and dim, no hues that a theme could hide.
var terminalStyle = style{heading: "\x1b[1m", quiet: "\x1b[2m", end: "\x1b[0m"}

// render writes the summary: the cards of the best version, the versions, and three lines of what to try next.
func (s summary) render(look style, endpoint *url.URL, withKey bool) string {
	var out strings.Builder
	s.renderBest(&out, look)
	s.renderVersions(&out, look)
	renderNext(&out, endpoint, withKey)
	return out.String()
}

// renderBest writes a table per card, all with the same columns.
func (s summary) renderBest(out *strings.Builder, look style) {
	title := modelArtifact + " version " + oneLine(s.Best.Version)
	if marks := append(prefixed("alias ", s.Best.Aliases), prefixed("tag ", s.Best.Tags)...); len(marks) > 0 {
		title += " (" + strings.Join(marks, ", ") + ")"
	}
	out.WriteString(look.heading + cut(title, reportWidth) + look.end + "\n")

	grid := sheet{limits: []int{26, 54, 12}, look: look}
	grid.add("key", "display", "kind")
	headings := map[int]string{}
	for _, card := range s.Best.Cards {
		name := "(no card)"
		if card.Name != nil {
			name = oneLine(*card.Name)
		}
		headings[len(grid.lines)] = name
		for _, e := range card.Entries {
			grid.add(e.Key, e.Value.Display, e.Kind)
		}
	}
	grid.render(out, headings)
}

// renderVersions writes the list of versions, newest first.
func (s summary) renderVersions(out *strings.Builder, look style) {
	out.WriteString("\n" + look.heading + "versions of " + modelArtifact + look.end + "\n")
	grid := sheet{limits: []int{10, 10, 5, 52, 12}, look: look}
	grid.add("version", "accuracy", "k", "features", "aliases")
	for _, v := range s.Artifact.Versions.Nodes {
		line := []string{v.Version}
		for _, fact := range []*struct{ Value shown }{v.Accuracy, v.K, v.Features} {
			if fact == nil {
				line = append(line, "-")
			} else {
				line = append(line, fact.Value.Display)
			}
		}
		grid.add(append(line, strings.Join(v.Aliases, " "))...)
	}
	grid.render(out, nil)
	if s.Artifact.Versions.PageInfo.HasNextPage {
		out.WriteString("  and earlier ones\n")
	}
}

// renderNext writes the three lines of what to try next. The query is short so that the command fits the width, and
// curl's own --json needs no headers to be typed.
func renderNext(out *strings.Builder, endpoint *url.URL, withKey bool) {
	// curl takes an address without a scheme as http.
	address := strings.TrimPrefix(endpoint.String(), "http://")
	command := "curl " + quote(address)
	if withKey {
		command += ` -H "Authorization: Bearer $PLACARD_API_KEY"`
	}
	command += ` --json '{"query":"{artifacts{nodes{latestVersion{metadataJson}}}}"}'`
	graphiql := url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host, Path: "/graphiql"}
	out.WriteString("\n" + command + "\n")
	out.WriteString(graphiql.String() + " explores the API in a browser\n")
	out.WriteString("Ctrl-C in the terminal of the server stops it\n")
}

// quote makes text one word of sh.
func quote(text string) string {
	special := func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("./:-_", r)
	}
	if !strings.ContainsFunc(text, special) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// prefixed puts a word before each name.
func prefixed(word string, names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, word+oneLine(name))
	}
	return out
}

// A sheet is lines of aligned cells; the first line names the columns.
type sheet struct {
	// limits are the greatest widths of the columns; with two spaces before each they stay within reportWidth.
	limits []int
	look   style
	lines  [][]string
}

// add adds a line, each cell fit for one line of a terminal and no wider than its column may be.
func (t *sheet) add(cells ...string) {
	line := make([]string, len(cells))
	for i, cell := range cells {
		line[i] = cut(oneLine(cell), t.limits[i])
	}
	t.lines = append(t.lines, line)
}

// render writes the lines, with a heading before each line whose number has one. Columns are as wide as their widest
// cell.
func (t *sheet) render(out *strings.Builder, headings map[int]string) {
	widths := make([]int, len(t.limits))
	for _, line := range t.lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, line := range t.lines {
		if heading, ok := headings[n]; ok {
			out.WriteString(t.look.heading + cut(heading, reportWidth) + t.look.end + "\n")
		}
		text := ""
		for i, cell := range line {
			text += "  " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		}
		text = strings.TrimRight(text, " ")
		if n == 0 {
			text = t.look.quiet + text + t.look.end
		}
		out.WriteString(text + "\n")
	}
}

// oneLine puts text on one line and takes out what could steer a terminal: values come from whoever logged them.
func oneLine(text string) string {
	spaced := strings.Join(strings.Fields(text), " ")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, spaced)
}

// cut shortens text to a number of characters and marks that it did.
func cut(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}
