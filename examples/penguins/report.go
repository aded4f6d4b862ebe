package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const reportWidth = 100 // characters

// A modelVersion is a version of the model with its cards.
type modelVersion struct {
	Version       string
	Aliases, Tags []string
	Cards         []struct {
		Name    *string // null for the entries without a card
		Entries []struct {
			Key, Kind, Display string
		}
	}
}

// readBest returns the version with the alias best, or nil.
func (c *client) readBest(ctx context.Context) (*modelVersion, error) {
	var data struct{ ArtifactVersion *modelVersion }
	err := c.query(ctx, `query Best {
  artifactVersion(ref: { named: { name: "penguins_model", alias: "best" } }) {
    version
    aliases
    tags
    cards { name entries { key kind display } }
  }
}`, nil, &data)
	return data.ArtifactVersion, err
}

// render returns the cards as a table, and a command to try next.
func (v *modelVersion) render(endpoint *url.URL, withKey bool) string {
	title := fmt.Sprintf("penguins_model version %s (alias %s, tag %s)", v.Version, strings.Join(v.Aliases, ", alias "),
		strings.Join(v.Tags, ", tag "))
	lines := [][]string{{"key", "display", "kind"}}
	for _, card := range v.Cards {
		name := "(no card)"
		if card.Name != nil {
			name = *card.Name
		}
		lines = append(lines, []string{name})
		for _, e := range card.Entries {
			lines = append(lines, []string{e.Key, e.Display, e.Kind})
		}
	}
	headers := `-H 'Content-Type: application/json'`
	if withKey {
		headers += ` -H "Authorization: Bearer $PLACARD_API_KEY"`
	}
	page := url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host, Path: "/"}
	return limit(title, reportWidth) + "\n" + renderTable(lines) + "\n" +
		"curl '" + strings.ReplaceAll(endpoint.String(), "'", "%27") + "' " + headers + " \\\n" +
		`  -d '{"query": "{ artifacts { nodes { latestVersion { metadataJson } } } }"}'` + "\n" +
		page.String() + " shows it in a browser\nCtrl-C in the terminal of the server stops it\n"
}

// renderTable aligns lines of three cells. A line with one cell is a heading.
func renderTable(lines [][]string) string {
	limits, widths := []int{26, 54, 12}, make([]int, 3)
	for _, line := range lines {
		for i, cell := range line {
			if line[i] = limit(cell, limits[i]); len(line) > 1 {
				widths[i] = max(widths[i], utf8.RuneCountInString(line[i]))
			}
		}
	}
	var out strings.Builder
	for _, line := range lines {
		text := line[0]
		if len(line) > 1 {
			text = fmt.Sprintf("  %-*s  %-*s  %s", widths[0], line[0], widths[1], line[1], line[2])
		}
		out.WriteString(text + "\n")
	}
	return out.String()
}

// limit returns text in one line of at most n characters. It drops control characters, which could steer the terminal.
func limit(text string, n int) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	runes := slices.DeleteFunc([]rune(strings.Join(strings.Fields(text), " ")), hidden)
	if len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return string(runes)
}
