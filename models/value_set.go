package models

import (
	"slices"
	"strings"
)

// SetValue is a set of different values, kept in the order of the input.
type SetValue struct {
	unionMember
	Items []MetadataValue
	// members is the canonical text of the members, empty if it is not computed yet. Nested sets reuse it.
	members string
}

func (SetValue) Kind() MetadataKind       { return MetadataKindSet }
func (v SetValue) Display() string        { return "{" + displayItems(v.Items, MetadataValue.Display) + "}" }
func (v SetValue) JSON() *RawJSON         { return encode(v, plain) }
func (v SetValue) ExtendedJSON() *RawJSON { return encode(v, extended) }
func (SetValue) sortKey() string          { return SortKeyUnordered }

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

// joinMembers sorts the canonical texts of members and returns that of their set.
func joinMembers(members []string) string {
	slices.Sort(members)
	return "[" + strings.Join(members, ",") + "]"
}

// readSet refuses a repeated member. Members are equal if their canonical text and kinds are: 1 and 1.0 differ, NaN
// equals NaN.
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
			return nil, BadInput(r.at.Child(i), "must not repeat an earlier member of the set")
		}
		seen[members[i]] = true
	}
	return SetValue{Items: items, members: joinMembers(members)}, nil
}
