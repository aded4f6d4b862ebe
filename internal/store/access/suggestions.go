package access

import (
	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

const (
	// maxSuggestions is the maximum number of names in an error.
	maxSuggestions = 10
	// maxSuggestionCandidates is the maximum number of names that are compared.
	maxSuggestionCandidates = 1000
)

// NearNames returns the names of a query that are near to name, and all names that it compared.
func (tx *Tx) NearNames(name string, query engine.Expr) (similar, candidates []string, err error) {
	err = tx.Read(&candidates, engine.SQL("? LIMIT ?", query, maxSuggestionCandidates))
	similar = near.Names(name, candidates)
	return similar[:min(len(similar), maxSuggestions)], candidates, err
}

// Suggest adds the names of a query that are near to a name to a failure, and returns it.
func (tx *Tx) Suggest(failure *models.Error, name string, query engine.Expr) error {
	similar, _, err := tx.NearNames(name, query)
	if err != nil {
		return err
	}
	return AddSuggestions(failure, similar)
}

// AddSuggestions adds similar names to a failure, and returns it.
func AddSuggestions(failure *models.Error, similar []string) error {
	if len(similar) > 0 {
		failure.Message += near.Suggestion(similar)
		failure.Candidates = similar
	}
	return failure
}
