package store

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/placard/placard/models"
)

const (
	// nearNames is how many names a refusal lists.
	nearNames = 10
	// nearCandidates bounds how many names are looked at for them.
	nearCandidates = 1000
)

// nearest are the candidates closest to name by edit distance, the closest first; ties keep their order.
func nearest(name string, candidates []string) []string {
	name = models.CutName(name)
	distance := make(map[string]int, len(candidates))
	for _, candidate := range candidates {
		distance[candidate] = levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(models.CutName(candidate)))
	}
	slices.SortStableFunc(candidates, func(a, b string) int { return distance[a] - distance[b] })
	return candidates[:min(len(candidates), nearNames)]
}

// notFoundNear is NOT_FOUND with the names that the caller may have meant.
func notFoundNear(at *models.Path, near []string, format string, args ...any) error {
	err := models.NotFound(at, format, args...)
	if len(near) > 0 {
		quoted := make([]string, len(near))
		for i, name := range near {
			quoted[i] = fmt.Sprintf("%q", models.CutName(name))
		}
		err.Message += "; near are " + strings.Join(quoted, ", ")
		err.Candidates = near
	}
	return err
}

func (tx *transaction) near(name, sql string, args ...any) ([]string, error) {
	var candidates []string
	err := tx.Raw(sql+" LIMIT ?", append(args, nearCandidates)...).Scan(&candidates).Error
	return nearest(name, candidates), err
}

func (tx *transaction) nearArtifacts(project models.ID, name string) ([]string, error) {
	return tx.near(name, "SELECT name FROM artifacts WHERE project_id = ? ORDER BY created_at DESC", project)
}

func (tx *transaction) nearVersions(project, artifact models.ID, name string) ([]string, error) {
	return tx.near(name, "SELECT version FROM artifact_versions WHERE project_id = ? AND artifact_id = ? ORDER BY number DESC",
		project, artifact)
}

func (tx *transaction) nearAliases(project, artifact models.ID, name string) ([]string, error) {
	return tx.near(name, "SELECT alias FROM aliases WHERE project_id = ? AND artifact_id = ? ORDER BY alias", project, artifact)
}
