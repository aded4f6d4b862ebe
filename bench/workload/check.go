package workload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// readVersion is a version in a response.
type readVersion struct {
	Version      string
	MetadataJSON map[string]json.RawMessage
	Metadata     []struct {
		Key, Kind string
		Card      *string
		Value     map[string]json.RawMessage
	}
}

// checkVersions compares the versions of a response with the data.
func (d Dataset) checkVersions(body []byte, versions []int) error {
	var response struct {
		Data struct {
			ArtifactVersion *readVersion
			Artifact        struct{ Versions struct{ Nodes []readVersion } }
		}
	}
	if err := json.Unmarshal(body, &response); err != nil {
		return err
	}
	found := response.Data.Artifact.Versions.Nodes
	if response.Data.ArtifactVersion != nil {
		found = []readVersion{*response.Data.ArtifactVersion}
	}
	if len(found) != len(versions) {
		return fmt.Errorf("%d versions instead of %d", len(found), len(versions))
	}
	for i, n := range versions {
		if _, name := d.version(n); found[i].Version != strconv.Itoa(name) {
			return fmt.Errorf("version %s instead of %d", found[i].Version, name)
		}
		if err := found[i].check(d.facts(n)); err != nil {
			return fmt.Errorf("version %s: %w", found[i].Version, err)
		}
	}
	return nil
}

// check compares the metadata of a version with facts.
func (v readVersion) check(facts []fact) error {
	typed := map[[2]string]int{}
	for i, entry := range v.Metadata {
		card := ""
		if entry.Card != nil {
			card = *entry.Card
		}
		typed[[2]string{card, entry.Key}] = i
	}
	if v.MetadataJSON == nil && len(typed) != len(facts) {
		return fmt.Errorf("%d entries instead of %d", len(typed), len(facts))
	}
	for _, f := range facts {
		var plain, kind string
		var err error
		if v.MetadataJSON != nil {
			kind = f.kind
			plain, err = v.plainJSON(f)
		} else if i, ok := typed[[2]string{f.card, f.key}]; ok {
			kind = v.Metadata[i].Kind
			plain, err = payload(v.Metadata[i].Value)
		}
		if err != nil {
			return err
		}
		if kind != f.kind || !sameValue(plain, f.plain) {
			return fmt.Errorf("%s is %s %s instead of %s %s", f.key, kind, plain, f.kind, f.plain)
		}
	}
	return nil
}

// plainJSON returns the JSON of a fact in metadataJson.
func (v readVersion) plainJSON(f fact) (string, error) {
	if f.card == "" {
		return string(v.MetadataJSON[f.key]), nil
	}
	var card map[string]json.RawMessage
	err := json.Unmarshal(v.MetadataJSON[f.card], &card)
	return string(card[f.key]), err
}

// payload returns the JSON of the field that a member of the union has, with lists as JSON lists.
func payload(value map[string]json.RawMessage) (string, error) {
	for name, text := range value {
		switch name {
		case "__typename", "repr":
		case "items":
			var items []map[string]json.RawMessage
			if err := json.Unmarshal(text, &items); err != nil {
				return "", err
			}
			parts := make([]string, len(items))
			for i, item := range items {
				var err error
				if parts[i], err = payload(item); err != nil {
					return "", err
				}
			}
			return "[" + strings.Join(parts, ",") + "]", nil
		default:
			return string(text), nil
		}
	}
	return "", fmt.Errorf("no field of a value in %v", value)
}

// sameValue reports whether two texts are the same JSON, apart from integers, which may be strings.
func sameValue(a, b string) bool {
	var left, right bytes.Buffer
	if json.Compact(&left, []byte(a)) != nil || json.Compact(&right, []byte(b)) != nil {
		return false
	}
	return strings.ReplaceAll(left.String(), `"`, "") == strings.ReplaceAll(right.String(), `"`, "")
}
