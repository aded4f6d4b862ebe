package facet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// Figures are the figures of a metadata key that a query selects.
type Figures uint8

// The figures that are read together.
const (
	// Counts are the number of versions, their share and the range of numbers. The index on values has them.
	Counts Figures = 1 << iota
	// Kinds are the kinds, and LastEntries the last entries. Both need the rows of all values.
	Kinds
	LastEntries
)

// KeyQuery selects metadata keys of artifact versions. It is comparable, so that one statement serves siblings.
type KeyQuery struct {
	// Search is a text that the key or its card contains, ignoring case; empty for no restriction.
	Search string
	// Kinds are the names of kinds, separated by commas. With OfKinds, one of the values of a key has one of them.
	Kinds   string
	OfKinds bool
	Figures Figures
	// AsOf is an instant in microseconds since 1970, 0 for now. ProjectKeys ignores it.
	AsOf int64
}

// keyRow is a key with its card, empty for none.
type keyRow struct {
	Card string `json:"card"`
	Key  string `json:"key"`
}

// position returns the position of a key in a list of keys.
func position(u *models.MetadataKeyUsage) models.Position { return models.Position{u.CardName, u.Key} }

// listName returns the name of the list of an owner, a project or an artifact, in its cursors.
func (q KeyQuery) listName(owner models.ID) string {
	return fmt.Sprintf("metadataKeys%s%+q%d", owner, []string{q.Search, q.Kinds}, q.AsOf)
}

// parseAfter returns the key after which a page begins, the zero keyRow for none.
func (q KeyQuery) parseAfter(owner models.ID, page models.Page) (keyRow, error) {
	values, err := search.ParseCursor("after", q.listName(owner), page.After,
		[]search.PositionKind{search.TextPosition, search.TextPosition})
	if err != nil || values == nil {
		return keyRow{}, err
	}
	return keyRow{values[0].(string), values[1].(string)}, nil
}

// ProjectKeys returns a page of the metadata keys that versions of a project have now. A name is one look-up in an
// index. The figures are read for the keys of the page only.
func ProjectKeys(
	ctx context.Context, db *engine.DB, project models.ID, q KeyQuery, page models.Page,
) (*models.MetadataKeyUsageConnection, error) {
	p := projectKeys{db: db, project: project, KeyQuery: q}
	after, err := q.parseAfter(project, page)
	if err != nil {
		return nil, err
	}
	var keys []*models.MetadataKeyUsage
	scan := p.scanKeys(after, page.Size+1)
	err = db.ReadUnbounded(ctx).Scan(&keys,
		scan.Concat(engine.SQL(" SELECT passed_card AS card_name, passed_key AS key FROM k WHERE hit = 1 ORDER BY 1, 2")))
	if err != nil {
		return nil, db.TranslateError(err)
	}
	connection := models.NewConnection(q.listName(project), page, keys, position)
	if page.Count {
		var n int
		count := p.scanKeys(keyRow{}, models.MaxTotalCount+1).Concat(engine.SQL(" SELECT count(*) FROM k WHERE hit = 1"))
		if err := db.ReadUnbounded(ctx).Scan(&n, count); err != nil {
			return nil, db.TranslateError(err)
		}
		connection.SetTotalCount(n)
	}
	return connection, db.TranslateError(p.setFigures(ctx, connection.Nodes()))
}

// projectKeys reads the metadata keys of a project.
type projectKeys struct {
	db      *engine.DB
	project models.ID
	KeyQuery
}

// valuesOf returns the SQL after FROM that selects the values m of a key in an outer row.
func (p projectKeys) valuesOf(row string) engine.Expr {
	return engine.SQL(p.db.Dialect().IndexedBy("metadata_latest_by_value", "metadata_latest", "m")+
		" WHERE m.project_id = ? AND m.about = ? AND m.card = "+row+".card AND m.key = "+row+".key AND m.sort_key IS NOT NULL",
		p.project, models.SubjectArtifactVersion)
}

// scanKeys returns a WITH clause that walks the keys k after a position until it has a number of hits, keys that match
// the query. A row has the result of the row before it: hit is 1 if the passed key matches.
//
// The walk skips from key to key in the index on values: to the next key of the card or, after the last one, to the
// first key of the next card. Each step is an index look-up on both engines. One condition for both cases would not be
// on SQLite.
func (p projectKeys) scanKeys(after keyRow, hits int) engine.Expr {
	next := func(column, condition string) engine.Expr {
		return engine.SQL("(SELECT m."+column+" FROM metadata_latest m WHERE m.project_id = ? AND m.about = ? AND "+condition+
			" AND m.sort_key IS NOT NULL ORDER BY m.card, m.key LIMIT 1)", p.project, models.SubjectArtifactVersion)
	}
	const inCard, nextCard = "m.card = k.card AND m.key > k.key", "m.card > k.card"
	text := p.db.Dialect().CollateBinary("CAST(? AS text)")
	matches := engine.SQL("NOT (k.card = ? AND k.key = ?)", after.Card, after.Key).
		And(p.searchCondition(p.db.Dialect(), "k"), p.kindCondition())
	return engine.SQL("WITH RECURSIVE k(card, key, passed_card, passed_key, hit, hits) AS (SELECT "+
		strings.Repeat(text+", ", 4)+`0, 0 UNION ALL
		SELECT CASE WHEN ? IS NULL THEN ? ELSE k.card END, COALESCE(?, ?), k.card, k.key, CASE WHEN ? THEN 1 ELSE 0 END,
			k.hits + k.hit FROM k WHERE k.key IS NOT NULL AND k.hits + k.hit < ?
	)`, after.Card, after.Key, "", "", next("key", inCard), next("card", nextCard), next("key", inCard),
		next("key", nextCard), matches, hits)
}

// searchCondition returns the condition that the key of a row contains the searched text.
func (q KeyQuery) searchCondition(d engine.Dialect, row string) engine.Expr {
	if q.Search == "" {
		return engine.True
	}
	contains := func(column string) engine.Expr {
		return engine.SQL(d.Strpos("placard_fold("+row+"."+column+")")+" > 0", models.Fold(q.Search))
	}
	return engine.Any([]engine.Expr{contains("key"), contains("card")})
}

// kindNames returns the kinds of the query.
func (q KeyQuery) kindNames() []any {
	var names []any
	for name := range strings.SplitSeq(q.Kinds, ",") {
		names = append(names, name)
	}
	return names
}

// kindIn returns the condition that a column is one of the kinds of the query.
func (q KeyQuery) kindIn(column string) engine.Expr {
	names := q.kindNames()
	return engine.SQL(column+" IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")+")", names...)
}

// kindCondition returns the condition that a value of the key k has one of the kinds. The sort keys of the kinds are
// ranges of the index, so that most keys of other kinds are excluded without reading their rows.
func (p projectKeys) kindCondition() engine.Expr {
	if !p.OfKinds {
		return engine.True
	}
	var classes []string
	for _, kind := range p.kindNames() {
		classes = append(classes, models.SortKeyClasses(models.MetadataKind(kind.(string)))...)
	}
	slices.Sort(classes)
	var found []engine.Expr
	for _, class := range slices.Compact(classes) {
		found = append(found, engine.SQL("(SELECT TRUE FROM ? AND m.sort_key >= ? AND m.sort_key < ? AND ? LIMIT 1)",
			p.valuesOf("k"), class, models.PrefixEnd(class), p.kindIn("m.kind")))
	}
	return engine.Any(found)
}
