package graph

import (
	"maps"
	"slices"

	"github.com/placard/placard/models"
)

// Objects that are read in one list become siblings, and so do the objects that they refer to.

// forValues returns a callback of a loader that passes all loaded values to add.
func forValues[V any](add func([]V)) func(map[models.ID]V) {
	return func(loaded map[models.ID]V) { add(valuesOf(loaded)) }
}

// forItems returns a callback of a loader that passes the items of all loaded lists to add.
func forItems[V any](add func([]V)) func(map[models.ID][]V) {
	return func(loaded map[models.ID][]V) { add(slices.Concat(valuesOf(loaded)...)) }
}

// forNodes returns a callback of a loader that passes the nodes of all loaded connections to add.
func forNodes[V any](add func([]V)) func(map[models.ID]*models.Connection[V]) {
	return func(loaded map[models.ID]*models.Connection[V]) {
		var nodes []V
		for _, connection := range loaded {
			nodes = append(nodes, connection.Nodes()...)
		}
		add(nodes)
	}
}

func valuesOf[V any](m map[models.ID]V) []V { return slices.Collect(maps.Values(m)) }

// addRelated makes the objects with an ID of each object siblings.
func addRelated[T any](l *loaders, objects []T, id func(T) models.ID) {
	ids := make([]models.ID, len(objects))
	for i, object := range objects {
		ids[i] = id(object)
	}
	l.AddSiblings(ids)
}

func (l *loaders) addArtifacts(artifacts []*models.Artifact) {
	addRelated(l, artifacts, func(a *models.Artifact) models.ID { return a.ID })
}

func (l *loaders) addVersions(versions []*models.ArtifactVersion) {
	addRelated(l, versions, func(v *models.ArtifactVersion) models.ID { return v.ID })
	addRelated(l, versions, func(v *models.ArtifactVersion) models.ID { return v.SubjectID })
	addRelated(l, versions, func(v *models.ArtifactVersion) models.ID { return v.ArtifactID })
}

func (l *loaders) addPipelineRuns(runs []*models.PipelineRun) {
	addRelated(l, runs, func(r *models.PipelineRun) models.ID { return r.ID })
}

func (l *loaders) addStepRuns(runs []*models.StepRun) {
	addRelated(l, runs, func(r *models.StepRun) models.ID { return r.ID })
	addRelated(l, runs, func(r *models.StepRun) models.ID { return r.PipelineRunID })
}

func (l *loaders) addInputs(inputs []*models.StepInput) {
	addRelated(l, inputs, func(i *models.StepInput) models.ID { return i.ArtifactVersionID })
}

func (l *loaders) addOutputs(outputs []*models.StepOutput) {
	addRelated(l, outputs, func(o *models.StepOutput) models.ID { return o.ID })
	addRelated(l, outputs, func(o *models.StepOutput) models.ID { return o.ArtifactVersionID })
	addRelated(l, outputs, func(o *models.StepOutput) models.ID { return o.StepRunID })
}

func (l *loaders) addEntries(entries []*models.MetadataEntry) {
	addRelated(l, entries, func(e *models.MetadataEntry) models.ID { return e.SubjectID })
	addRelated(l, entries, func(e *models.MetadataEntry) models.ID { return e.StepRunID })
}

func (l *loaders) addKeys(keys []*models.MetadataKeyUsage) {
	addRelated(l, keys, func(u *models.MetadataKeyUsage) models.ID { return u.LastEntryID })
}

func (l *loaders) addEdges(edges []*models.LineageEdge) {
	addRelated(l, edges, func(e *models.LineageEdge) models.ID { return e.StepRunID })
}

// addSeries makes the versions and the entries of the points of all series siblings.
func (l *loaders) addSeries(series []*models.MetadataSeries) {
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
	l.addVersions(versions)
	l.addEntries(entries)
}

// addNodes makes objects siblings that have the same type and project.
func (l *loaders) addNodes(nodes []models.Node) {
	type family struct {
		artifacts []*models.Artifact
		versions  []*models.ArtifactVersion
		runs      []*models.PipelineRun
		steps     []*models.StepRun
		outputs   []*models.StepOutput
		entries   []*models.MetadataEntry
	}
	families := map[models.ID]*family{}
	familyOf := func(project models.ID) *family {
		if families[project] == nil {
			families[project] = &family{}
		}
		return families[project]
	}
	for _, node := range nodes {
		switch n := node.(type) {
		case *models.Artifact:
			familyOf(n.ProjectID).artifacts = append(familyOf(n.ProjectID).artifacts, n)
		case *models.ArtifactVersion:
			familyOf(n.ProjectID).versions = append(familyOf(n.ProjectID).versions, n)
		case *models.PipelineRun:
			familyOf(n.ProjectID).runs = append(familyOf(n.ProjectID).runs, n)
		case *models.StepRun:
			familyOf(n.ProjectID).steps = append(familyOf(n.ProjectID).steps, n)
		case *models.StepOutput:
			familyOf(n.ProjectID).outputs = append(familyOf(n.ProjectID).outputs, n)
		case *models.MetadataEntry:
			familyOf(n.ProjectID).entries = append(familyOf(n.ProjectID).entries, n)
		}
	}
	for _, f := range families {
		l.addArtifacts(f.artifacts)
		l.addPipelineRuns(f.runs)
		l.addVersions(f.versions)
		l.addStepRuns(f.steps)
		l.addOutputs(f.outputs)
		l.addEntries(f.entries)
	}
}
