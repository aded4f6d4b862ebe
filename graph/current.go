package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// The store serves present metadata from its cache. Versions that a query has read have the revisions of their
// subjects, with which the cache needs no statement. See docs/adr/0036.

// noteRevisions records the revisions of the subjects of versions.
func (l *loaders) noteRevisions(versions ...*models.ArtifactVersion) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.revisions == nil {
		l.revisions = make(map[subjectRef]int64, len(versions))
	}
	for _, v := range versions {
		if v != nil && v.Revision.Known {
			l.revisions[subjectRef{v.ProjectID, v.SubjectID}] = v.Revision.Number
		}
	}
}

// revisionsOf returns the known revisions of the subjects of a project.
func (l *loaders) revisionsOf(project models.ID) store.Revisions {
	return func(subject models.ID) (revision int64, known bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		revision, known = l.revisions[subjectRef{project, subject}]
		return revision, known
	}
}

// noteRevision records the revision of the subject of an object, if the object has it.
func (l *loaders) noteRevision(object models.Subject) {
	if version, ok := object.(*models.ArtifactVersion); ok {
		l.noteRevisions(version)
	}
}

// entryFields are the fields that read all entries of a subject.
var entryFields = []string{"cards", "metadata", "metadataChanges", "metadataExtendedJson"}

// selectsEntries reports whether the operation may read all entries of a subject. Then its documents are made from the
// entries, so that both are one read.
func (l *loaders) selectsEntries(ctx context.Context) bool {
	l.selection.Do(func() {
		operation := graphql.GetOperationContext(ctx)
		l.entriesSelected = selectsField(operation.Operation.SelectionSet, entryFields) ||
			slices.ContainsFunc(operation.Doc.Fragments, func(f *ast.FragmentDefinition) bool {
				return selectsField(f.SelectionSet, entryFields)
			})
	})
	return l.entriesSelected
}

// selectsField reports whether a selection has one of the fields at any depth, without the fragments that it spreads.
func selectsField(set ast.SelectionSet, names []string) bool {
	return slices.ContainsFunc(set, func(selection ast.Selection) bool {
		switch selection := selection.(type) {
		case *ast.Field:
			return slices.Contains(names, selection.Name) || selectsField(selection.SelectionSet, names)
		case *ast.InlineFragment:
			return selectsField(selection.SelectionSet, names)
		}
		return false
	})
}
