package entries

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// The columns of a row of latest metadata. A row of a document ends before idColumn.
const (
	subjectColumn = iota
	revisionColumn
	seqColumn
	firstSeqColumn
	cardColumn
	keyColumn
	kindColumn
	valueColumn
	reasonColumn
	idColumn
	retractedColumn
	loggedAtColumn
	loggedByColumn
	stepRunColumn
)

const (
	documentColumns = "m.seq, m.first_seq, m.card, m.key, m.kind, m.value, m.reason"
	allColumns      = documentColumns + ", m.id, m.retracted, m.logged_at, m.logged_by, m.step_run_id"
)

// storedEntry is an entry with its texts in one piece of memory.
type storedEntry struct {
	models.MetadataEntry
	text, reason string
}

// latestRow is a row of metadata_latest while the rows of its subject are read.
type latestRow struct {
	storedEntry
	// hasText and hasReason report whether the texts are not null.
	hasText, hasReason bool
	// card is the index of the card, and firstSeq the place of the key.
	card     int
	firstSeq int64
}

// entryScanner reads the rows of one statement. Rows of the same card or author share the text.
type entryScanner struct {
	project  models.ID
	budget   *budget
	card     string
	loggedBy *string
}

// scan reads a row and charges the budget.
func (s *entryScanner) scan(row *engine.Row, into *latestRow) error {
	e := &into.MetadataEntry
	e.ProjectID, e.SubjectID, e.Seq = s.project, row.ID(subjectColumn), models.Int64(row.Int64(seqColumn))
	if card := row.Text(cardColumn); card != s.card {
		s.card = row.Keep(card)
	}
	e.CardName, e.Key, e.Kind = s.card, row.Keep(row.Text(keyColumn)), models.KindNamed(row.Text(kindColumn))
	into.text, into.hasText = row.Keep(row.Text(valueColumn)), !row.IsNull(valueColumn)
	into.reason, into.hasReason = row.Keep(row.Text(reasonColumn)), !row.IsNull(reasonColumn)
	into.firstSeq = row.Int64(firstSeqColumn)
	e.ID, e.Retracted = row.ID(idColumn), row.Bool(retractedColumn)
	e.LoggedAt, e.StepRunID = models.TimeFromMicros(row.Int64(loggedAtColumn)), row.ID(stepRunColumn)
	if by := row.Text(loggedByColumn); row.IsNull(loggedByColumn) {
		e.LoggedBy = nil
	} else {
		if s.loggedBy == nil || *s.loggedBy != by {
			kept := row.Keep(by)
			s.loggedBy = &kept
		}
		e.LoggedBy = s.loggedBy
	}
	return s.budget.charge(int64(entryBytes + len(e.CardName) + len(e.Key) + len(into.text) + len(into.reason)))
}

// rowCollector collects the latest rows of one subject.
type rowCollector struct {
	rows  []latestRow
	cards []collectedCard
}

// collectedCard is a card with the place of its first key.
type collectedCard struct {
	name  string
	first int64
}

func (c *rowCollector) reset() { c.rows, c.cards = c.rows[:0], c.cards[:0] }

// add reads a row.
func (c *rowCollector) add(s *entryScanner, row *engine.Row) error {
	c.rows = append(c.rows, latestRow{})
	added := &c.rows[len(c.rows)-1]
	err := s.scan(row, added)
	added.card = c.cardNamed(added.CardName, added.firstSeq)
	return err
}

// cardNamed returns the index of a card, which has a key at a place. Entries without a card come before all cards.
func (c *rowCollector) cardNamed(name string, first int64) int {
	if name == "" {
		first = 0
	}
	for i := len(c.cards) - 1; i >= 0; i-- {
		if c.cards[i].name == name {
			c.cards[i].first = min(c.cards[i].first, first)
			return i
		}
	}
	c.cards = append(c.cards, collectedCard{name, first})
	return len(c.cards) - 1
}

// latestEntries are the latest entries of a subject. They are immutable, because operations share them.
type latestEntries struct {
	// all are the latest rows of all keys, and valued those that have a value: first the entries without a card, then the
	// cards, each in order of their first entries.
	all, valued []*models.MetadataEntry
	// cost is the sum of the costs of all of them.
	cost int64
	// size is their memory in bytes.
	size int
}

// entries returns the collected rows.
func (c *rowCollector) entries() *latestEntries {
	order := make([]int, len(c.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &c.rows[i], &c.rows[j]
		return cmp.Or(cmp.Compare(c.cards[a.card].first, c.cards[b.card].first), cmp.Compare(a.card, b.card),
			cmp.Compare(a.firstSeq, b.firstSeq))
	})
	stored := make([]storedEntry, len(c.rows))
	l := &latestEntries{all: make([]*models.MetadataEntry, len(c.rows))}
	for place, i := range order {
		row := &c.rows[i]
		stored[place] = row.storedEntry
		e := &stored[place].MetadataEntry
		if row.hasText {
			e.Text = &stored[place].text
		}
		if row.hasReason {
			e.Reason = &stored[place].reason
		}
		l.all[place] = e
		l.cost += costOf(e)
		l.size += roundUp(len(e.Key)) + roundUp(len(row.text)) + roundUp(len(row.reason))
	}
	for _, card := range c.cards {
		l.size += roundUp(len(card.name))
	}
	l.size += len(stored) * int(unsafe.Sizeof(storedEntry{})+unsafe.Sizeof(l))
	if l.valued = l.all; slices.ContainsFunc(l.all, hasNoValue) {
		l.valued = slices.DeleteFunc(slices.Clone(l.all), hasNoValue)
		l.size += len(l.valued) * int(unsafe.Sizeof(l))
	}
	return l
}

func hasNoValue(e *models.MetadataEntry) bool { return e.Kind == nil }

// roundUp returns the memory of a text of n bytes.
func roundUp(n int) int { return (n + 15) &^ 15 }
