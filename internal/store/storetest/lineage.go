package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["lineage of a diamond"] = lineageDiamond
	tests["lineage that is long and wide"] = lineageBounds
	tests["lineage with circles"] = lineageCircles
	tests["producers of re-used versions"] = producers
	tests["consumers beyond the greatest count"] = manyConsumers
}

// reader starts a step that reads versions and has an output.
func (s *suite) reader(name string, from ...*models.ArtifactVersion) *models.StepRun {
	s.Helper()
	input := models.StartStepRunInput{PipelineRunID: s.lineageRun().String(), Name: name,
		Outputs: []models.StepOutputDeclaration{{Name: "out"}}}
	for i, version := range from {
		input.Inputs = append(input.Inputs,
			models.StepInputDeclaration{Name: fmt.Sprint(i), ArtifactVersionSelector: Select(version.ID)})
	}
	step, _, err := s.StartStepRun(s.ctx, store.Call{}, root, input)
	s.must(err)
	return step
}

// made is a version made by a step from other versions.
func (s *suite) made(name string, from ...*models.ArtifactVersion) *models.ArtifactVersion {
	s.Helper()
	step := s.reader(name, from...)
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: name,
		Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "out"}})
	s.must(err)
	return v
}

func (s *suite) lineageRun() models.ID {
	found, err := s.SearchPipelineRuns(s.ctx, "default", models.ListQuery{}, models.Page{Size: 1})
	s.must(err)
	if len(found.Edges) > 0 {
		return found.Nodes()[0].ID
	}
	return s.run().ID
}

// follow returns the artifacts of a lineage with their distances.
func (s *suite) follow(
	way func(context.Context, *models.ArtifactVersion, int, int) (*models.Lineage, error),
	of *models.ArtifactVersion, depth, size int,
) string {
	s.Helper()
	lineage, err := way(s.ctx, of, depth, size)
	s.must(err)
	text := ""
	for _, version := range lineage.Versions {
		artifacts, err := s.ArtifactsByID(s.ctx, []models.ID{version.ArtifactID})
		s.must(err)
		text += fmt.Sprintf("%s:%d ", artifacts[version.ArtifactID].Name, *version.Distance)
	}
	return fmt.Sprintf("%s%d links, truncated %v", text, len(lineage.Links), lineage.Truncated)
}

func lineageDiamond(s *suite) {
	data := s.made("data")
	left, right := s.made("left", data), s.made("right", data, data)
	end := s.made("end", right, left, data)
	s.equal(s.follow(s.Downstream, data, 3, 50), "left:1 right:1 end:1 5 links, truncated false")
	s.equal(s.follow(s.Upstream, end, 3, 50), "data:1 left:1 right:1 5 links, truncated false")
	s.equal(s.follow(s.Upstream, end, 1, 50), "data:1 left:1 right:1 5 links, truncated false")
	s.equal(s.follow(s.Upstream, end, 3, 2), "data:1 left:1 3 links, truncated true")
	s.equal(s.follow(s.Upstream, data, 3, 50), "0 links, truncated false")
	s.equal(s.follow(s.Downstream, data, 1, 0), "0 links, truncated true")
	s.equal(s.follow(s.Downstream, end, 9, 50), "0 links, truncated false")
	consumers, err := s.Consumers(s.ctx, data.ProjectID, []models.ID{data.ID, end.ID}, models.Page{Size: 2, Count: true},
		nil)
	s.must(err)
	s.equal([]any{consumers[data.ID].TotalCount, len(consumers[data.ID].Edges), consumers[data.ID].PageInfo.HasNextPage,
		len(consumers[end.ID].Edges)},
		[]any{3, 2, true, 0})
	_, _, err = s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(left.ID)})
	s.must(err)
	s.equal(s.follow(s.Downstream, data, 3, 50), "right:1 end:1 3 links, truncated false")
}

// lineageBounds: a chain of 120 steps and a fan of 150 cost a statement per step and no more than is returned.
func lineageBounds(s *suite) {
	first := s.made("chain")
	last := first
	for range 120 {
		last = s.made("chain", last)
	}
	for range 150 {
		s.made("fan", last)
	}
	cost := s.costs(func(ctx context.Context) {
		found, err := s.Downstream(ctx, first, 100, 100)
		s.must(err)
		s.equal([]any{len(found.Versions), len(found.Links), found.Truncated}, []any{100, 100, true})
	})
	s.equal(cost <= 103, true)
	cost = s.costs(func(ctx context.Context) {
		found, err := s.Downstream(ctx, last, 100, 100)
		s.must(err)
		s.equal([]any{len(found.Versions), found.Truncated}, []any{100, true})
	})
	s.equal(cost <= 3, true)
}

// reuse starts a step that reads versions, and binds its output to a version. It returns the instant of the binding.
func (s *suite) reuse(version *models.ArtifactVersion, from ...*models.ArtifactVersion) (*models.StepRun, models.Time) {
	s.Helper()
	step := s.reader("again", from...)
	outputs, err := s.StepOutputs(s.ctx, step.ProjectID, []models.ID{step.ID})
	s.must(err)
	db, literal := s.database()
	defer func() { _ = db.Close() }()
	at := step.StartedAt.UnixMicro() + 1
	_, err = db.Exec(fmt.Sprintf("UPDATE step_outputs SET artifact_version_id = %s, bound_at = %d WHERE id = %s",
		literal(version.ID), at, literal(outputs[step.ID][0].ID)))
	s.must(err)
	return step, models.TimeFromMicros(at)
}

// database opens the database directly and returns it with a function that spells IDs.
func (s *suite) database() (*sql.DB, func(models.ID) string) {
	s.Helper()
	driver, name, format := "pgx", s.url, "'%s'"
	if path, ok := strings.CutPrefix(s.url, "sqlite:"); ok {
		driver, name, format = "sqlite", path, "unhex('%s', '-')"
	}
	db, err := sql.Open(driver, name)
	s.must(err)
	return db, func(id models.ID) string { return fmt.Sprintf(format, id) }
}

// lineageCircles: re-used versions make circles, in which each version has one place and the start has none.
func lineageCircles(s *suite) {
	a := s.made("a")
	b := s.made("b", a)
	c := s.made("c", b)
	_, early := s.reuse(a, a)
	s.equal(s.follow(s.Upstream, a, 9, 50), "0 links, truncated false")
	_, bound := s.reuse(a, c)
	s.equal(s.follow(s.Upstream, c, 9, 50), "b:1 a:2 3 links, truncated false")
	s.equal(s.follow(s.Upstream, a, 9, 50), "c:1 b:2 3 links, truncated false")
	s.equal(s.follow(s.Downstream, a, 9, 50), "b:1 c:2 3 links, truncated false")
	s.equal(s.follow(s.Downstream, b, 1, 50), "c:1 1 links, truncated true")
	s.equal(s.follow(s.Upstream, a.ViewAt(&early), 9, 50), "0 links, truncated false")
	s.equal(s.follow(s.Downstream, c.ViewAt(&early), 9, 50), "0 links, truncated false")
	s.equal(s.follow(s.Upstream, a.ViewAt(&bound), 9, 50), "c:1 b:2 3 links, truncated false")
	links, err := s.Upstream(s.ctx, a, 9, 50)
	s.must(err)
	s.equal(links.Links[0].To.ID == a.ID && *links.Links[0].To.Distance == 0 && a.Distance == nil, true)
	d := s.made("d", c)
	for range models.MaxLineageLinks - 1 {
		s.reuse(d, c)
	}
	s.equal(s.follow(s.Upstream, d, 1, 1), "c:1 10 links, truncated true") // there is more above c
	s.equal(s.follow(s.Downstream, c, 1, 50), "a:1 d:1 11 links, truncated true")
	s.equal(s.follow(s.Downstream, c, 9, 50), "a:1 d:1 b:2 13 links, truncated false")
	s.reuse(d, c)
	s.equal(s.follow(s.Downstream, c, 9, 50), "a:1 d:1 b:2 13 links, truncated true")
}

// producers: the step that created a version produced it, else the first one that bound an output to it.
func producers(s *suite) {
	raw := s.made("raw")
	made := s.made("made", raw)
	alone, err := s.create(models.CreateArtifactVersionInput{Artifact: "alone"})
	s.must(err)
	first, bound := s.reuse(alone, raw, made)
	s.reuse(alone)
	s.reuse(made)
	all := []models.ID{alone.ID, made.ID, raw.ID}
	outputs, err := s.ProducingOutputs(s.ctx, raw.ProjectID, all, nil)
	s.must(err)
	s.equal([]any{outputs[alone.ID].StepRunID, outputs[made.ID].ID, outputs[raw.ID].ID},
		[]any{first.ID, made.SubjectID, raw.SubjectID})
	inputs, err := s.ProducerInputs(s.ctx, raw.ProjectID, all, nil)
	s.must(err)
	s.equal([]any{len(inputs[alone.ID]), inputs[alone.ID][1].ArtifactVersionID, len(inputs[made.ID]), len(inputs[raw.ID])},
		[]any{2, made.ID, 1, 0})
	early := models.TimeFromMicros(bound.UnixMicro() - 1)
	outputs, err = s.ProducingOutputs(s.ctx, raw.ProjectID, all, &early)
	s.must(err)
	s.equal([]any{outputs[alone.ID] == nil, outputs[made.ID].AsOf.Equal(early.Time)}, []any{true, true})
}

// manyConsumers adds step runs that read one version until there are more than the server counts.
func manyConsumers(s *suite) {
	data := s.made("data")
	s.made("first", data)
	newID := "gen_random_uuid()"
	if strings.HasPrefix(s.url, "sqlite:") {
		newID = "randomblob(16)"
	}
	db, _ := s.database()
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO subjects (project_id, id, about, revision)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			SELECT p.id, %s, 'S', 0 FROM projects p CROSS JOIN n`, models.MaxTotalCount, newID),
		`INSERT INTO step_runs (project_id, id, pipeline_run_id, name, status, started_at)
			SELECT s.project_id, s.id, r.id, 'many', 'RUNNING', 0 FROM subjects s JOIN pipeline_runs r ON r.project_id = s.project_id
			WHERE s.about = 'S' AND NOT EXISTS (SELECT 1 FROM step_runs o WHERE o.project_id = s.project_id AND o.id = s.id)`,
		`INSERT INTO step_inputs (project_id, step_run_id, position, name, artifact_version_id)
			SELECT r.project_id, r.id, 0, '0', i.artifact_version_id FROM step_runs r JOIN step_inputs i ON i.project_id = r.project_id
			WHERE r.name = 'many'`,
	} {
		_, err := db.Exec(statement)
		s.must(err)
	}
	consumers, err := s.Consumers(s.ctx, data.ProjectID, []models.ID{data.ID}, models.Page{Size: 2, Count: true}, nil)
	s.must(err)
	s.equal([]any{consumers[data.ID].TotalCount, consumers[data.ID].TotalCountCapped}, []any{models.MaxTotalCount, true})
}
