// Package near finds the names that a caller may have meant, and lists names in messages.
package near

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxCharacters is the length to which names in messages are cut.
	maxCharacters = 100
	// maxListed is the maximum number of names that a message lists.
	maxListed = 40
)

// Truncate cuts a name to 100 characters.
func Truncate(name string) string {
	if utf8.RuneCountInString(name) <= maxCharacters {
		return name
	}
	return string([]rune(name)[:maxCharacters-1]) + "…"
}

// Names returns the candidates that are near to name, the nearest first; ties keep their order. A candidate is near if
// the edit distance in code points, without regard to case, is at most a third of the longer name.
func Names(name string, candidates []string) []string {
	runes := normalize(name)
	distances := map[string]int{}
	var found []string
	for _, candidate := range candidates {
		other := normalize(candidate)
		longer := max(len(runes), len(other))
		if 3*(longer-min(len(runes), len(other))) > longer {
			continue
		}
		if distance := editDistance(runes, other); 3*distance <= longer {
			distances[candidate] = distance
			found = append(found, candidate)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return distances[a] - distances[b] })
	return found
}

func normalize(name string) []rune { return []rune(strings.ToLower(Truncate(name))) }

// editDistance returns the number of insertions, deletions, replacements and swaps of neighbours that turn a into b.
func editDistance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row { // the row of the table for no part of a; before and last are the previous ones
		row[j] = j
	}
	for i := range a {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range b {
			replaced := last[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, replaced)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// Identifiers is like Names for the names of a schema, which begin with a word in lower case. The first word must be
// near, too, unless one name contains the other: deleteArtifact is not near to createArtifact.
func Identifiers(name string, candidates []string) []string {
	return slices.DeleteFunc(Names(name, candidates), func(candidate string) bool {
		lower, other := strings.ToLower(name), strings.ToLower(candidate)
		if strings.Contains(lower, other) || strings.Contains(other, lower) {
			return false
		}
		word := strings.IndexFunc(candidate, func(r rune) bool { return r >= 'A' && r <= 'Z' })
		return word > 0 && len(Names(lower[:min(word, len(lower))], []string{other[:word]})) == 0
	})
}

// First returns the candidates with those in found first.
func First(found, candidates []string) []string {
	return append(slices.Clone(found), slices.DeleteFunc(slices.Clone(candidates), func(candidate string) bool {
		return slices.Contains(found, candidate)
	})...)
}

// Suggestion returns the end of a message that names near names.
func Suggestion(found []string) string {
	if len(found) == 1 {
		return "; near is " + Quote(found)
	}
	return "; near are " + Quote(found)
}

// Quote lists names in quotes, each cut to 100 characters.
func Quote(names []string) string {
	quoted := make([]string, 0, min(len(names), maxListed))
	for _, name := range names[:cap(quoted)] {
		quoted = append(quoted, strconv.Quote(Truncate(name)))
	}
	list := strings.Join(quoted, ", ")
	if more := len(names) - len(quoted); more > 0 {
		list += " and " + strconv.Itoa(more) + " more"
	}
	return list
}
