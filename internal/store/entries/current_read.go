package entries

import (
	"cmp"
	"context"
	"slices"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// currentRead reads the present states of subjects by one statement.
type currentRead struct {
	reader  *Reader
	budget  *budget
	project models.ID
	form    form
	// cached are the subjects to read, each with its state in the cache, nil for none.
	cached map[models.ID]*state
	// found gets the states, and valid counts those of the cache among them.
	found map[models.ID]*state
	valid int

	// subject is the subject of the rows that have been read, zero before the first row.
	subject  models.ID
	revision int64
	// The rows of the subject are collected in one of the forms.
	scanner   entryScanner
	collector rowCollector
	writer    documentWriter
}

func (c *currentRead) run(ctx context.Context) error {
	wanted := make([]wantedSubject, 0, len(c.cached))
	for subject, cached := range c.cached {
		row := wantedSubject{Subject: subject}
		if cached != nil {
			row.Known = &cached.revision
		}
		wanted = append(wanted, row)
	}
	slices.SortFunc(wanted, func(a, b wantedSubject) int { return cmp.Compare(string(a.Subject[:]), string(b.Subject[:])) })
	c.scanner = entryScanner{project: c.project, budget: c.budget}
	statement := currentStatement(c.reader.DB.Dialect(), c.project, wanted, c.form)
	err := c.reader.DB.Read(ctx).ReadRows(statement, c.add)
	if err == nil {
		c.finish()
	}
	return err
}

// add reads a row.
func (c *currentRead) add(row *engine.Row) error {
	if subject := row.ID(subjectColumn); subject != c.subject {
		c.finish()
		if c.found[subject] != nil {
			return errScattered
		}
		c.subject, c.revision = subject, row.Int64(revisionColumn)
		c.collector.reset()
		c.writer.reset()
		if cached := c.cached[subject]; cached != nil && cached.revision == c.revision {
			c.valid++
			c.found[subject] = c.reader.convert(subjectKey{c.project, subject}, cached, c.form)
			return c.budget.charge(cached.cost())
		}
	}
	switch {
	case row.IsNull(seqColumn): // the subject has no entries
		return nil
	case c.form == documentForm:
		return c.budget.charge(c.writer.add(row))
	}
	return c.collector.add(&c.scanner, row)
}

// finish stores the state of the subject whose rows have been read.
func (c *currentRead) finish() {
	if c.subject.IsZero() || c.found[c.subject] != nil {
		return
	}
	read := &state{revision: c.revision}
	if c.form == documentForm {
		read.document = c.writer.document()
	} else {
		read.entries = c.collector.entries()
	}
	c.found[c.subject] = read
	if c.form == entriesForm || read.document.Err == nil {
		c.reader.Cache.put(subjectKey{c.project, c.subject}, read)
	}
}

// documentWriter writes the document of one subject.
type documentWriter struct {
	cards models.CardWriter
	bytes int
	cost  int64
	err   error
}

func (w *documentWriter) reset() {
	w.cards.Reset()
	w.bytes, w.cost, w.err = 0, 0, nil
}

// add adds a row and returns its cost.
func (w *documentWriter) add(row *engine.Row) int64 {
	key := models.MetadataKey{Card: row.Text(cardColumn), Key: row.Text(keyColumn)}
	text := row.Text(valueColumn)
	cost := int64(entryBytes + len(key.Card) + len(key.Key) + len(text) + len(row.Text(reasonColumn)))
	w.cost += cost
	w.addValue(key, row.Text(kindColumn), text, row.Int64(firstSeqColumn), row.Int64(seqColumn))
	return cost
}

// addValue adds the row of a key, with an empty kind for a row without a value.
func (w *documentWriter) addValue(key models.MetadataKey, kind, text string, first, seq int64) {
	if kind != "" {
		w.bytes += len(`"":,`) + len(key.Key) + len(text)
	}
	w.err = cmp.Or(w.err, w.cards.Add(key, models.MetadataKind(kind), text, models.Int64(first), models.Int64(seq)))
}

// document returns the document of the rows.
func (w *documentWriter) document() *Document {
	d := &Document{Bytes: w.bytes, Err: w.err, cost: w.cost}
	if d.Err == nil {
		d.JSON = slices.Clip(w.cards.AppendJSON(make([]byte, 0, w.cards.Size())))
	}
	d.size = roundUp(cap(d.JSON)) + 100
	return d
}

// document returns the document of entries.
func (l *latestEntries) document() *Document {
	w := documentWriter{cost: l.cost}
	for i, e := range l.valued {
		w.addValue(models.MetadataKey{Card: e.CardName, Key: e.Key}, string(*e.Kind), *e.Text, int64(i), int64(e.Seq))
	}
	return w.document()
}
