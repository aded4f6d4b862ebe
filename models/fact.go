package models

import "strings"

// ValueInput is a MetadataValueInput, or a field of its dictionaries, as a map of the fields that the caller set.
type ValueInput = map[string]any

// MetadataEntryInput is one entry to log with a typed value.
type MetadataEntryInput struct {
	Key   string
	Card  *string
	Value ValueInput
}

// Fact is one validated entry, ready to be stored.
type Fact struct {
	// Card is empty for an entry without a card.
	Card, Key string
	Kind      MetadataKind
	// Text is the value as extended JSON. A dictionary never has the mark that an entry without a card needs.
	Text string
	// Precomputed holds the search keys if they are computed already. It is derived from Text, so it is not compared.
	Precomputed SearchKeys `json:"-"`
}

// SearchKeys returns the search keys of the value.
func (f Fact) SearchKeys() (SearchKeys, error) {
	if f.Precomputed.SortKey == "" {
		return DecodeSearchKeys(f.Kind, f.Text)
	}
	return f.Precomputed, nil
}

// ReadFacts validates the metadata and the entries of a call about one subject, in this order. It returns BAD_INPUT for
// invalid or repeated keys and values, and LIMIT_EXCEEDED for too many or too large ones. path is that of the input
// with both fields.
func ReadFacts(limits *ServerLimits, path *Path, metadata *Tree, entries []MetadataEntryInput) ([]Fact, error) {
	c := factCollector{limits: limits, seen: map[[2]string]bool{}}
	if limit, n := int(limits.EntriesPerCall), countFacts(metadata)+len(entries); n > limit {
		return nil, LimitExceeded(path, "entries in a call", int64(limit), int64(n))
	}
	if metadata != nil && metadata.Node != nil {
		object, ok := metadata.Node.(Object)
		if !ok {
			return nil, BadInput(path.Child("metadata"), "must be an object")
		}
		if err := c.addMetadata(path.Child("metadata"), object); err != nil {
			return nil, err
		}
	}
	for i, entry := range entries {
		if err := c.addEntry(path.Child("entries").Child(i), entry); err != nil {
			return nil, err
		}
	}
	return c.facts, nil
}

// countFacts returns the number of entries in metadata without decoding them.
func countFacts(metadata *Tree) int {
	if metadata == nil {
		return 0
	}
	members, _ := metadata.Node.(Object)
	n := len(members)
	for _, member := range members {
		card, _ := member.Value.(Object)
		if _, _, isMarked := findMark(card); !isMarked && len(card) > 0 {
			n += len(card) - 1
		}
	}
	return n
}

type factCollector struct {
	limits *ServerLimits
	facts  []Fact
	seen   map[[2]string]bool
}

// addMetadata adds the entries of a JSON object: a top-level object is a card, unless it is empty or marks a kind.
func (c *factCollector) addMetadata(at *Path, object Object) error {
	seen := make(map[string]bool, len(object))
	for _, top := range object {
		if seen[top.Key] {
			return BadInput(at.Child(top.Key), "occurs twice in the object; a key must occur once")
		}
		seen[top.Key] = true
		card, isObject := top.Value.(Object)
		_, _, isMarked := findMark(card)
		if !isObject || isMarked || len(card) == 0 {
			if err := c.addJSON(at.Child(top.Key), "", top.Key, top.Value); err != nil {
				return err
			}
			continue
		}
		if err := checkUnmarked(c.limits, at.Child(top.Key), "a card", top.Key); err != nil {
			return err
		}
		for _, member := range card {
			if strings.HasPrefix(member.Key, "$") {
				return unknownMarkError(at.Child(top.Key), member.Key)
			}
			if err := c.addJSON(at.Child(top.Key).Child(member.Key), top.Key, member.Key, member.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *factCollector) addJSON(at *Path, card, key string, raw any) error {
	if err := checkUnmarked(c.limits, at, "a key", key); err != nil {
		return err
	}
	value, err := valueReader{limits: c.limits, at: at}.readExtended(raw)
	if err != nil {
		return err
	}
	return c.addValue(at, at, card, key, value)
}

func (c *factCollector) addEntry(at *Path, entry MetadataEntryInput) error {
	if err := checkUnmarked(c.limits, at.Child("key"), "a key", entry.Key); err != nil {
		return err
	}
	card := ""
	if entry.Card != nil {
		card = *entry.Card
		if err := checkUnmarked(c.limits, at.Child("card"), "a card", card); err != nil {
			return err
		}
	}
	value, err := valueReader{limits: c.limits, at: at.Child("value"), typedInput: true}.readInput(entry.Value)
	if err != nil {
		return err
	}
	return c.addValue(at.Child("key"), at.Child("value"), card, entry.Key, value)
}

func (c *factCollector) addValue(keyAt, at *Path, card, key string, value MetadataValue) error {
	name := [2]string{card, key}
	if c.seen[name] {
		return BadInput(keyAt, "the key occurs twice in the same card; one write must name it once")
	}
	c.seen[name] = true
	text := value.appendJSON(nil, extended)
	size := len(text)
	if card == "" && value.Kind() == MetadataKindDict {
		size += len(`{"$dict":}`) // as the entry shows it
	}
	if limit := int(c.limits.ValueBytes); size > limit {
		return LimitExceeded(at, "bytes of a value as extended JSON", int64(limit), int64(size))
	}
	fact := Fact{Card: card, Key: key, Kind: value.Kind(), Text: string(text), Precomputed: EncodeSearchKeys(value)}
	c.facts = append(c.facts, fact)
	return nil
}

// escapeDict returns the value as its entry shows it: a dictionary without a card needs the mark `$dict`.
func escapeDict(value MetadataValue, card string) MetadataValue {
	if dict, ok := value.(DictValue); ok {
		dict.escaped = card == ""
		return dict
	}
	return value
}

// checkUnmarked validates a key or a card. It must not begin with $, which marks kinds.
func checkUnmarked(limits *ServerLimits, at *Path, noun, text string) error {
	if limits != nil && strings.HasPrefix(text, "$") {
		return BadInput(at, "%smust not begin with $, which marks kinds", at.nounPrefix(noun))
	}
	return checkKeyText(limits, at, noun, text)
}

// checkKeyText validates the text of a key or a card; noun names it in messages. Without limits, for stored values,
// every text is valid.
func checkKeyText(limits *ServerLimits, at *Path, noun, text string) error {
	if limits == nil {
		return nil
	}
	if text == "" {
		return BadInput(at, "%smust not be empty", at.nounPrefix(noun))
	}
	return CheckText(at, noun, text, int(limits.KeyCharacters))
}
