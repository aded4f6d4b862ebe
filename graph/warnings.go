package graph

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/placard/placard/models"
)

const (
	// maxCheckedKeys is the maximum number of keys of an operation that are looked up for warnings.
	maxCheckedKeys = 100
	// maxCheckedProjects is the maximum number of projects of an operation that are looked up for warnings.
	maxCheckedProjects = 10
)

// Warnings returns the warnings of a query that has ended, in the order of its fields. It implements
// operation.Resolvers.
func (r *Resolver) Warnings(ctx context.Context) []models.Warning {
	named, ok := ctx.Value(namedKeysKey{}).(*namedKeys)
	if !ok || len(named.fields) == 0 || ctx.Err() != nil {
		return nil
	}
	fields := r.checkedFields(ctx, named)
	unknown := r.unknownKeys(ctx, fields)
	var warnings []models.Warning
	add := func(w models.Warning, path *models.Path) {
		w.Path = path.Steps()
		isSame := func(other models.Warning) bool {
			return w.Code == other.Code && w.Message == other.Message && slices.Equal(w.Path, other.Path)
		}
		if len(warnings) < models.MaxWarnings && !slices.ContainsFunc(warnings, isSame) {
			warnings = append(warnings, w)
		}
	}
	for _, field := range fields {
		if field.unknownProject != nil {
			add(*field.unknownProject, models.NewPath("project"))
		}
		for i, use := range field.uses {
			if w, isUnknown := unknown[field.project][use.NamedKey]; isUnknown && !field.found[i] {
				add(w, use.At)
			}
		}
	}
	return warnings
}

// checkedField is a field with the project whose keys it names.
type checkedField struct {
	*fieldKeys
	// project is zero if it is unknown.
	project        models.ID
	unknownProject *models.Warning
}

// checkedFields returns the fields in the order of the document.
func (r *Resolver) checkedFields(ctx context.Context, named *namedKeys) []checkedField {
	owners := slices.SortedFunc(maps.Keys(named.fields), func(a, b namingField) int {
		return cmp.Or(a.field.Position.Start-b.field.Position.Start, bytes.Compare(a.project[:], b.project[:]))
	})
	fields := make([]checkedField, len(owners))
	projects := map[string]checkedField{}
	for i, owner := range owners {
		project, done := projects[owner.projectName]
		switch {
		case owner.projectName == "":
			project.project = owner.project
		case !done && len(projects) < maxCheckedProjects:
			project.project, project.unknownProject = r.store.ProjectWarning(ctx, owner.projectName)
			projects[owner.projectName] = project
		}
		project.fieldKeys = named.fields[owner]
		fields[i] = project
	}
	return fields
}

// unknownKeys returns the warnings of the keys that no result has shown, by project.
func (r *Resolver) unknownKeys(
	ctx context.Context, fields []checkedField,
) map[models.ID]map[models.NamedKey]models.Warning {
	shown, unfound := map[models.ID][]models.NamedKey{}, map[models.ID][]models.NamedKey{}
	var projects []models.ID
	checked := 0
	for _, field := range fields {
		for i, use := range field.uses {
			switch {
			case field.project.IsZero():
			case field.found[i]:
				shown[field.project] = append(shown[field.project], use.NamedKey)
			case checked < maxCheckedKeys && !slices.Contains(unfound[field.project], use.NamedKey):
				if unfound[field.project] == nil {
					projects = append(projects, field.project)
				}
				unfound[field.project] = append(unfound[field.project], use.NamedKey)
				checked++
			}
		}
	}
	for project, keys := range shown {
		r.store.AddKnownKeys(project, keys...)
	}
	warnings := map[models.ID]map[models.NamedKey]models.Warning{}
	for _, project := range projects[:min(len(projects), maxCheckedProjects)] {
		warnings[project] = r.store.KeyWarnings(ctx, project, unfound[project])
	}
	return warnings
}
