package facet

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// ValueQuery selects the latest values of a metadata key of artifact versions.
type ValueQuery struct {
	Project models.ID
	Key     models.MetadataKey
	// Artifact is the name of an artifact, nil for all.
	Artifact *string
	// Search is a text that a value contains, ignoring case; empty for no restriction.
	Search string
	// Filter restricts the versions, nil for all.
	Filter *models.Filter
	Page   models.Page
}

// maxCursorText is the number of characters of a value in a cursor.
const maxCursorText = 250

// valueCount is a value with the number of versions that have it.
type valueCount struct {
	Kind models.MetadataKind
	Text string
	Size int32
	// LongID is the SeqAndID of an entry with the value, nil for a value of at most maxCursorText characters.
	LongID *string
}

// Values returns a page of the different values of a key, the most frequent first. Values with equal counts are in the
// order of their extended JSON, which also distinguishes kinds.
func Values(ctx context.Context, db *engine.DB, q ValueQuery) (*models.MetadataValueUsageConnection, error) {
	v := values{db: db, ValueQuery: q}
	if err := v.prepare(ctx); err != nil {
		return nil, err
	}
	after, err := v.after(ctx)
	if err != nil {
		return nil, err
	}
	var rows []*valueCount
	err = db.ReadSearch(ctx).Scan(&rows, engine.SQL("SELECT g.kind, g.text, g.size, g.long_id FROM ? WHERE ? AND ? ORDER BY g.size DESC, "+
		v.extendedJSON()+" LIMIT ?", v.groups, v.matches, after, q.Page.Size+1))
	if err != nil {
		return nil, db.TranslateError(err)
	}
	var failed error
	found := models.NewConnection(v.list, q.Page, rows, func(c *valueCount) models.Position {
		position, err := v.position(c)
		if err != nil {
			failed = err
		}
		return position
	})
	if failed != nil {
		return nil, failed
	}
	if q.Page.Count {
		var n int
		err = db.ReadSearch(ctx).Scan(&n, engine.SQL("SELECT count(*) FROM (SELECT 1 FROM ? WHERE ? LIMIT ?) c", v.groups,
			v.matches, models.MaxTotalCount+1))
		found.SetTotalCount(n)
	}
	return models.MapConnection(found, func(c *valueCount) *models.MetadataValueUsage {
		return models.NewMetadataValueUsage(q.Key.Card, c.Kind, c.Text, c.Size)
	}), db.TranslateError(err)
}

// values reads the values of a key.
type values struct {
	db *engine.DB
	ValueQuery
	// list identifies the list in cursors.
	list string
	// groups is the item g of FROM with the kind, text and size of each value, and matches the condition of the search.
	groups, matches engine.Expr
}

// prepare composes the statement.
func (v *values) prepare(ctx context.Context) error {
	d, name := v.db.Dialect(), v.Project.String()
	from := engine.SQL(d.IndexedBy("metadata_latest_by_value", "metadata_latest", "m")+
		" WHERE m.project_id = ? AND m.about = ? AND m.card = ? AND m.key = ?", v.Project, models.SubjectArtifactVersion,
		v.Key.Card, v.Key.Key)
	if v.Filter != nil || v.Artifact != nil {
		var scope *models.Filter
		if v.Artifact != nil {
			scope = search.Equals("artifact", *v.Artifact)
		}
		versions, err := search.SelectVersions(ctx, v.db, v.Project, v.Filter, scope)
		if err != nil {
			return v.db.TranslateError(err)
		}
		name = versions.Name
		from = versions.Join(d, "metadata_latest m", "m",
			engine.SQL("m.project_id = ? AND m.subject_id = v.subject_id AND m.card = ? AND m.key = ?", v.Project, v.Key.Card,
				v.Key.Key))
	}
	v.list = fmt.Sprintf("metadataValues%s%+q", name, []string{v.Key.Card, v.Key.Key, v.Search})
	words := "NULL"
	if v.matches = engine.True; v.Search != "" {
		words = "min(CASE WHEN m.sort_key >= '" + models.SortKeyText + "' AND m.sort_key < '" + models.SortKeyUnordered +
			"' THEN COALESCE(m.parts, substr(m.sort_key, 2)) END)"
		v.matches = engine.SQL(d.Strpos("placard_fold(COALESCE(g.words, "+v.extendedJSON()+"))")+" > 0", models.Fold(v.Search))
	}
	v.groups = engine.SQL("(SELECT m.kind, m.value AS text, count(*) AS size, "+words+
		" AS words, max(CASE WHEN length(m.value) > ? THEN "+d.SeqAndID("m.seq", "m.id")+` END) AS long_id
		FROM ? AND m.sort_key IS NOT NULL GROUP BY m.kind, m.value) g`, maxCursorText, from)
	return nil
}

// dictMark is the mark of a dictionary that is the value of a key without a card.
const dictMark = `{"$dict":`

// extendedJSON returns the extended JSON of a value g, which is the stored text except for a dictionary without a card.
func (v *values) extendedJSON() string {
	if v.Key.Card != "" {
		return v.db.Dialect().CollateBinary("g.text")
	}
	return v.db.Dialect().CollateBinary("CASE WHEN g.kind = 'DICT' THEN '" + dictMark + "' || g.text || '}' ELSE g.text END")
}

// extend returns the extended JSON of a stored value.
func (v *values) extend(kind models.MetadataKind, text string) string {
	if v.Key.Card == "" && kind == models.MetadataKindDict {
		return dictMark + text + "}"
	}
	return text
}

// position returns the position of a value: its count, the beginning of its extended JSON and, for a long value, the ID
// of an entry with it.
func (v *values) position(c *valueCount) (models.Position, error) {
	text, entry := []rune(v.extend(c.Kind, c.Text)), ""
	if c.LongID != nil {
		id, err := decodeSeqAndID(*c.LongID)
		if err != nil {
			return nil, err
		}
		entry, text = id.String(), text[:maxCursorText]
	}
	return models.Position{c.Size, string(text), entry}, nil
}

// after returns the condition that a value g is after the cursor of the page. If the entry of a long value is gone, the
// page begins with the values that begin alike.
func (v *values) after(ctx context.Context) (engine.Expr, error) {
	bound, err := search.ParseCursor("after", v.list, v.Page.After,
		[]search.PositionKind{search.NumberPosition, search.TextPosition, search.TextPosition})
	if err != nil || bound == nil {
		return engine.True, err
	}
	text := bound[1].(string)
	if id, isLong := models.ParseID(bound[2].(string)); isLong {
		var rows []struct {
			Kind  models.MetadataKind
			Value string
		}
		err := v.db.Read(ctx).Scan(&rows, engine.SQL(
			"SELECT kind, value FROM metadata_entries WHERE id = ? AND project_id = ? AND value IS NOT NULL", id, v.Project))
		if err != nil {
			return engine.True, v.db.TranslateError(err)
		}
		if len(rows) > 0 {
			text = v.extend(rows[0].Kind, rows[0].Value)
		}
	}
	return engine.SQL("(g.size < ? OR g.size = ? AND "+v.extendedJSON()+" > ?)", bound[0], bound[0], text), nil
}
