// Package auth says who calls and what it may do. The graph package finds out who it is, and the store asks what it may
// reach: a call without a principal in its context reaches nothing.
package auth

import (
	"context"

	"github.com/placard/placard/models"
)

// Principal is who calls. The zero principal may do nothing.
type Principal struct {
	// KeyID is the API key, zero where there is none: on a server without keys, and for commands on the machine.
	KeyID models.ID
	// Name is that of the key.
	Name string
	// Owner says that it may do everything.
	Owner bool
	// Project is what else it may reach: one project, with its name, as far as Role goes.
	Project     models.ID
	ProjectName string
	Role        models.ApiKeyRole
}

// Everyone is the principal of a server without keys, and of commands on the machine: an owner without a name.
var Everyone = Principal{Owner: true}

// Reads says whether objects of the project exist for the principal.
func (p Principal) Reads(project models.ID) bool {
	return p.Owner || p.Role.Includes(models.ApiKeyRoleReader) && p.Project == project && !project.IsZero()
}

// May says whether the principal has the role, or a greater one, in a project.
func (p Principal) May(role models.ApiKeyRole, project models.ID) bool {
	return p.Owner || p.Reads(project) && p.Role.Includes(role)
}

// Anywhere says whether the principal has the role, or a greater one, in any project.
func (p Principal) Anywhere(role models.ApiKeyRole) bool { return p.Owner || p.May(role, p.Project) }

// ResolveProject returns the name of the project that a call means: name, or where the call names none the project of the
// API key, or models.DefaultProject for an owner.
func (p Principal) ResolveProject(name *string) string {
	switch {
	case name != nil:
		return *name
	case p.Owner || p.ProjectName == "":
		return models.DefaultProject
	}
	return p.ProjectName
}

// Signature is the name that is written beside what the principal does, nil where it has none.
func (p Principal) Signature() *string {
	if p.Name == "" {
		return nil
	}
	return &p.Name
}

type principalKey struct{}

// With is a context whose calls are those of the principal.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From is the principal of a context; the zero one where nobody was named.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}
