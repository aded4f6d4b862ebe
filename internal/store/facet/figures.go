package facet

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// setFigures reads the selected figures of the keys of a page.
func (p projectKeys) setFigures(ctx context.Context, page []*models.MetadataKeyUsage) error {
	if p.Figures == 0 || len(page) == 0 {
		return nil
	}
	rows := make([]keyRow, len(page))
	usage := make(map[keyRow]*models.MetadataKeyUsage, len(page))
	for i, u := range page {
		u.ProjectID, rows[i] = p.project, keyRow{u.CardName, u.Key}
		usage[rows[i]] = u
	}
	versions, values, err := p.setCounts(ctx, rows, usage)
	if err != nil || p.Figures&(Kinds|LastEntries) == 0 {
		return err
	}
	// A table in the order of its primary key is read faster version by version than value by value.
	if values > versions && p.db.Dialect().IsClustered() {
		return p.setKindsByVersion(ctx, rows[0], rows[len(rows)-1], usage)
	}
	return p.setKindsByKey(ctx, rows, usage)
}

// keyRows returns the item t of FROM with keys.
func keyRows(d engine.Dialect, keys []keyRow) engine.Expr {
	return d.JSONRows(keys, engine.TextColumn("card"), engine.TextColumn("key"))
}

// finiteNumber is the condition that a sort key m.sort_key is that of a finite number.
var finiteNumber = engine.SQL("m.sort_key > ? AND m.sort_key < ?", models.SortKeyMinusInfinity, models.SortKeyInfinity)

// setCounts sets the counts and the ranges of keys, from the index on values alone. It returns the number of versions
// of the project and the number of values of all keys.
func (p projectKeys) setCounts(
	ctx context.Context, keys []keyRow, usage map[keyRow]*models.MetadataKeyUsage,
) (versions, values int, err error) {
	extreme := func(direction string) engine.Expr {
		return engine.SQL("(SELECT m.sort_key FROM ? AND ? ORDER BY m.sort_key"+direction+" LIMIT 1)", p.valuesOf("t"),
			finiteNumber)
	}
	var rows []struct {
		Card, Key       string
		Versions        int32
		Least, Greatest *string
	}
	err = p.db.ReadUnbounded(ctx).Scan(&rows,
		engine.SQL("SELECT t.card, t.key, (SELECT count(*) FROM ?) AS versions, ? AS least, ? AS greatest FROM ?", p.valuesOf("t"),
			extreme(""), extreme(" DESC"), keyRows(p.db.Dialect(), keys)))
	if err == nil {
		err = p.db.ReadUnbounded(ctx).Scan(&versions,
			engine.SQL("SELECT count(*) FROM artifact_versions WHERE project_id = ?", p.project))
	}
	for _, row := range rows {
		u := usage[keyRow{row.Card, row.Key}]
		u.VersionCount, u.Min, u.Max = row.Versions, decodeNumber(row.Least), decodeNumber(row.Greatest)
		setCoverage(u, versions)
		values += int(row.Versions)
	}
	return versions, values, err
}

// setCoverage sets the share of all versions that have a key.
func setCoverage(u *models.MetadataKeyUsage, versions int) {
	u.Coverage = models.Double(float64(u.VersionCount) / float64(max(versions, 1)))
}

// setKindsByKey sets the kinds and the last entries of keys. It reads the values of each key by the index on values.
func (p projectKeys) setKindsByKey(
	ctx context.Context, keys []keyRow, usage map[keyRow]*models.MetadataKeyUsage,
) error {
	d := p.db.Dialect()
	kinds, last := "''", "''"
	if p.Figures&Kinds != 0 {
		kinds = d.AggDistinct("m.kind")
	}
	if p.Figures&LastEntries != 0 {
		last = "max(" + d.SeqAndID("m.seq", "m.id") + ")"
	}
	var rows []struct {
		Card, Key string
		Found     string
	}
	err := p.db.ReadUnbounded(ctx).Scan(&rows, engine.SQL("SELECT t.card, t.key, (SELECT "+d.JSONArray([]string{kinds, last})+
		" FROM ?) AS found FROM ?", p.valuesOf("t"), keyRows(d, keys)))
	if err != nil {
		return err
	}
	for _, row := range rows {
		var found [2]*string // null for a key that has lost its values
		if err := json.Unmarshal([]byte(row.Found), &found); err != nil {
			return err
		}
		u := usage[keyRow{row.Card, row.Key}]
		if found[0] != nil {
			u.Kinds = models.SortKinds(strings.Split(*found[0], ","))
		}
		if found[1] != nil && *found[1] != "" {
			if u.LastEntryID, err = decodeSeqAndID(*found[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// setKindsByVersion sets the kinds and the last entries of keys. It reads the values of all versions from the first key
// to the last one.
func (p projectKeys) setKindsByVersion(
	ctx context.Context, first, last keyRow, usage map[keyRow]*models.MetadataKeyUsage,
) error {
	between := engine.SQL("(m.card, m.key) >= (?, ?) AND (m.card, m.key) <= (?, ?)", first.Card, first.Key, last.Card,
		last.Key)
	from := engine.SQL("artifact_versions v ? WHERE v.project_id = ? AND m.sort_key IS NOT NULL",
		p.db.Dialect().LateralJoin("metadata_latest m", "m", engine.SQL("m.project_id = ? AND m.subject_id = v.subject_id",
			p.project).And(between)), p.project)
	var groups []*keyGroup
	err := p.db.ReadUnbounded(ctx).Scan(&groups,
		engine.SQL("SELECT * FROM (?) g ORDER BY card, key", p.db.Dialect().KeyGroups(from, "v.project_id", finiteNumber)))
	if err != nil {
		return err
	}
	found := map[models.ID][]*models.MetadataKeyUsage{}
	if err := mergeGroups(groups, found); err != nil {
		return err
	}
	for _, u := range found[p.project] {
		if of := usage[keyRow{u.CardName, u.Key}]; of != nil {
			of.Kinds, of.LastEntryID = u.Kinds, u.LastEntryID
		}
	}
	return nil
}

// keyGroup is the values of one kind of a key of an owner, as Dialect.KeyGroups returns them.
type keyGroup struct {
	Owner           models.ID
	Card, Key, Kind string
	Size            int32
	Least, Greatest *string
	Last            string
	// Total is the number of keys of the owner.
	Total int
}

// mergeGroups appends the usage of keys to those of their owners. The groups of a key follow each other.
func mergeGroups(groups []*keyGroup, usage map[models.ID][]*models.MetadataKeyUsage) error {
	sameKey := func(a, b *keyGroup) bool { return a.Owner == b.Owner && a.Card == b.Card && a.Key == b.Key }
	for i := 0; i < len(groups); {
		merged, kinds := *groups[i], []string{groups[i].Kind}
		for i++; i < len(groups) && sameKey(&merged, groups[i]); i++ {
			g := groups[i]
			kinds, merged.Size, merged.Last = append(kinds, g.Kind), merged.Size+g.Size, max(merged.Last, g.Last)
			merged.Least, merged.Greatest = choose(merged.Least, g.Least, -1), choose(merged.Greatest, g.Greatest, 1)
		}
		last, err := decodeSeqAndID(merged.Last)
		if err != nil {
			return err
		}
		usage[merged.Owner] = append(usage[merged.Owner], &models.MetadataKeyUsage{
			CardName: merged.Card, Key: merged.Key, Kinds: models.SortKinds(kinds), VersionCount: merged.Size,
			Min: decodeNumber(merged.Least), Max: decodeNumber(merged.Greatest), LastEntryID: last,
		})
	}
	return nil
}

// choose returns the lesser of two sort keys for the sign -1, and the greater for 1. Nil is no sort key.
func choose(a, b *string, sign int) *string {
	if a == nil || b != nil && strings.Compare(*b, *a) == sign {
		return b
	}
	return a
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
