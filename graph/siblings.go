package graph

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/placard/placard/models"
)

// maxReferences is the greatest number of IDs that references returns.
const maxReferences = 4

// references returns the project of an object, and the IDs by which loaders read it or the objects that it refers to.
// Each type of objects has its IDs in a fixed order. Absent IDs are zero.
func references(object any) (project models.ID, ids [maxReferences]models.ID) {
	switch o := object.(type) {
	case *models.Artifact:
		return o.ProjectID, [maxReferences]models.ID{o.ID}
	case *models.ArtifactVersion:
		return o.ProjectID, [maxReferences]models.ID{o.ID, o.SubjectID, o.ArtifactID}
	case *models.ArtifactAlias:
		return references(o.ArtifactVersion)
	case *models.PipelineRun:
		return o.ProjectID, [maxReferences]models.ID{o.ID}
	case *models.StepRun:
		return o.ProjectID, [maxReferences]models.ID{o.ID, o.PipelineRunID}
	case *models.StepInput:
		return o.ProjectID, [maxReferences]models.ID{o.ArtifactVersionID}
	case *models.StepOutput:
		ids := [maxReferences]models.ID{models.SubjectAt(o, nil), o.ArtifactVersionID, o.StepRunID}
		if o.Reused() {
			ids[3] = o.ID // the subject before the binding
		}
		return o.ProjectID, ids
	case *models.MetadataEntry:
		return o.ProjectID, [maxReferences]models.ID{o.ID, o.SubjectID, o.StepRunID}
	case *models.MetadataKeyUsage:
		return o.ProjectID, [maxReferences]models.ID{o.LastEntryID}
	case *models.ApiKey:
		return models.ID{}, [maxReferences]models.ID{o.ProjectID}
	case *models.AuditEvent:
		return models.ID{}, [maxReferences]models.ID{o.ID, o.ProjectID}
	case *models.TimelineEvent:
		return o.ProjectID, [maxReferences]models.ID{o.ArtifactID, o.ArtifactVersionID, o.PipelineRunID}
	case *models.LineageLink:
		return o.ProjectID, [maxReferences]models.ID{o.StepRunID}
	}
	return models.ID{}, ids
}

// addSiblings makes objects of one list siblings, and so the objects that they refer to. The objects have one type.
func addSiblings[T any](l *loaders, objects []T) {
	if versions, ok := any(objects).([]*models.ArtifactVersion); ok {
		l.noteRevisions(versions...)
	}
	var lists [maxReferences][]models.ID
	for _, object := range objects {
		_, ids := references(object)
		for i, id := range ids {
			if !id.IsZero() {
				lists[i] = append(lists[i], id)
			}
		}
	}
	for _, ids := range lists {
		if len(ids) > 1 {
			l.AddSiblings(ids)
		}
	}
}

// addNodes makes objects siblings that have the same type and project.
func (l *loaders) addNodes(nodes []models.Node) {
	type family struct {
		project  models.ID
		typeName string
	}
	families := map[family][]models.Node{}
	for _, node := range nodes {
		project, _ := references(node)
		key := family{project, fmt.Sprintf("%T", node)}
		families[key] = append(families[key], node)
	}
	for _, siblings := range families {
		addSiblings(l, siblings)
	}
}

// addSeries makes the versions and the entries of the points of all series siblings.
func addSeries(ctx context.Context, series map[models.ID]*models.MetadataSeries) {
	var versions []*models.ArtifactVersion
	var entries []*models.MetadataEntry
	for _, s := range series {
		for _, point := range s.Points {
			entries = append(entries, point.Entry)
			if point.Version != nil {
				versions = append(versions, point.Version)
			}
		}
	}
	addSiblings(loadersFrom(ctx), versions)
	addSiblings(loadersFrom(ctx), entries)
}

func valuesOf[V any](m map[models.ID]V) []V { return slices.Collect(maps.Values(m)) }
