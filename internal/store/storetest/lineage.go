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
	tests["consumers beyond the greatest count"] = manyConsumers
}

// made is a version made by a step from other versions.
func (s *suite) made(name string, from ...*models.ArtifactVersion) *models.ArtifactVersion {
	s.Helper()
	input := models.StartStepRunInput{PipelineRunID: s.lineageRun().String(), Name: name,
		Outputs: []models.StepOutputDeclaration{{Name: "out"}}}
	for i, version := range from {
		input.Inputs = append(input.Inputs,
			models.StepInputDeclaration{Name: fmt.Sprint(i), ArtifactVersionSelector: Select(version.ID)})
	}
	step, _, err := s.StartStepRun(s.ctx, store.Call{}, root, input)
	s.must(err)
	v, err := s.create(models.CreateArtifactVersionInput{Artifact: name,
		Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "out"}})
	s.must(err)
	return v
}

func (s *suite) lineageRun() models.ID {
	found, err := s.SearchPipelineRuns(s.ctx, "default", nil, models.ListQuery{}, models.Page{Size: 1})
	s.must(err)
	if len(found.Edges) > 0 {
		return found.Nodes()[0].ID
	}
	return s.run().ID
}

func names(s *suite, lineage *models.Lineage, err error) string {
	s.Helper()
	s.must(err)
	text := ""
	for _, version := range lineage.Nodes {
		artifacts, err := s.ArtifactsByID(s.ctx, []models.ID{version.ArtifactID})
		s.must(err)
		text += artifacts[version.ArtifactID].Name + " "
	}
	return fmt.Sprintf("%s%d edges, truncated %v", text, len(lineage.Edges), lineage.Truncated)
}

func lineageDiamond(s *suite) {
	data := s.made("data")
	left, right := s.made("left", data), s.made("right", data, data)
	end := s.made("end", right, left, data)
	follow := func(way func(context.Context, *models.ArtifactVersion, int, int) (*models.Lineage, error),
		of *models.ArtifactVersion, depth, size int) string {
		s.Helper()
		found, err := way(s.ctx, of, depth, size)
		return names(s, found, err)
	}
	s.equal(follow(s.Downstream, data, 3, 50), "left right end 5 edges, truncated false")
	s.equal(follow(s.Upstream, end, 3, 50), "data left right 5 edges, truncated false")
	s.equal(follow(s.Upstream, end, 1, 50), "data left right 5 edges, truncated false")
	s.equal(follow(s.Upstream, end, 3, 2), "data left 3 edges, truncated true")
	s.equal(follow(s.Upstream, data, 3, 50), "0 edges, truncated false")
	s.equal(follow(s.Downstream, data, 1, 0), "0 edges, truncated true")
	s.equal(follow(s.Downstream, end, 9, 50), "0 edges, truncated false")
	consumers, err := s.Consumers(s.ctx, data.ProjectID, []models.ID{data.ID, end.ID}, models.Page{Size: 2, Count: true},
		nil)
	s.must(err)
	s.equal([]any{consumers[data.ID].TotalCount, len(consumers[data.ID].Edges), consumers[data.ID].PageInfo.HasNextPage,
		len(consumers[end.ID].Edges)},
		[]any{3, 2, true, 0})
	_, _, err = s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(left.ID)})
	s.must(err)
	s.equal(follow(s.Downstream, data, 3, 50), "right end 3 edges, truncated false")
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
		s.equal([]any{len(found.Nodes), len(found.Edges), found.Truncated}, []any{100, 100, true})
	})
	s.equal(cost <= 103, true)
	cost = s.costs(func(ctx context.Context) {
		found, err := s.Downstream(ctx, last, 100, 100)
		s.must(err)
		s.equal([]any{len(found.Nodes), found.Truncated}, []any{100, true})
	})
	s.equal(cost <= 3, true)
}

// manyConsumers adds step runs that read one version until there are more than the server counts.
func manyConsumers(s *suite) {
	data := s.made("data")
	s.made("first", data)
	newID := "gen_random_uuid()"
	driver, name := "pgx", s.url
	if path, ok := strings.CutPrefix(s.url, "sqlite:"); ok {
		driver, name, newID = "sqlite", path, "randomblob(16)"
	}
	db, err := sql.Open(driver, name)
	s.must(err)
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
