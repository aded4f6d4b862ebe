package models

import "github.com/placard/placard/internal/jsontree"

// MetadataCard is a named group of entries, which a dashboard shows as one box.
type MetadataCard struct {
	// Name is nil for the entries without a card.
	Name    *string
	Entries []*MetadataEntry
}

// GroupByCard groups the latest entries of a subject by card. The entries are sorted: those without a card first,
// then the cards and the keys of each card in order of first appearance.
func GroupByCard(latest []*MetadataEntry) []*MetadataCard {
	cards := []*MetadataCard{}
	for _, entry := range latest {
		if n := len(cards); n == 0 || cards[n-1].Entries[0].CardName != entry.CardName {
			cards = append(cards, &MetadataCard{Name: entry.Card()})
		}
		card := cards[len(cards)-1]
		card.Entries = append(card.Entries, entry)
	}
	return cards
}

// MetadataJSON returns the latest entries of a subject as one plain JSON object that contains the cards as nested
// objects. If a card and an entry without a card have the same name, the one logged last wins.
func MetadataJSON(latest []*MetadataEntry) (RawJSON, error) {
	var w CardWriter
	for i, entry := range latest {
		if entry.Kind == nil || entry.Text == nil {
			continue
		}
		key := MetadataKey{entry.CardName, entry.Key}
		if err := w.Add(key, *entry.Kind, *entry.Text, Int64(i), entry.Seq); err != nil {
			return nil, err
		}
	}
	return w.AppendJSON(nil), nil
}

// MetadataExtendedJSON returns the object of MetadataJSON with extended JSON values, which can be logged again.
func MetadataExtendedJSON(latest []*MetadataEntry) (RawJSON, error) {
	return encodeCards(latest, extended)
}

func encodeCards(latest []*MetadataEntry, form encoding) (RawJSON, error) {
	type member struct {
		name string
		seq  Int64
		text []byte
	}
	var members []member
	index := map[string]int{}
	put := func(m member) {
		i, exists := index[m.name]
		switch {
		case !exists:
			index[m.name] = len(members)
			members = append(members, m)
		case m.seq > members[i].seq:
			members[i] = m
		}
	}
	for _, card := range GroupByCard(latest) {
		cardJSON := []byte{'{'}
		var last Int64
		for i, entry := range card.Entries {
			value, err := entry.Value()
			if err != nil {
				return nil, err
			}
			if card.Name == nil {
				put(member{entry.Key, entry.Seq, value.appendJSON(nil, form)})
				continue
			}
			if i > 0 {
				cardJSON = append(cardJSON, ',')
			}
			cardJSON = append(jsontree.AppendString(cardJSON, entry.Key), ':')
			cardJSON = value.appendJSON(cardJSON, form)
			last = max(last, entry.Seq)
		}
		if card.Name != nil {
			put(member{*card.Name, last, append(cardJSON, '}')})
		}
	}
	return append(appendEach([]byte{'{'}, members, func(b []byte, m member) []byte {
		return append(append(jsontree.AppendString(b, m.name), ':'), m.text...)
	}), '}'), nil
}
