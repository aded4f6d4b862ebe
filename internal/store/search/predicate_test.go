package search

import (
	"strings"
	"testing"

	"github.com/placard/placard/models"
)

const (
	rowOfKey  = "metadata_latest m WHERE m.project_id = ? AND m.subject_id = i.id AND m.card = ? AND m.key = ?"
	rowAtPath = "(SELECT path(CASE WHEN m.sort_key = '5' THEN m.parts END, ?) AS part FROM " + rowOfKey + ") m WHERE TRUE"
	pathKey   = "substr(m.part, 2) BINARY"
)

func TestPredicateSQL(t *testing.T) {
	t.Parallel()
	kind, path := models.MetadataKindString, []string{"d"}
	one, none := models.ValueCondition{In: []string{"2a"}}, models.ValueCondition{In: []string{"2a"}, Not: true}
	for _, c := range []struct {
		name string
		p    models.MetadataFilter
		want string
		args []any
	}{
		{"conditions of one row", models.MetadataFilter{Kind: &kind, Conditions: []models.ValueCondition{one, {Exists: true}}},
			"((SELECT (m.kind = ? AND (m.sort_key IN (?)) AND m.sort_key IS NOT NULL) FROM " + rowOfKey + "))", []any{kind, "2a", "c", "k"}},
		{"a negation", models.MetadataFilter{Conditions: []models.ValueCondition{none}},
			"(NOT COALESCE((SELECT ((m.sort_key IN (?))) FROM " + rowOfKey + "), FALSE))", []any{"2a", "c", "k"}},
		{"a condition and a negation", models.MetadataFilter{Conditions: []models.ValueCondition{none, {Exists: true}}},
			"((SELECT (m.sort_key IS NOT NULL) FROM " + rowOfKey + ") AND NOT COALESCE((SELECT ((m.sort_key IN (?))) FROM " + rowOfKey + "), FALSE))",
			[]any{"c", "k", "2a", "c", "k"}},
		{"a value at a path", models.MetadataFilter{MetadataKeyPath: models.MetadataKeyPath{Path: path}, Conditions: []models.ValueCondition{one, {Exists: true}}},
			"((SELECT ((" + pathKey + " IN (?)) AND m.part <> '0') FROM " + rowAtPath + "))", []any{"2a", "[d]", "c", "k"}},
		{"a kind at a path", models.MetadataFilter{MetadataKeyPath: models.MetadataKeyPath{Path: path}, Kind: &kind},
			"((SELECT (substr(m.part, 1, 1) = ?) FROM " + rowAtPath + "))", []any{"S", "[d]", "c", "k"}},
	} {
		c.p.Card, c.p.Key = "c", "k"
		checkSQL(t, c.name, compiler{dialect: plainDialect{}}.predicate(items, &c.p), c.want, c.args)
	}
	past := compiler{asOf: 7}.latestRow(items, models.MetadataKeyPath{Card: "c", Key: "k"})
	want := strings.Replace(rowOfKey, "latest", "entries", 1) + ` AND m.seq = (SELECT max(e.seq) FROM metadata_entries e
			WHERE e.project_id = ? AND e.subject_id = m.subject_id AND e.card = m.card AND e.key = m.key
			AND e.logged_at <= ?)`
	checkSQL(t, "a past row", past, want, []any{"c", "k", int64(7)})
}

func TestValueConditionSQL(t *testing.T) {
	t.Parallel()
	const text, isText = "COALESCE(m.parts, substr(m.sort_key, 2))", "m.sort_key >= ? AND m.sort_key < ?"
	const members = "CASE WHEN m.sort_key <> '5' THEN '[]' WHEN m.parts LIKE '{\"\":%' THEN substr(m.parts, 5, length(m.parts) - 5)" +
		" WHEN m.parts LIKE '[%' THEN m.parts ELSE '[]' END"
	longKey := "4" + long + "b"
	between := func(r models.SortKeyRange) models.ValueCondition {
		return models.ValueCondition{Between: []models.SortKeyRange{r}}
	}
	for _, c := range []struct {
		name string
		test models.ValueCondition
		want string
		args []any
	}{
		{"a range", between(models.SortKeyRange{From: "2a", To: "2b", FromOpen: true}), "((m.sort_key > ? AND m.sort_key <= ?))", []any{"2a", "2b"}},
		{"after a long text", between(models.SortKeyRange{From: longKey, FromOpen: true, To: "5", ToOpen: true}),
			"(((" + isText + " AND " + text + " > ?) AND m.sort_key < ?))", []any{"4", "5", long + "b", "5"}},
		{"up to a long text", between(models.SortKeyRange{From: "4", To: longKey}), "((m.sort_key >= ? AND (" + isText + " AND " + text + " <= ?)))",
			[]any{"4", "4", "5", long + "b"}},
		{"one of several", models.ValueCondition{In: []string{"2a", "4a"}}, "(m.sort_key IN (?, ?))", []any{"2a", "4a"}},
		{"one of none", models.ValueCondition{In: []string{}}, "FALSE", nil},
		{"one of several, with a long text", models.ValueCondition{In: []string{longKey, "2a"}},
			"(m.sort_key IN (?) OR (" + isText + " AND " + text + " IN (?)))", []any{"2a", "4", "5", long + "b"}},
		{"one of several without case", models.ValueCondition{In: []string{"4a", "2a"}, IgnoreCase: true},
			"(m.sort_key IN (?) OR (" + isText + " AND placard_fold(" + text + ") IN (?)))", []any{"2a", "4", "5", "a"}},
		{"a prefix", models.ValueCondition{Text: &models.TextCondition{Op: "startsWith", Text: "é"}},
			"((" + isText + " AND substr(" + text + ", 1, 1) = ?))", []any{"4", "5", "é"}},
		{"a suffix without case", models.ValueCondition{Text: &models.TextCondition{Op: "endsWith", Text: "ab"}, IgnoreCase: true},
			"((" + isText + " AND substr(placard_fold(" + text + "), length(placard_fold(" + text + ")) - 1) = ?))", []any{"4", "5", "ab"}},
		{"a member or a part", models.ValueCondition{Text: &models.TextCondition{Op: "contains", Text: "a"}, Member: []string{"4a"}},
			"((" + isText + " AND position(? IN " + text + ") > 0) OR (SELECT TRUE FROM elements(" + members +
				") n WHERE (substr(n.value, 2) BINARY IN (?)) LIMIT 1))", []any{"4", "5", "a", "4a"}},
		{"a long member without case", models.ValueCondition{Member: []string{longKey, "2a"}, IgnoreCase: true},
			"((SELECT TRUE FROM elements(" + members + ") n WHERE (substr(n.value, 2) BINARY IN (?) OR (substr(n.value, 2) BINARY >= ? AND" +
				" substr(n.value, 2) BINARY < ? AND placard_fold(substr(n.value, 3)) IN (?))) LIMIT 1))", []any{"2a", "4", "5", long + "b"}},
		{"a long member", models.ValueCondition{Member: []string{longKey}},
			"((SELECT TRUE FROM elements(" + members + ") n WHERE (substr(n.value, 2) BINARY IN (?)) LIMIT 1))", []any{longKey}},
		{"neither", models.ValueCondition{Member: []string{}}, "FALSE", nil},
	} {
		checkSQL(t, c.name, compiler{dialect: plainDialect{}}.valueCondition(latestValue, c.test), c.want, c.args)
	}
	whole := compiler{dialect: plainDialect{}}.valueCondition(pathValue, between(models.SortKeyRange{From: longKey, To: longKey}))
	checkSQL(t, "a long text at a path is not cut", whole, "((substr(m.part, 2) >= ? AND substr(m.part, 2) <= ?))", []any{longKey, longKey})
}

func TestPathKindSQL(t *testing.T) {
	t.Parallel()
	for kind, want := range map[models.MetadataKind]string{
		models.MetadataKindList:  "(m.part LIKE '[%' AND m.part NOT LIKE '%0]')",
		models.MetadataKindTuple: "(m.part LIKE '[%' AND m.part LIKE '%0]')",
		models.MetadataKindSet:   `m.part LIKE '{"":%'`,
		models.MetadataKindDict:  `(m.part LIKE '{%' AND m.part NOT LIKE '{"":%')`,
	} {
		checkSQL(t, string(kind), pathKindCondition(kind), want, nil)
	}
	checkSQL(t, "a scalar", pathKindCondition(models.MetadataKindNull), "substr(m.part, 1, 1) = ?", []any{"N"})
}
