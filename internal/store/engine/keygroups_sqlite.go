package engine

import (
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

func (d *sqliteDialect) KeyGroups(from Expr, owner string, ranged Expr) Expr {
	return SQL(`SELECT unhex(g.value ->> 0) AS owner, g.value ->> 1 AS card, g.value ->> 2 AS key, g.value ->> 3 AS kind,
		g.value ->> 4 AS size, g.value ->> 5 AS least, g.value ->> 6 AS greatest, g.value ->> 7 AS last
		FROM json_each((SELECT placard_key_groups(`+owner+`, m.card, m.key, m.kind, CASE WHEN ? THEN m.sort_key END, m.seq,
			m.id) FROM ?)) g`, ranged, from)
}

func (d *sqliteDialect) IsClustered() bool { return true }

// init registers placard_key_groups, the aggregate function of KeyGroups. Its result is a JSON array of groups.
func init() {
	sqlite.MustRegisterFunction("placard_key_groups", &sqlite.FunctionImpl{
		NArgs: 7, Deterministic: true, VolatileArgs: true,
		MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return keyGroups{}, nil },
	})
}

// keyGroups aggregates rows of metadata by owner, card, key and kind.
type keyGroups map[keyGroupName]*keyGroup

type keyGroupName struct{ owner, card, key, kind string }

type keyGroup struct {
	size            int
	least, greatest *string
	// lastID is the ID of the entry with the greatest seq.
	lastSeq int64
	lastID  []byte
}

// Step adds a row. The texts and blobs of the row are valid during the call only.
func (g keyGroups) Step(_ *sqlite.FunctionContext, row []driver.Value) error {
	owner, isOwner := row[0].([]byte)
	card, isCard := row[1].(string)
	key, isKey := row[2].(string)
	kind, isKind := row[3].(string)
	seq, isSeq := row[5].(int64)
	id, isID := row[6].([]byte)
	if !isOwner || !isCard || !isKey || !isKind || !isSeq || !isID {
		return fmt.Errorf("placard_key_groups has arguments of other types: %T", row)
	}
	group := g[keyGroupName{string(owner), card, key, kind}]
	if group == nil {
		group = &keyGroup{}
		g[keyGroupName{string(owner), strings.Clone(card), strings.Clone(key), strings.Clone(kind)}] = group
	}
	group.size++
	if sortKey, ok := row[4].(string); ok {
		if group.least == nil || sortKey < *group.least {
			group.least = new(strings.Clone(sortKey))
		}
		if group.greatest == nil || sortKey > *group.greatest {
			group.greatest = new(strings.Clone(sortKey))
		}
	}
	if seq > group.lastSeq {
		group.lastSeq, group.lastID = seq, append(group.lastID[:0], id...)
	}
	return nil
}

// WindowInverse fails: the function is not a window function.
func (keyGroups) WindowInverse(*sqlite.FunctionContext, []driver.Value) error {
	return errors.New("placard_key_groups is no window function")
}

// WindowValue returns the groups.
func (g keyGroups) WindowValue(*sqlite.FunctionContext) (driver.Value, error) {
	groups := make([][]any, 0, len(g))
	for name, group := range g {
		groups = append(groups, []any{hex.EncodeToString([]byte(name.owner)), name.card, name.key, name.kind, group.size,
			group.least, group.greatest, fmt.Sprintf("%020d%x", group.lastSeq, group.lastID)})
	}
	text, err := json.Marshal(groups)
	return string(text), err
}

// Final releases nothing.
func (keyGroups) Final(*sqlite.FunctionContext) {}
