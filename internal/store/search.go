package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

// searching is one question about one table.
type searching[T any] struct {
	compiler
	table    *searched
	question models.Question
	page     models.Page
	terms    []sortTerm
	scope    *models.Filter
	// among is what must hold beside the filters, without SQL for nothing.
	among condition
	// name is what cursors belong to.
	name string
	// id is that of an object.
	id func(*T) models.ID
}

// found is an object with where it stands in the order.
type found[T any] struct {
	Object   T `gorm:"embedded"`
	Position string
}

// narrow is how few objects a way to begin must leave, so that it is better than to go through all of them in order.
const narrow = 5000

// search answers a question about the objects of a project that are in scope. It begins with whatever index leaves few
// objects, and otherwise goes along the index of the order until the page is full; see docs/adr/0018.
func search[T any](
	ctx context.Context, s *Store, t *searched, project models.ID, scope *models.Filter, q models.Question, page models.Page, id func(*T) models.ID,
) (*models.Connection[*T], error) {
	r := newSearching(s, t, project, scope, q, page, id)
	after, before, err := r.cursors()
	if err != nil {
		return nil, err
	}
	begin, err := r.begin(ctx, scope)
	if err != nil {
		return nil, s.failure(err)
	}
	items, err := r.items(ctx, begin, after, before)
	if err != nil {
		return nil, s.failure(err)
	}
	result, err := r.connection(items)
	if err != nil || !page.Count {
		return result, err
	}
	n, err := r.count(ctx, begin)
	result.SetTotalCount(n)
	return result, s.failure(err)
}

func newSearching[T any](
	s *Store, t *searched, project models.ID, scope *models.Filter, q models.Question, page models.Page, id func(*T) models.ID,
) *searching[T] {
	if q.Filter == nil {
		q.Filter = &models.Filter{}
	}
	if len(q.Order) == 0 {
		q.Order = t.order
	}
	r := &searching[T]{compiler: compiler{dialect: s.dialect, project: project}, table: t, question: q, page: page, scope: scope, id: id}
	if q.AsOf != nil {
		r.asOf = max(q.AsOf.UnixMicro(), 1)
	}
	r.terms = make([]sortTerm, len(q.Order))
	for i, term := range q.Order {
		r.terms[i] = r.sortTerm(t, term, i)
	}
	r.name = fmt.Sprint(t.name, project, r.fits(), q.Order, r.asOf)
	return r
}

// fits is the condition that an object is among what is asked for, of which some parts are known to hold.
func (r *searching[T]) fits(known ...*models.Filter) condition {
	c := r.compiler
	c.known = known
	fits := c.filter(r.table, r.question.Filter)
	if r.scope != nil {
		fits = c.filter(r.table, r.scope).and(fits)
	}
	if r.asOf != 0 {
		fits = fits.and(cond(r.table.created+" <= ?", r.asOf))
	}
	if r.among.sql != "" {
		fits = r.among.and(fits)
	}
	return fits
}

// fitsBehind is fits for what a beginning leads to.
func (r *searching[T]) fitsBehind(b beginning) condition {
	if b.exact {
		return r.fits(b.of)
	}
	return r.fits()
}

// beginning is where to begin: the fewest objects among which all that fits is, if they are known to be few.
type beginning struct {
	option
	size int
}

func (b beginning) isNarrow() bool { return b.ids != nil && b.size <= narrow }

// begin looks which way to begin leaves the fewest objects, and never at more than narrow of each.
func (r *searching[T]) begin(ctx context.Context, scope *models.Filter) (beginning, error) {
	options := r.options(r.table, r.question.Filter)
	if scope != nil {
		options = append(r.options(r.table, scope), options...)
	}
	if len(options) == 0 {
		return beginning{}, nil
	}
	parts := make([]condition, len(options))
	for i, option := range options {
		parts[i] = wrapped(fmt.Sprintf("SELECT %d AS n, count(*) AS size FROM (%%s LIMIT %d) q", i, narrow+1), union(option.ids))
	}
	whole := joined(parts, " UNION ALL ")
	var sizes []struct{ N, Size int }
	// Without the parentheses: SQLite has none around a whole statement.
	text := strings.TrimSuffix(strings.TrimPrefix(whole.sql, "("), ")")
	if err := searcher(ctx, r.dialect).Raw(text, whole.args...).Scan(&sizes).Error; err != nil {
		return beginning{}, err
	}
	best := slices.MinFunc(sizes, func(a, b struct{ N, Size int }) int { return a.Size - b.Size })
	return beginning{options[best.N], best.Size}, nil
}

// union are the IDs of several statements, each as often as it is found.
func union(parts []condition) condition {
	if len(parts) == 1 {
		return parts[0]
	}
	wholes := make([]condition, len(parts))
	for i, part := range parts {
		wholes[i] = wrapped("SELECT id FROM (%s) p", part)
	}
	all := joined(wholes, " UNION ALL ")
	return condition{"SELECT id FROM " + all.sql + " u", all.args}
}

// count is how many objects fit, counted up to one more than can be said.
func (r *searching[T]) count(ctx context.Context, b beginning) (int, error) {
	from, here, fits := r.from(b, 0), r.here(b), r.fitsBehind(b)
	var n int
	err := searcher(ctx, r.dialect).Raw(
		fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s AND %s LIMIT %d) q", from.sql, here.sql, fits.sql, models.MaxTotalCount+1),
		slices.Concat(from.args, here.args, fits.args)...).Scan(&n).Error
	return n, err
}

// items are the objects of the page, one more where there are more, in the direction in which the page is read.
func (r *searching[T]) items(ctx context.Context, b beginning, after, before []any) ([]found[T], error) {
	segments := r.segments(b)
	if r.page.Backward {
		slices.Reverse(segments)
	}
	items := []found[T]{}
	for _, segment := range segments {
		text, args, some := r.statement(segment, after, before, r.page.Size+1-len(items))
		if !some {
			continue
		}
		var more []found[T]
		if err := searcher(ctx, r.dialect).Raw(text, args...).Scan(&more).Error; err != nil {
			return nil, err
		}
		if items = append(items, more...); len(items) > r.page.Size {
			break
		}
	}
	return items, nil
}

func (r *searching[T]) connection(items []found[T]) (*models.Connection[*T], error) {
	positions := make(map[models.ID]models.Position, len(items))
	objects := make([]*T, len(items))
	for i := range items {
		objects[i] = &items[i].Object
		position, err := readPosition(items[i].Position)
		if err != nil {
			return nil, err
		}
		id := r.id(objects[i])
		positions[id] = append(position, id.String())
	}
	return models.NewConnection(r.name, r.page, objects, func(object *T) models.Position { return positions[r.id(object)] }), nil
}

func readPosition(text string) (models.Position, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var position models.Position
	if err := decoder.Decode(&position); err != nil {
		return nil, err
	}
	for i, value := range position {
		if number, ok := value.(json.Number); ok {
			n, err := number.Int64()
			if err != nil {
				return nil, errors.New("a position is no integer")
			}
			position[i] = n
		}
	}
	return position, nil
}

// cursors are the positions after and before which the page lies; nil for none.
func (r *searching[T]) cursors() (after, before []any, err error) {
	kinds := []positionKind{}
	for _, term := range r.terms {
		if term.ranked {
			kinds = append(kinds, numberPosition)
		}
		kinds = append(kinds, map[bool]positionKind{true: numberPosition, false: textPosition}[term.number])
	}
	kinds = append(kinds, idPosition)
	read := func(argument, text string) ([]any, error) {
		position, err := models.ParseCursor(argument, r.name, text)
		if err != nil || position == nil {
			return nil, err
		}
		return positionValues(argument, kinds, position)
	}
	if after, err = read("after", r.page.After); err == nil {
		before, err = read("before", r.page.Before)
	}
	return after, before, err
}

// inProject answers a question about the project of that name; one that does not exist has nothing.
func inProject[T any](
	ctx context.Context, s *Store, t *searched, project string, scope *models.Filter, q models.Question, page models.Page, id func(*T) models.ID,
) (*models.Connection[*T], error) {
	projectID, err := s.projectID(ctx, project)
	if err != nil || projectID.IsZero() {
		return models.NewConnection[*T]("", models.Page{}, nil, nil), err
	}
	return search(ctx, s, t, projectID, scope, q, page, id)
}

func equals(field string, value any) *models.Filter {
	return &models.Filter{Field: field, Tests: []models.FieldTest{{Op: "eq", Values: []any{value}}}}
}

func versionID(v *models.ArtifactVersion) models.ID { return v.ID }

func stepRunID(r *models.StepRun) models.ID { return r.ID }

// SearchVersions answers a question about the artifact versions of a project.
func (s *Store) SearchVersions(ctx context.Context, project string, q models.Question, page models.Page) (*models.ArtifactVersionConnection, error) {
	found, err := inProject(ctx, s, searchedVersions, project, nil, q, page, versionID)
	return viewsOfPage(found, q.AsOf), err
}

// SearchVersionsOf answers the same question about the versions of each artifact, the greatest number first unless it
// says otherwise. For several artifacts it is one statement, which looks at all of their versions.
func (s *Store) SearchVersionsOf(
	ctx context.Context, project models.ID, artifacts []models.ID, q models.Question, page models.Page,
) (map[models.ID]*models.ArtifactVersionConnection, error) {
	if len(q.Order) == 0 {
		q.Order = []models.OrderTerm{{Field: "NUMBER", Descending: true}}
	}
	answers := make(map[models.ID]*models.ArtifactVersionConnection, len(artifacts))
	for some := range slices.Chunk(artifacts, mostParents) {
		if len(some) == 1 {
			found, err := search(ctx, s, searchedVersions, project, equals("artifactId", some[0]), q, page, versionID)
			if err != nil {
				return nil, err
			}
			answers[some[0]] = viewsOfPage(found, q.AsOf)
			continue
		}
		if err := s.searchBelow(ctx, project, some, q, page, answers); err != nil {
			return nil, s.failure(err)
		}
	}
	return answers, nil
}

// searchBelow answers a question about the versions of several artifacts in one statement, and a second one that counts.
func (s *Store) searchBelow(
	ctx context.Context, project models.ID, artifacts []models.ID, q models.Question, page models.Page,
	answers map[models.ID]*models.ArtifactVersionConnection,
) error {
	r := newSearching(s, searchedVersions, project, nil, q, page, versionID)
	fits := r.fits()
	r.among = cond("v.artifact_id = parent.id")
	text, args, _ := r.statement(segment{rank: -1}, nil, nil, page.Size+1)
	text, args = s.dialect.below(artifacts, text, args)
	var items []found[models.ArtifactVersion]
	if err := s.search(ctx).Raw(text, args...).Scan(&items).Error; err != nil {
		return err
	}
	of := make(map[models.ID][]found[models.ArtifactVersion], len(artifacts))
	for _, item := range items {
		of[item.Object.ArtifactID] = append(of[item.Object.ArtifactID], item)
	}
	sizes := map[models.ID]int{}
	if page.Count {
		one := s.dialect.oneOf("v.artifact_id", artifacts)
		var counts []struct {
			ArtifactID models.ID
			Size       int
		}
		err := s.search(ctx).Raw("SELECT v.artifact_id, count(*) AS size FROM artifact_versions v WHERE v.project_id = ? AND "+
			one.sql+" AND "+fits.sql+" GROUP BY v.artifact_id", slices.Concat([]any{project}, one.args, fits.args)...).Scan(&counts).Error
		if err != nil {
			return err
		}
		for _, count := range counts {
			sizes[count.ArtifactID] = count.Size
		}
	}
	for _, artifact := range artifacts {
		r.name = newSearching(s, searchedVersions, project, equals("artifactId", artifact), q, page, versionID).name
		connection, err := r.connection(of[artifact])
		if err != nil {
			return err
		}
		connection.SetTotalCount(sizes[artifact])
		answers[artifact] = viewsOfPage(connection, q.AsOf)
	}
	return nil
}

// SearchArtifacts answers a question about the artifacts of a project.
func (s *Store) SearchArtifacts(ctx context.Context, project string, q models.Question, page models.Page) (*models.ArtifactConnection, error) {
	return inProject(ctx, s, searchedArtifacts, project, nil, q, page, func(a *models.Artifact) models.ID { return a.ID })
}

// SearchPipelineRuns answers a question about the pipeline runs of a project, or of one pipeline.
func (s *Store) SearchPipelineRuns(
	ctx context.Context, project string, pipeline *string, q models.Question, page models.Page,
) (*models.PipelineRunConnection, error) {
	var scope *models.Filter
	if pipeline != nil {
		scope = equals("pipeline", *pipeline)
	}
	return inProject(ctx, s, searchedPipelineRuns, project, scope, q, page, func(r *models.PipelineRun) models.ID { return r.ID })
}

// SearchStepRuns answers a question about the step runs of a project.
func (s *Store) SearchStepRuns(ctx context.Context, project string, q models.Question, page models.Page) (*models.StepRunConnection, error) {
	return inProject(ctx, s, searchedStepRuns, project, nil, q, page, stepRunID)
}

// SearchStepRunsOf answers a question about the steps of a pipeline run, as of the instant of a view of it. Without an order
// the steps come in order of start.
func (s *Store) SearchStepRunsOf(ctx context.Context, of *models.PipelineRun, q models.Question, page models.Page) (*models.StepRunConnection, error) {
	if len(q.Order) == 0 {
		q.Order = []models.OrderTerm{{Field: "STARTED_AT"}}
	}
	q.AsOf = of.AsOf
	found, err := search(ctx, s, searchedStepRuns, of.ProjectID, equals("pipelineRunId", of.ID), q, page, stepRunID)
	return viewsOfPage(found, q.AsOf), err
}
