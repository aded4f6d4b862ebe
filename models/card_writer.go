package models

import (
	"cmp"
	"slices"
	"strings"

	"github.com/placard/placard/internal/jsontree"
)

// CardWriter writes the object of MetadataJSON from stored values, without decoding them. Values are added in any
// order. The zero CardWriter is empty, and Reset makes one empty that keeps its memory.
type CardWriter struct {
	// text holds the members of the object and of its cards, each once, and the names of cards.
	text    []byte
	members []cardMember
	cards   []writtenCard
}

// cardMember is a key with its value.
type cardMember struct {
	// card is the index of the card, noCard for none.
	card int
	// text[start:end] is the member, and text[start:value] the key with its colon.
	start, value, end int
	// first is the place of the key, and seq that of the entry.
	first, seq Int64
}

// noCard is the index of the entries without a card.
const noCard = -1

// writtenCard is a card of a CardWriter.
type writtenCard struct {
	name string
	// text[start:end] is the name with its colon.
	start, end int
	// first is the least place of its keys.
	first Int64
}

// Reset removes all values.
func (w *CardWriter) Reset() { w.text, w.members, w.cards = w.text[:0], w.members[:0], w.cards[:0] }

// Add adds the latest row of a key. first is the place of the key, and seq the number of the row. A row without a value
// has no kind; it determines the place of its card only. An error means that the text is damaged.
func (w *CardWriter) Add(key MetadataKey, kind MetadataKind, text string, first, seq Int64) (err error) {
	m := cardMember{card: w.cardNamed(key.Card, first), first: first, seq: seq, start: len(w.text)}
	if kind == "" {
		return nil
	}
	w.text = append(jsontree.AppendString(w.text, key.Key), ':')
	m.value = len(w.text)
	w.text, err = AppendPlainJSON(w.text, kind, text)
	m.end = len(w.text)
	w.members = append(w.members, m)
	return err
}

// cardNamed returns the index of a card, which has a key at a place. Most keys of a card follow each other.
func (w *CardWriter) cardNamed(name string, first Int64) int {
	if name == "" {
		return noCard
	}
	for i, card := range slices.Backward(w.cards) {
		if card.name == name {
			w.cards[i].first = min(card.first, first)
			return i
		}
	}
	card := writtenCard{name: strings.Clone(name), start: len(w.text), first: first}
	w.text = append(jsontree.AppendString(w.text, name), ':')
	card.end = len(w.text)
	w.cards = append(w.cards, card)
	return len(w.cards) - 1
}

// Size returns the greatest size of the object of the values.
func (w *CardWriter) Size() int { return len(w.text) + len(w.members) + len(`{},`)*(len(w.cards)+1) }

// AppendJSON appends the object of the values.
func (w *CardWriter) AppendJSON(b []byte) []byte {
	slices.SortFunc(w.members, func(x, y cardMember) int {
		return cmp.Or(w.compareCards(x.card, y.card), cmp.Compare(x.first, y.first))
	})
	var groups [][]cardMember // the members of each card, in order
	for rest := w.members; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].card == rest[0].card && rest[0].card != noCard {
			n++
		}
		groups, rest = append(groups, rest[:n]), rest[n:]
	}
	b = append(b, '{')
	for i, group := range w.latestOfNames(groups) {
		if i > 0 {
			b = append(b, ',')
		}
		b = w.appendGroup(b, group)
	}
	return append(b, '}')
}

// compareCards compares two cards by their order.
func (w *CardWriter) compareCards(x, y int) int {
	switch {
	case x == y:
		return 0
	case x == noCard:
		return -1
	case y == noCard:
		return 1
	}
	return cmp.Or(cmp.Compare(w.cards[x].first, w.cards[y].first), cmp.Compare(x, y))
}

// latestOfNames removes the group that was logged first where a card and a key without a card have the same name. The
// other one takes the place of the key.
func (w *CardWriter) latestOfNames(groups [][]cardMember) [][]cardMember {
	if len(w.cards) == 0 {
		return groups
	}
	places := make(map[string]int, len(groups))
	kept := groups[:0]
	for _, group := range groups {
		name := string(w.nameOf(group))
		place, isUsed := places[name]
		switch {
		case !isUsed:
			places[name] = len(kept)
			kept = append(kept, group)
		case lastSeq(group) > lastSeq(kept[place]):
			kept[place] = group
		}
	}
	return kept
}

// nameOf returns the name of a card or a key as JSON with its colon.
func (w *CardWriter) nameOf(group []cardMember) []byte {
	if m := group[0]; m.card == noCard {
		return w.text[m.start:m.value]
	}
	card := w.cards[group[0].card]
	return w.text[card.start:card.end]
}

func lastSeq(group []cardMember) (last Int64) {
	for _, m := range group {
		last = max(last, m.seq)
	}
	return last
}

// appendGroup appends a key without a card, or a card with its keys.
func (w *CardWriter) appendGroup(b []byte, group []cardMember) []byte {
	if m := group[0]; m.card == noCard {
		return append(b, w.text[m.start:m.end]...)
	}
	b = append(append(b, w.nameOf(group)...), '{')
	b = appendEach(b, group, func(b []byte, m cardMember) []byte { return append(b, w.text[m.start:m.end]...) })
	return append(b, '}')
}
