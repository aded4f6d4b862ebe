package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/group"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// maxGroupedBytes is the maximum size of a call that joins a group. Larger ones share nothing that is worth the wait of
// the others.
const maxGroupedBytes = 64 << 10

// entryBytes is the size of an entry without its value, for the size of a call.
const entryBytes = 256

// newLogQueue returns the groups of LogMetadata. Their limits let the first call of a group not wait for long. SQLite
// commits one transaction after the other.
func newLogQueue(s *Store) *logQueue {
	limits := group.Limits{Calls: 64, Bytes: 512 << 10, Groups: 4, Backlog: 16}
	if s.db.Dialect().HasOneWriter() {
		limits.Groups = 1
	}
	return group.NewQueue(limits, s.logGroup)
}

// groupedCall is a call of LogMetadata in a group, and its result.
type groupedCall struct {
	*keyedCall
	writes  []Write
	targets []target.Selector
	answer  func(*snapshot.Codec, *[]Logged)
	found   []target.Resolved
	// made is the time and the author of the entries.
	made   *origin
	logged []Logged

	bytes    int
	subjects []string
}

// Bytes returns the size of the call.
func (c *groupedCall) Bytes() int { return c.bytes }

// Subjects returns the texts of the selectors.
func (c *groupedCall) Subjects() []string { return c.subjects }

type logQueue = group.Queue[models.ID, *groupedCall]

// logInGroup runs LogMetadata together with the calls of others that wait at the same time (ADR 0038). It returns
// group.ErrLeft if the call must run by itself: because of its size or selectors, or because something is wrong with
// it. The call by itself then has the result, or the error with all its details.
func (s *Store) logInGroup(
	ctx context.Context, call *keyedCall, writes []Write, answer func(*snapshot.Codec, *[]Logged),
) ([]Logged, error) {
	who, one := s.caller(ctx), &groupedCall{keyedCall: call, writes: writes, answer: answer}
	for _, write := range writes {
		for _, fact := range write.Facts {
			one.bytes += entryBytes + len(fact.Key) + len(fact.Text)
		}
	}
	if one.bytes > maxGroupedBytes {
		return nil, group.ErrLeft
	}
	project, err := s.selectVersions(ctx, who, one)
	if err != nil {
		return nil, err
	}
	if project.IsZero() || !who.HasRole(models.ApiKeyRoleWriter, project) {
		return nil, group.ErrLeft
	}
	err = s.logs.Do(ctx, project, one)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		// The deadline of another call has passed during the commit, whose outcome is unknown.
		err = &models.Error{Code: models.CodeUnavailable, Message: "the database did not confirm the commit; try again",
			Retryable: true}
	}
	return one.logged, err
}

// selectVersions sets the targets of a call that are versions, and returns their project. It returns zero if a target
// is something else, or if they do not belong to one known project. It sends a statement if an owner selects by ID.
func (s *Store) selectVersions(ctx context.Context, who auth.Principal, c *groupedCall) (project models.ID, err error) {
	var ids []models.ID
	names := map[string]bool{}
	for _, write := range c.writes {
		one, ok := target.NewSelector(who, write.Target)
		if !ok {
			return models.ID{}, nil
		}
		if one.Named == nil {
			ids = append(ids, one.ID)
		} else {
			names[one.Project] = true
		}
		c.targets, c.subjects = append(c.targets, one), append(c.subjects, one.String())
	}
	var projects []models.ID
	for name := range names {
		id := access.FindKeyProject(who, name)
		if known, ok := s.projects.Load(name); ok && who.Owner {
			id = known.(models.ID)
		}
		projects = append(projects, id)
	}
	switch {
	case len(ids) == 0:
	case !who.Owner:
		projects = append(projects, who.Project)
	default:
		var found []models.ID
		err = s.db.Read(ctx).Scan(&found, engine.SQL("SELECT v.project_id FROM ?",
			s.db.Dialect().FindByID("artifact_versions", "v", ids, nil)))
		projects = append(projects, found...)
	}
	if projects = slices.Compact(projects); len(projects) == 1 {
		project = projects[0]
	}
	return project, s.db.TranslateError(err)
}

// logGroup runs a group in one transaction, once. If a statement fails although the database is available, the calls
// run by themselves.
func (s *Store) logGroup(ctx context.Context, project models.ID, g *group.Group[*groupedCall]) error {
	var failed error
	err := s.write(ctx, func(tx *transaction) error {
		if failed = g.Commit(tx.logAll(project, g)); failed != nil {
			return errGroupFailed
		}
		return nil
	})
	if failed == nil {
		return err
	}
	// A cancelled statement is unavailable, too.
	failed = s.db.TranslateError(failed)
	if models.CodeOf(failed) == models.CodeUnavailable && !errors.Is(failed, context.Canceled) {
		return failed
	}
	s.log.DebugContext(ctx, "a write group was rolled back", "calls", len(g.Calls), "error", failed)
	return group.ErrLeft
}

// errGroupFailed makes a transaction of a group fail, so that it is not tried again. No caller gets it.
var errGroupFailed = &models.Error{Code: models.CodeInternal, Message: "the write group is rolled back"}

// logAll appends the entries of all calls by the same statements, in the order of the calls.
func (tx *transaction) logAll(project models.ID, g *group.Group[*groupedCall]) error {
	if err := tx.leaveUsedKeys(project, g); err != nil {
		return err
	}
	clock, err := tx.lockCalls(project, g)
	if err != nil || len(g.Calls) == 0 {
		return err
	}
	var entries []entryDraft
	var events []event
	last := clock
	for _, c := range g.Calls {
		one := c.Value
		drafts := one.drafts()
		for _, of := range drafts {
			entries = append(entries, of...)
		}
		for _, event := range entryEvents(models.TimelineEventMetadataLogged, one.found, drafts) {
			event.made = one.made
			events = append(events, event)
		}
		last = max(last, one.made.loggedAt.UnixMicro())
	}
	// The clock passes the time of the last call, so that a later transaction gets a later time.
	stored, err := tx.append(project, tx.Dialect.Now(last), Caller{}, entries, events)
	if err != nil {
		return err
	}
	for _, c := range g.Calls {
		one := c.Value
		one.logged, stored = takeLogged(one.writes, one.found, stored)
	}
	return tx.storeKeys(project, g)
}

// lockCalls locks the subjects of all calls and sets their times. A call leaves the group if one of its targets was not
// found and locked.
func (tx *transaction) lockCalls(project models.ID, g *group.Group[*groupedCall]) (clock int64, err error) {
	var targets []target.Selector
	for _, c := range g.Calls {
		targets = append(targets, c.Value.targets...)
	}
	locked, clock, err := target.LockVersions(tx.Tx, project, targets)
	if err != nil {
		return 0, err
	}
	n := 0
	next := map[models.ID]int64{} // the earliest time of the next entry of a subject
	g.Leave(func(one *groupedCall) bool {
		first := n
		n += len(one.writes)
		return !one.setTargets(locked, first, clock, next)
	})
	return clock, nil
}

// setTargets sets the targets of a call from those of a group, from the index first on, and the time of the call. The
// time is later than those of the calls before it about the same subjects. It reports whether all targets are locked.
func (c *groupedCall) setTargets(locked map[int]target.Locked, first int, clock int64, next map[models.ID]int64) bool {
	at := clock
	c.found = nil // of an earlier try
	for i := range c.writes {
		one, ok := locked[first+i]
		if !ok {
			return false
		}
		c.found = append(c.found, one.Resolved)
		at = max(at, one.Floor, next[one.Subject])
	}
	for _, one := range c.found {
		next[one.Subject] = at + 1
	}
	c.made = &origin{loggedAt: models.TimeFromMicros(at), loggedBy: c.Caller.Name}
	return true
}

// drafts returns the entries of each write, with consecutive IDs.
func (c *groupedCall) drafts() [][]entryDraft {
	drafts := make([][]entryDraft, len(c.writes))
	n := 0
	for i, write := range c.writes {
		drafts[i] = write.entries(c.found[i].Subject, models.ID{})
		n += len(drafts[i])
	}
	ids := models.NewIDs(n)
	for _, entries := range drafts {
		for i := range entries {
			entries[i].as = &origin{ids[0], c.made.loggedAt, c.made.loggedBy}
			ids = ids[1:]
		}
	}
	return drafts
}

// leaveUsedKeys removes the calls whose idempotency key was used before, also by a call before them in the group.
func (tx *transaction) leaveUsedKeys(project models.ID, g *group.Group[*groupedCall]) error {
	type use struct {
		N         int       `json:"n"`
		Caller    models.ID `json:"caller"`
		OldCaller string    `json:"old_caller"`
		Operation string    `json:"operation"`
		Key       string    `json:"key"`
	}
	var rows []use
	isUsed, first := make([]bool, len(g.Calls)), map[use]bool{}
	for i, c := range g.Calls {
		if call := c.Value.keyedCall; call.Key != nil {
			row := use{0, call.Caller.KeyID, call.oldCaller(), call.Operation, *call.Key}
			isUsed[i], first[row] = first[row], true
			row.N = i
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	given := tx.Dialect.JSONRows(rows, engine.NumberColumn("n"), engine.IDColumn("caller"), engine.TextColumn("old_caller"),
		engine.TextColumn("operation"), engine.TextColumn("key"))
	uses := func(table, caller string) engine.Expr {
		return engine.SQL("SELECT t.n FROM ?", given.Concat(tx.Dialect.LateralJoin(table+" k", "k",
			engine.SQL("k.project_id = ? AND k.caller = t."+caller+" AND k.operation = t.operation AND k.key = t.key", project))))
	}
	var found []int
	err := tx.Read(&found, engine.SQL("? UNION ALL ?", uses("idempotency_keys", "caller"),
		uses("idempotency_answers", "old_caller")))
	for _, n := range found {
		isUsed[n] = true
	}
	n := -1
	g.Leave(func(*groupedCall) bool { n++; return isUsed[n] })
	return err
}

// storeKeys stores the idempotency keys of a group with the snapshots of their answers. Their order prevents that two
// groups with the same keys wait for each other.
func (tx *transaction) storeKeys(project models.ID, g *group.Group[*groupedCall]) error {
	var keyed []*groupedCall
	var found []target.Resolved
	for _, c := range g.Calls {
		if c.Value.Key != nil {
			keyed, found = append(keyed, c.Value), append(found, c.Value.found...)
		}
	}
	if len(keyed) == 0 {
		return nil
	}
	if err := tx.attachArtifacts(found); err != nil {
		return err
	}
	slices.SortFunc(keyed, func(a, b *groupedCall) int {
		return cmp.Or(bytes.Compare(a.Caller.KeyID[:], b.Caller.KeyID[:]), strings.Compare(a.Operation, b.Operation),
			strings.Compare(*a.Key, *b.Key))
	})
	rows := make([]engine.Expr, len(keyed))
	for i, c := range keyed {
		rows[i] = c.answerRow(tx, project, snapshot.Write(project, c.answer, c.logged))
	}
	return tx.storeAnswers(rows...)
}
