package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// KeyQuery selects metadata keys.
type KeyQuery struct {
	// Prefix is a prefix of the key or of its card, in any case.
	Prefix string
	// First is the maximum number of keys, less than 0 for all, up to models.MaxMetadataKeys.
	First int
	// OnlyNames omits all other properties of the keys.
	OnlyNames bool
	// AsOf is an instant in microseconds since 1970, 0 for now. ProjectKeys ignores it.
	AsOf int64
}

// limit returns at most the requested number of keys. It fails with LIMIT_EXCEEDED for more than
// models.MaxMetadataKeys.
func (q KeyQuery) limit(found []*models.MetadataKeyUsage) ([]*models.MetadataKeyUsage, error) {
	if q.First >= 0 {
		return found[:min(q.First, len(found))], nil
	}
	if len(found) > models.MaxMetadataKeys {
		return nil, models.LimitExceeded(nil, "metadata keys; ask for fewer by search or first", models.MaxMetadataKeys,
			int64(len(found)))
	}
	return found, nil
}

// keyRow is a key with its card, empty for none.
type keyRow struct {
	Card string `json:"card"`
	Key  string `json:"key"`
}

// keyRows returns the item t of FROM with keys.
func keyRows(d engine.Dialect, keys []keyRow) engine.Expr {
	return d.JSONRows(keys, engine.TextColumn("card"), engine.TextColumn("key"))
}

// ProjectKeys returns the metadata keys of the versions of a project, by card and key. A name is one index look-up;
// the other properties require reading all values.
func (s *Store) ProjectKeys(ctx context.Context, project string, q KeyQuery) ([]*models.MetadataKeyUsage, error) {
	id, err := s.projectID(ctx, project)
	if err != nil || id.IsZero() {
		return nil, err
	}
	names, err := s.keyNames(ctx, id, q)
	if err != nil || len(names) == 0 || q.OnlyNames {
		return names, err
	}
	rows := make([]keyRow, len(names))
	for i, name := range names {
		rows[i] = keyRow{name.CardName, name.Key}
	}
	from := engine.SQL("? CROSS JOIN "+s.db.Dialect().IndexedBy("metadata_latest_by_value", "metadata_latest", "m")+`
		WHERE m.project_id = ? AND m.about = ? AND m.card = t.card AND m.key = t.key`,
		keyRows(s.db.Dialect(), rows), id, models.SubjectArtifactVersion)
	usage, err := s.aggregateUsage(ctx, id, "m.project_id", from, KeyQuery{First: -1})
	if err != nil {
		return nil, err
	}
	var all int
	err = s.db.ReadUnbounded(ctx).Scan(&all, engine.SQL("SELECT count(*) FROM artifact_versions WHERE project_id = ?", id))
	return setCoverage(usage[id], all), s.db.TranslateError(err)
}

// ArtifactKeys returns the metadata keys of the versions of each artifact, by card and key. It is two statements for
// all artifacts.
func (s *Store) ArtifactKeys(
	ctx context.Context, project models.ID, artifacts []models.ID, q KeyQuery,
) (map[models.ID][]*models.MetadataKeyUsage, error) {
	versions := s.db.Dialect().LookUp(engine.Lookup{Table: "artifact_versions", Alias: "v", Column: "artifact_id",
		IDs: artifacts, Where: engine.SQL("v.project_id = ?", project)})
	then := engine.SQL(" WHERE TRUE")
	if q.AsOf != 0 {
		then = engine.SQL(" WHERE v.created_at <= ?", q.AsOf)
	}
	var counts []struct {
		ArtifactID models.ID
		Size       int
	}
	counted := versions.Concat(then)
	err := s.db.ReadUnbounded(ctx).Scan(&counts,
		engine.SQL("SELECT v.artifact_id, count(*) AS size FROM ? GROUP BY v.artifact_id", counted))
	if err != nil {
		return nil, s.db.TranslateError(err)
	}
	entries := s.db.Dialect().LateralJoin("metadata_latest m", "m",
		engine.SQL("m.project_id = ? AND m.subject_id = v.subject_id", project))
	if q.AsOf != 0 {
		entries = s.db.Dialect().LateralJoin("metadata_entries m", "m",
			engine.SQL(`m.project_id = ? AND m.subject_id = v.subject_id
			AND m.seq = (SELECT e.seq FROM metadata_entries e WHERE e.project_id = ? AND e.subject_id = v.subject_id
				AND e.card = m.card AND e.key = m.key AND e.logged_at <= ? ORDER BY e.seq DESC LIMIT 1)`, project, project, q.AsOf))
	}
	from := versions.Concat(entries).Concat(then)
	usage, err := s.aggregateUsage(ctx, project, "v.artifact_id", from, q)
	if err != nil {
		return nil, err
	}
	for _, count := range counts {
		setCoverage(usage[count.ArtifactID], count.Size)
	}
	return usage, nil
}

// setCoverage sets the share of all versions that have each key.
func setCoverage(usage []*models.MetadataKeyUsage, all int) []*models.MetadataKeyUsage {
	for _, u := range usage {
		u.Coverage = models.Double(float64(u.Versions) / float64(max(all, 1)))
	}
	return usage
}

// keyNames skips from key to key in the index on values: to the next key of the card or, after the last one, to the
// first key of the next card. Each step is an index look-up on both engines. One condition for both cases would not
// be on SQLite.
func (s *Store) keyNames(ctx context.Context, project models.ID, q KeyQuery) ([]*models.MetadataKeyUsage, error) {
	next := func(column, condition string) engine.Expr {
		return engine.SQL("(SELECT m."+column+" FROM metadata_latest m WHERE m.project_id = ? AND m.about = ? AND "+condition+
			" AND m.sort_key IS NOT NULL ORDER BY m.card, m.key LIMIT 1)", project, models.SubjectArtifactVersion)
	}
	const inCard, nextCard = "m.card = k.card AND m.key > k.key", "m.card > k.card"
	none := s.db.Dialect().CollateBinary("CAST('' AS text)")
	query := engine.SQL("WITH RECURSIVE k(card, key) AS (SELECT "+none+", "+none+` UNION ALL
		SELECT CASE WHEN ? IS NULL THEN ? ELSE k.card END, COALESCE(?, ?) FROM k WHERE k.key IS NOT NULL
	) SELECT k.card AS card_name, k.key FROM k WHERE k.key <> '' AND ? ORDER BY k.card, k.key`,
		next("key", inCard), next("card", nextCard), next("key", inCard), next("key", nextCard), q.prefixCondition("k.card",
			"k.key"))
	var names []*models.MetadataKeyUsage
	if err := s.db.ReadUnbounded(ctx).Scan(&names, query); err != nil {
		return nil, s.db.TranslateError(err)
	}
	return q.limit(names)
}

// prefixCondition returns the condition that a card or a key begins with the prefix.
func (q KeyQuery) prefixCondition(card, key string) engine.Expr {
	if q.Prefix == "" {
		return engine.True
	}
	prefix, n := models.Fold(q.Prefix), utf8.RuneCountInString(q.Prefix)
	return engine.SQL(fmt.Sprintf("(substr(placard_fold(%s), 1, %d) = ? OR substr(placard_fold(%s), 1, %[2]d) = ?)", card,
		n, key), prefix, prefix)
}

// aggregateUsage aggregates the rows m of metadata_latest by key, for each value of the column owner. from is the end
// of a SELECT, from the items of FROM on.
func (s *Store) aggregateUsage(
	ctx context.Context, project models.ID, owner string, from engine.Expr, q KeyQuery,
) (map[models.ID][]*models.MetadataKeyUsage, error) {
	finite := engine.SQL("CASE WHEN m.sort_key > ? AND m.sort_key < ? THEN m.sort_key END", models.SortKeyMinusInfinity,
		models.SortKeyInfinity)
	var rows []struct {
		Owner                  models.ID
		Card, Key, Kinds, Last string
		Versions               int32
		Least, Greatest        *string
	}
	dialect := s.db.Dialect()
	err := s.db.ReadUnbounded(ctx).Scan(&rows,
		engine.SQL("SELECT "+owner+" AS owner, m.card, m.key, "+dialect.AggDistinct("m.kind")+
			" AS kinds, count(*) AS versions, min(?) AS least, max(?) AS greatest, max("+dialect.SeqAndID("m.seq",
			"m.id")+") AS last FROM ?"+
			" AND m.sort_key IS NOT NULL GROUP BY "+owner+", m.card, m.key HAVING ? ORDER BY m.card, m.key",
			finite, finite, from, q.prefixCondition("m.card", "m.key")))
	if err != nil {
		return nil, s.db.TranslateError(err)
	}
	usage := map[models.ID][]*models.MetadataKeyUsage{}
	for _, row := range rows {
		last, err := decodeSeqAndID(row.Last)
		if err != nil {
			return nil, err
		}
		usage[row.Owner] = append(usage[row.Owner], &models.MetadataKeyUsage{
			CardName: row.Card, Key: row.Key, Kinds: models.SortKinds(strings.Split(row.Kinds, ",")), Versions: row.Versions,
			Min: decodeNumber(row.Least), Max: decodeNumber(row.Greatest), ProjectID: project, LastEntryID: last,
		})
	}
	for owner, all := range usage {
		if usage[owner], err = q.limit(all); err != nil {
			return nil, err
		}
	}
	return usage, nil
}

func decodeNumber(sortKey *string) *models.Double {
	if sortKey == nil {
		return nil
	}
	f, ok := models.ParseNumberKey(*sortKey)
	if !ok {
		return nil
	}
	number := models.Double(f)
	return &number
}

// seqDigits is the number of digits before the ID in a text of Dialect.SeqAndID.
const seqDigits = 20

func decodeSeqAndID(text string) (id models.ID, err error) {
	if len(text) < seqDigits {
		return id, fmt.Errorf("an entry without an ID: %q", text)
	}
	n, err := hex.Decode(id[:], []byte(strings.ReplaceAll(text[seqDigits:], "-", "")))
	if err == nil && n != len(id) {
		err = fmt.Errorf("an ID of %d bytes", n)
	}
	return id, err
}
