package catalogue

import (
	"context"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// subjectKinds are the kinds of subjects by which metadata_latest_by_value is sorted.
var subjectKinds = []models.SubjectKind{
	models.SubjectArtifactVersion, models.SubjectStepOutput, models.SubjectStepRun, models.SubjectPipelineRun,
}

// keyState is the state of a key in the database.
type keyState struct {
	// N is the index of the key.
	N int
	// IsKnown is set if a subject has an entry of the key, even a retraction. It is not set for a key in any card
	// whose values all have a card.
	IsKnown bool
	// HasNumber is set if a latest value is a number or an instant, and HasText if one is a text. They are set only if
	// a condition of the look-up compares texts.
	HasNumber, HasText bool
}

// keyRow is a key as an argument of a statement.
type keyRow struct {
	N       int    `json:"n"`
	Card    string `json:"card"`
	Key     string `json:"key"`
	AnyCard int    `json:"any_card"`
}

// lookUp returns the states of keys. It is one statement, with a few look-ups in indexes for each key.
func lookUp(ctx context.Context, db *engine.DB, project models.ID, keys []models.NamedKey) ([]keyState, error) {
	rows := make([]keyRow, len(keys))
	for i, key := range keys {
		rows[i] = keyRow{N: i, Card: key.Card, Key: key.Key}
		if key.AnyCard {
			rows[i].AnyCard = 1
		}
	}
	retracted := engine.SQL(`(SELECT 1 FROM `+db.Dialect().IndexedBy("metadata_latest_retracted", "metadata_latest", "m")+`
		WHERE m.project_id = ? AND m.key = t.key AND (t.any_card = 1 OR m.card = t.card) AND m.sort_key IS NULL LIMIT 1)
		IS NOT NULL`, project)
	exists := valueExists(db, project, "m.sort_key IS NOT NULL")
	columns := []engine.Expr{engine.SQL("SELECT t.n, (? OR ?) AS is_known", exists, retracted)}
	if slices.ContainsFunc(keys, func(key models.NamedKey) bool { return key.ComparesText }) {
		text := valueExists(db, project, "m.sort_key >= ? AND m.sort_key < ?", models.SortKeyText, models.SortKeyUnordered)
		number := valueExists(db, project, "m.sort_key >= ? AND m.sort_key < ?", models.SortKeyMinusInfinity, models.SortKeyText)
		columns = append(columns, engine.SQL("? AS has_text", text), engine.SQL("? AS has_number", number))
	}
	var found []keyState
	from := db.Dialect().JSONRows(rows, engine.NumberColumn("n"), engine.TextColumn("card"), engine.TextColumn("key"),
		engine.NumberColumn("any_card"))
	err := db.Read(ctx).Scan(&found, engine.SQL("? FROM ?", engine.Join(columns, ", "), from))
	states := make([]keyState, len(keys))
	for _, row := range found {
		states[row.N] = row
	}
	return states, db.TranslateError(err)
}

// valueExists returns the condition that a latest value m of the key t exists and satisfies a condition. A planner
// cannot turn a subquery with LIMIT into a join, which would read all values of the project.
func valueExists(db *engine.DB, project models.ID, condition string, args ...any) engine.Expr {
	var kinds []engine.Expr
	for _, kind := range subjectKinds {
		kinds = append(kinds, engine.SQL("(SELECT 1 FROM "+
			db.Dialect().IndexedBy("metadata_latest_by_value", "metadata_latest", "m")+
			" WHERE m.project_id = ? AND m.about = '"+string(kind)+"' AND m.card = t.card AND m.key = t.key AND "+
			condition+" ORDER BY m.card, m.key, m.sort_key LIMIT 1) IS NOT NULL", append([]any{project}, args...)...))
	}
	return engine.SQL("(?)", engine.Join(kinds, " OR "))
}

// readNames returns the keys of a project that have values, by card and key, and false if there are more than maxNames
// or the read fails. It skips from key to key in the index on values, for each kind of subjects by itself.
func readNames(ctx context.Context, db *engine.DB, project models.ID) ([]models.MetadataKey, bool, error) {
	next := func(column, condition string) engine.Expr {
		return engine.SQL("(SELECT m."+column+" FROM metadata_latest m WHERE m.project_id = ? AND m.about = k.about AND "+
			condition+" AND m.sort_key IS NOT NULL ORDER BY m.card, m.key LIMIT 1)", project)
	}
	const inCard, nextCard = "m.card = k.card AND m.key > k.key", "m.card > k.card"
	var first []string
	for _, kind := range subjectKinds {
		text := db.Dialect().CollateBinary("CAST('' AS text)")
		first = append(first, "SELECT "+db.Dialect().CollateBinary("CAST('"+string(kind)+"' AS text)")+", "+text+", "+text)
	}
	query := engine.SQL(`WITH RECURSIVE k(about, card, key) AS (SELECT * FROM (`+strings.Join(first, " UNION ALL ")+`) f
		UNION ALL SELECT k.about, CASE WHEN ? IS NULL THEN ? ELSE k.card END, COALESCE(?, ?) FROM k WHERE k.key IS NOT NULL
	) SELECT k.card, k.key FROM k WHERE k.key <> '' LIMIT ?`,
		next("key", inCard), next("card", nextCard), next("key", inCard), next("key", nextCard), maxNames+1)
	var names []models.MetadataKey
	if err := db.ReadUnbounded(ctx).Scan(&names, query); err != nil {
		return nil, false, db.TranslateError(err)
	}
	if len(names) > maxNames {
		return nil, false, nil
	}
	slices.SortFunc(names, compareNames)
	return slices.Compact(names), true, nil
}
