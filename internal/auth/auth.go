// Package auth defines the principal of a call and its rights, and creates and reads API keys. The handler of
// requests puts the principal into the context, and the store checks its rights. A context without a principal has no
// rights.
package auth

import (
	"context"
	"slices"

	"github.com/placard/placard/models"
)

// Principal is the caller of an operation. The zero principal has no rights.
type Principal struct {
	// KeyID identifies the API key. It is zero without one: on a server without authentication, and for commands.
	KeyID models.ID
	// Name is the name of the key.
	Name string
	// Owner reports whether the principal has all rights in all projects.
	Owner bool
	// Project is the only project of a principal that is not an owner. Role is its role there.
	Project     models.ID
	ProjectName string
	Role        models.ApiKeyRole
	// Deleted are the deleted projects, which no principal can reach; nil for none.
	Deleted *DeletedProjects
}

// DeletedProjects are the IDs of deleted projects whose rows may still exist.
type DeletedProjects []models.ID

// Has reports whether a project is deleted.
func (d *DeletedProjects) Has(project models.ID) bool {
	return d != nil && slices.Contains(*d, project)
}

// Anonymous is the principal of a server without authentication, and of commands: an owner without a name.
var Anonymous = Principal{Owner: true}

// CanRead reports whether the principal may read the project. Otherwise its objects do not exist for the principal.
func (p Principal) CanRead(project models.ID) bool {
	return !p.Deleted.Has(project) &&
		(p.Owner || p.Role.Includes(models.ApiKeyRoleReader) && p.Project == project && !project.IsZero())
}

// HasRole reports whether the principal has the role, or a greater one, in the project.
func (p Principal) HasRole(role models.ApiKeyRole, project models.ID) bool {
	return p.CanRead(project) && (p.Owner || p.Role.Includes(role))
}

// HasRoleInAnyProject reports whether the principal has the role, or a greater one, in any project.
func (p Principal) HasRoleInAnyProject(role models.ApiKeyRole) bool {
	return p.Owner || p.HasRole(role, p.Project)
}

// Within returns the principal with access to no other project than one that it may read. A zero project restricts
// nothing.
func (p Principal) Within(project models.ID) Principal {
	if p.Owner && !project.IsZero() {
		p.Owner, p.Project, p.Role = false, project, models.ApiKeyRoleAdmin
	}
	return p
}

// ResolveProject returns the name of the project of a call: the argument name, or if it is nil the project of the API
// key, or models.DefaultProject for an owner.
func (p Principal) ResolveProject(name *string) string {
	switch {
	case name != nil:
		return *name
	case p.Owner || p.ProjectName == "":
		return models.DefaultProject
	}
	return p.ProjectName
}

// AuthorName returns the name that is stored as the author of an entry, or nil if the principal has none.
func (p Principal) AuthorName() *string {
	if p.Name == "" {
		return nil
	}
	return &p.Name
}

type principalKey struct{}

// NewContext returns a context with the principal.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// WithProject returns a context whose principal is restricted to a project that it may read. A zero project restricts
// nothing.
func WithProject(ctx context.Context, project models.ID) context.Context {
	return NewContext(ctx, FromContext(ctx).Within(project))
}

// FromContext returns the principal of a context, or the zero principal.
func FromContext(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}
