package models

// ApiKeyRole is the access level of an API key in its project. Each role includes the lower ones.
type ApiKeyRole string

// The roles, from the lowest to the highest.
const (
	ApiKeyRoleReader ApiKeyRole = "READER"
	ApiKeyRoleWriter ApiKeyRole = "WRITER"
	ApiKeyRoleAdmin  ApiKeyRole = "ADMIN"
)

// rank returns the position of the role, from 1; 0 for an unknown role.
func (r ApiKeyRole) rank() int {
	return map[ApiKeyRole]int{ApiKeyRoleReader: 1, ApiKeyRoleWriter: 2, ApiKeyRoleAdmin: 3}[r]
}

// Includes reports whether r grants everything that other grants.
func (r ApiKeyRole) Includes(other ApiKeyRole) bool {
	return other.rank() > 0 && r.rank() >= other.rank()
}

// ApiKey is a key to the API. It does not contain the secret.
type ApiKey struct {
	ID     ID `gorm:"primaryKey"`
	Name   string
	Prefix string
	// ProjectID is zero and Role is nil for the key of an owner.
	ProjectID  ID
	Role       *ApiKeyRole
	CreatedAt  Time
	CreatedBy  *string
	LastUsedAt *Time
	ExpiresAt  *Time
	RevokedAt  *Time
}

// Owner reports whether the key has access to all projects.
func (k *ApiKey) Owner() bool { return k.ProjectID.IsZero() }

// Viewer is the caller of a request.
type Viewer struct {
	// Name is the name of the API key, nil on a server without keys.
	Name *string
	// Role is nil and ProjectID is zero for an owner.
	Role      *ApiKeyRole
	ProjectID ID
	IsOwner   bool
}

// CreateApiKeyInput is the input of createApiKey.
type CreateApiKeyInput struct {
	Name      string
	Project   *string
	Role      *ApiKeyRole
	Owner     bool
	ExpiresAt *Time
}

// Check returns BAD_INPUT for an invalid name, and unless exactly one of role and owner is set.
func (in *CreateApiKeyInput) Check(at *Path) error {
	if err := checkNames(at, []nameField{{"name", &in.Name}, {"project", in.Project}}); err != nil {
		return err
	}
	switch {
	case in.Owner && in.Project != nil:
		return BadInput(at.Child("project"), "must be absent if owner is true, because an owner key has access to all projects")
	case in.Owner && in.Role != nil:
		return BadInput(at.Child("role"), "must be absent if owner is true, because an owner key has access to all projects")
	case !in.Owner && in.Role == nil:
		return BadInput(at.Child("role"), "is required unless owner is true")
	}
	return nil
}

// CreateApiKeyPayload contains the new key and its secret, which is not stored.
type CreateApiKeyPayload struct {
	APIKey *ApiKey
	Secret string
}

// RevokeApiKeyInput is the input of revokeApiKey.
type RevokeApiKeyInput struct{ APIKeyID string }

// RevokeApiKeyPayload contains the revoked key.
type RevokeApiKeyPayload struct{ APIKey *ApiKey }

// AuditAction is the kind of an audited change.
type AuditAction string

// The actions that are audited.
const (
	AuditActionAPIKeyCreated          AuditAction = "API_KEY_CREATED"
	AuditActionAPIKeyRevoked          AuditAction = "API_KEY_REVOKED"
	AuditActionProjectCreated         AuditAction = "PROJECT_CREATED"
	AuditActionProjectImported        AuditAction = "PROJECT_IMPORTED"
	AuditActionProjectUpdated         AuditAction = "PROJECT_UPDATED"
	AuditActionArtifactUpdated        AuditAction = "ARTIFACT_UPDATED"
	AuditActionArtifactVersionUpdated AuditAction = "ARTIFACT_VERSION_UPDATED"
	AuditActionAliasSet               AuditAction = "ALIAS_SET"
	AuditActionAliasRemoved           AuditAction = "ALIAS_REMOVED"
	AuditActionMetadataRetracted      AuditAction = "METADATA_RETRACTED"
	AuditActionMetadataErased         AuditAction = "METADATA_ERASED"
	AuditActionArtifactVersionDeleted AuditAction = "ARTIFACT_VERSION_DELETED"
	AuditActionArtifactDeleted        AuditAction = "ARTIFACT_DELETED"
	AuditActionPipelineRunDeleted     AuditAction = "PIPELINE_RUN_DELETED"
	AuditActionProjectDeleted         AuditAction = "PROJECT_DELETED"
)

// AuditActions are all actions.
var AuditActions = []AuditAction{
	AuditActionAPIKeyCreated, AuditActionAPIKeyRevoked, AuditActionProjectCreated, AuditActionProjectImported,
	AuditActionProjectUpdated, AuditActionArtifactUpdated, AuditActionArtifactVersionUpdated, AuditActionAliasSet,
	AuditActionAliasRemoved, AuditActionMetadataRetracted, AuditActionMetadataErased,
	AuditActionArtifactVersionDeleted, AuditActionArtifactDeleted, AuditActionPipelineRunDeleted, AuditActionProjectDeleted,
}

// AuditEvent records one change of access, names or deletions.
type AuditEvent struct {
	ID        ID `gorm:"primaryKey"`
	CreatedAt Time
	CreatedBy *string
	Action    AuditAction
	// Description describes the changed object in words, because the object may be deleted. ObjectID is its ID.
	Description string
	ObjectID    ID
	// ProjectID is zero for events of owner keys, which belong to no project.
	ProjectID ID
}
