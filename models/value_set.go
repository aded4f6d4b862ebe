package models

import (
	"slices"
	"strings"
)

// SetValue is values that differ from each other. It has no order of its own and keeps the one given.
type SetValue struct {
	unionMember
	Items []MetadataValue
	// members is the identity of the set, where it is known: it is made once, however many sets stand around it.
	members string
}

// Kind is SET.
func (SetValue) Kind() MetadataKind { return MetadataKindSet }

// Display is the first values in braces.
func (v SetValue) Display() string { return "{" + displayItems(v.Items) + "}" }

// JSON is an array.
func (v SetValue) JSON() *RawJSON { return encode(v, plain) }

// ExtendedJSON is an array under the mark `$set`.
func (v SetValue) ExtendedJSON() *RawJSON { return encode(v, extended) }

func (v SetValue) appendJSON(b []byte, form encoding) []byte {
	if form != canonical {
		return appendMarked(b, form, "$set", appendItems(nil, v.Items, form))
	}
	if v.members == "" {
		members := make([]string, len(v.Items))
		for i, item := range v.Items {
			members[i] = string(item.appendJSON(nil, canonical))
		}
		v.members = joinMembers(members)
	}
	return appendMarked(b, form, "$set", []byte(v.members))
}

// joinMembers is the identity of a set of these members, which it sorts.
func joinMembers(members []string) string {
	slices.Sort(members)
	return "[" + strings.Join(members, ",") + "]"
}

// readSet refuses the same member twice. Two members are the same when their kind and their extended JSON are, with
// inner sets and dictionaries compared without order: 1 and 1.0 differ, NaN equals NaN.
func readSet(r valueReader, raw any) (MetadataValue, error) {
	items, err := r.readItems(raw)
	if err != nil || r.limits == nil { // what the database keeps has been checked
		return SetValue{Items: items}, err
	}
	seen := make(map[string]bool, len(items))
	members := make([]string, len(items))
	for i, item := range items {
		members[i] = string(item.appendJSON(nil, canonical))
		if seen[members[i]] {
			return nil, BadInput(r.at.In(i), "stands twice in the set")
		}
		seen[members[i]] = true
	}
	return SetValue{Items: items, members: joinMembers(members)}, nil
}

func (SetValue) sortKey() string { return classUnordered }
