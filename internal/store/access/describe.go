package access

import (
	"fmt"
	"strings"

	"github.com/placard/placard/models"
)

// auditedKeys is the maximum number of keys in an audit event of a retraction or an erasure.
const auditedKeys = 10

// QuoteKeys returns the first keys of entries for people.
func QuoteKeys(entries []*models.MetadataEntry) string {
	var keys []string
	for _, entry := range entries[:min(len(entries), auditedKeys)] {
		keys = append(keys, fmt.Sprintf("%q", entry.Key))
	}
	if more := len(entries) - auditedKeys; more > 0 {
		keys = append(keys, fmt.Sprintf("%d more", more))
	}
	return strings.Join(keys, ", ")
}

// Describe returns a description of a subject for people.
func Describe(of models.Subject) string {
	switch of := of.(type) {
	case *models.ArtifactVersion:
		if of.KnownArtifact == nil {
			return fmt.Sprintf("version %q", of.Version)
		}
		return fmt.Sprintf("version %q of %q", of.Version, of.KnownArtifact.Name)
	case *models.StepOutput:
		return fmt.Sprintf("output %q", of.Name)
	case *models.StepRun:
		return fmt.Sprintf("step run %q", of.Name)
	case *models.PipelineRun:
		return fmt.Sprintf("pipeline run %q", of.Pipeline)
	}
	return "something"
}
