package catalogue

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/models"
)

// maxCandidates is the maximum number of candidates of a warning.
const maxCandidates = 10

func compareNames(a, b models.MetadataKey) int {
	return cmp.Or(strings.Compare(a.Card, b.Card), strings.Compare(a.Key, b.Key))
}

func hasKey(names []models.MetadataKey, key string) bool {
	return slices.ContainsFunc(names, func(name models.MetadataKey) bool { return name.Key == key })
}

// spell returns `card.key`, or `key` without a card.
func spell(name models.MetadataKey) string {
	if name.Card == "" {
		return name.Key
	}
	return name.Card + "." + name.Key
}

// textWarning returns the warning of a comparison of numbers with a text.
func textWarning(key models.NamedKey) models.Warning {
	return models.Warning{
		Code: models.WarningTextComparedWithNumber,
		Message: fmt.Sprintf("compares text, but the values of the key %q are numbers or timestamps; "+
			"write a number without quotes, and a timestamp with a zone", models.TruncateName(key.Key)),
	}
}

// unknownKeyWarning returns the warning of a key that a project does not have. names are the keys of the project.
func unknownKeyWarning(key models.NamedKey, names []models.MetadataKey) models.Warning {
	message := fmt.Sprintf("the project has no key %q", models.TruncateName(key.Key))
	switch {
	case key.Card != "":
		message += fmt.Sprintf(" in the card %q", models.TruncateName(key.Card))
	case !key.AnyCard:
		message += " without a card"
	}
	dotted, elsewhere, similar := suggestions(key, names)
	switch {
	case len(dotted) > 0:
		message += fmt.Sprintf("; card and key are two arguments, such as card: %q, key: %q",
			models.TruncateName(dotted[0].Card), models.TruncateName(dotted[0].Key))
	case len(elsewhere) > 0:
		message += "; the key exists " + listPlaces(elsewhere)
	case len(similar) > 0:
		message += near.Suggestion(spellAll(similar))
	}
	candidates := spellAll(slices.Concat(dotted, elsewhere, similar))
	return models.Warning{Code: models.WarningUnknownKey, Message: message, Candidates: candidates}
}

// listPlaces returns the places of the names of one key.
func listPlaces(names []models.MetadataKey) string {
	var places, cards []string
	for _, name := range names {
		if name.Card == "" {
			places = append(places, "without a card")
		} else {
			cards = append(cards, name.Card)
		}
	}
	switch len(cards) {
	case 0:
	case 1:
		places = append(places, "in the card "+near.Quote(cards))
	default:
		places = append(places, "in the cards "+near.Quote(cards))
	}
	return strings.Join(places, " and ")
}

// suggestions returns names that the caller may have meant, at most maxCandidates. dotted are the names that the key
// spells as card.key, elsewhere has the key in other cards, and similar are near keys, those of the same card first.
func suggestions(key models.NamedKey, names []models.MetadataKey) (dotted, elsewhere, similar []models.MetadataKey) {
	var keys, spelled []string
	for _, name := range names {
		switch {
		case name.Card != "" && spell(name) == key.Key:
			dotted = append(dotted, name)
		case name.Key == key.Key:
			elsewhere = append(elsewhere, name)
		}
		keys, spelled = append(keys, name.Key), append(spelled, spell(name))
	}
	if len(dotted) == 0 && len(elsewhere) == 0 {
		similar = nearNames(key, names, keys)
		if strings.Contains(key.Key, ".") {
			similar = append(nearNames(key, names, spelled), similar...)
		}
	}
	dotted = dotted[:min(len(dotted), maxCandidates)]
	elsewhere = elsewhere[:min(len(elsewhere), maxCandidates-len(dotted))]
	return dotted, elsewhere, unique(similar)
}

// nearNames returns the names whose texts are near to a key. texts has the text of each name.
func nearNames(key models.NamedKey, names []models.MetadataKey, texts []string) []models.MetadataKey {
	found := near.Names(key.Key, slices.Compact(slices.Sorted(slices.Values(texts))))
	rank := map[string]int{}
	for i, text := range found {
		rank[text] = i + 1
	}
	var similar []models.MetadataKey
	ranks := map[models.MetadataKey]int{}
	for i, name := range names {
		if ranks[name] = rank[texts[i]]; ranks[name] > 0 {
			similar = append(similar, name)
		}
	}
	slices.SortStableFunc(similar, func(a, b models.MetadataKey) int {
		if isHome := a.Card == key.Card; isHome != (b.Card == key.Card) {
			if isHome {
				return -1
			}
			return 1
		}
		return ranks[a] - ranks[b]
	})
	return similar
}

// unique returns the first maxCandidates different names.
func unique(names []models.MetadataKey) (different []models.MetadataKey) {
	for _, name := range names {
		if len(different) < maxCandidates && !slices.Contains(different, name) {
			different = append(different, name)
		}
	}
	return different
}

func spellAll(names []models.MetadataKey) []string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = spell(name)
	}
	return texts
}
