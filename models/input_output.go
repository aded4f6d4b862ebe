package models

import "cmp"

// FinishStepOutputInput is an output to save or to bind with the end of its step run.
type FinishStepOutputInput struct {
	Name string
	// Artifact is the name of the artifact, nil for the declared one.
	Artifact *string
	Version  *string
	Type     *string
	ClientID *string
	Metadata *Tree                `json:"-"`
	Entries  []MetadataEntryInput `json:"-"`
	Tags     []string
	Aliases  []string
	// Reuse is the version that the output reuses, nil for a new version.
	Reuse *ArtifactVersionRef
}

// Check validates the names and labels, and refuses fields of a new version if it has one to reuse.
func (in *FinishStepOutputInput) Check(at *Path) error {
	fields := []nameField{{"artifact", in.Artifact}, {"version", in.Version}, {"type", in.Type}, {"clientId", in.ClientID}}
	if in.Reuse != nil {
		for _, field := range fields {
			if field.value != nil {
				return BadInput(at.Child(field.name), "must be absent beside reuse, which binds a version that exists")
			}
		}
		if in.Reuse.Named != nil {
			if err := in.Reuse.Named.CheckExact(at.Child("reuse").Child("named")); err != nil {
				return err
			}
		}
	}
	return cmp.Or(checkNames(at, fields[:3]), checkVersionName(at, in.Version), checkClientID(at, in.ClientID),
		checkLabels(at.Child("tags"), in.Tags, CheckName), checkLabels(at.Child("aliases"), in.Aliases, checkAlias))
}
