package models

// ApiKeyRole is what an API key may do in its project. Each role includes those before it.
type ApiKeyRole string

// The roles.
const (
	ApiKeyRoleReader ApiKeyRole = "READER"
	ApiKeyRoleWriter ApiKeyRole = "WRITER"
	ApiKeyRoleAdmin  ApiKeyRole = "ADMIN"
)

// rank is the place of a role, 0 for what is none.
func (r ApiKeyRole) rank() int {
	return map[ApiKeyRole]int{ApiKeyRoleReader: 1, ApiKeyRoleWriter: 2, ApiKeyRoleAdmin: 3}[r]
}

// Includes says whether who has the role r may do what other may.
func (r ApiKeyRole) Includes(other ApiKeyRole) bool {
	return other.rank() > 0 && r.rank() >= other.rank()
}

// ApiKey is a key to the API, without what only its holder knows.
type ApiKey struct {
	ID     ID `gorm:"primaryKey"`
	Name   string
	Prefix string
	// ProjectID is zero, and Role nil, for the key of an owner.
	ProjectID  ID
	Role       *ApiKeyRole
	CreatedAt  Time
	CreatedBy  *string
	LastUsedAt *Time
	ExpiresAt  *Time
	RevokedAt  *Time
}

// Owner says whether the key may do everything.
func (k *ApiKey) Owner() bool { return k.ProjectID.IsZero() }

// Viewer is the caller of a request.
type Viewer struct {
	// Name is that of its API key, nil without keys.
	Name *string
	// Role is nil for an owner, and so is ProjectID zero.
	Role      *ApiKeyRole
	ProjectID ID
	IsOwner   bool
}

// CreateApiKeyInput is a key to create.
type CreateApiKeyInput struct {
	Name      string
	Project   *string
	Role      *ApiKeyRole
	Owner     bool
	ExpiresAt *Time
}

// Check refuses what cannot be a name, a role together with owner, and neither of them.
func (in *CreateApiKeyInput) Check(at *Path) error {
	if err := checkNames(at, []nameField{{"name", &in.Name}, {"project", in.Project}}); err != nil {
		return err
	}
	switch {
	case in.Owner && in.Project != nil:
		return BadInput(at.In("project"), "must be absent: an owner may do everything in all projects")
	case in.Owner && in.Role != nil:
		return BadInput(at.In("role"), "must be absent: an owner may do everything in all projects")
	case !in.Owner && in.Role == nil:
		return BadInput(at.In("role"), "must be given, except for an owner")
	}
	return nil
}

// CreateApiKeyPayload is the new key, and what its holder has to keep.
type CreateApiKeyPayload struct {
	APIKey *ApiKey
	Secret string
}

// RevokeApiKeyInput is a key to revoke.
type RevokeApiKeyInput struct{ APIKeyID string }

// RevokeApiKeyPayload is what is good for nothing any more.
type RevokeApiKeyPayload struct{ APIKey *ApiKey }

// AuditAction is what was done.
type AuditAction string

// The actions that are audited.
const (
	AuditActionAPIKeyCreated          AuditAction = "API_KEY_CREATED"
	AuditActionAPIKeyRevoked          AuditAction = "API_KEY_REVOKED"
	AuditActionProjectCreated         AuditAction = "PROJECT_CREATED"
	AuditActionProjectImported        AuditAction = "PROJECT_IMPORTED"
	AuditActionAliasSet               AuditAction = "ALIAS_SET"
	AuditActionAliasRemoved           AuditAction = "ALIAS_REMOVED"
	AuditActionMetadataRetracted      AuditAction = "METADATA_RETRACTED"
	AuditActionArtifactVersionDeleted AuditAction = "ARTIFACT_VERSION_DELETED"
	AuditActionArtifactDeleted        AuditAction = "ARTIFACT_DELETED"
)

// AuditEvent is one change that somebody may have to answer for.
type AuditEvent struct {
	ID     ID `gorm:"primaryKey"`
	At     Time
	Actor  *string
	Action AuditAction
	// Subject is what it was done to, in words, because it may be gone; SubjectID is its ID.
	Subject   string
	SubjectID ID
	// ProjectID is zero for what belongs to no project: the keys of owners.
	ProjectID ID
}
