package models

import "cmp"

// This file checks inputs without a database. Check returns BAD_INPUT or LIMIT_EXCEEDED with the path of the invalid
// value; at is the path of the input.

// Check validates the names, aliases and tags.
func (in *CreateArtifactVersionInput) Check(at *Path) error {
	if err := checkNames(at, []nameField{
		{"project", in.Project}, {"artifact", &in.Artifact}, {"version", in.Version}, {"type", in.Type},
	}); err != nil {
		return err
	}
	if err := checkVersionName(at, in.Version); err != nil {
		return err
	}
	if in.Output != nil {
		if err := CheckName(at.Child("output").Child("name"), in.Output.Name); err != nil {
			return err
		}
	}
	return cmp.Or(checkLabels(at.Child("tags"), in.Tags, CheckName),
		checkLabels(at.Child("aliases"), in.Aliases, checkAlias), checkClientID(at, in.ClientID))
}

// checkVersionName refuses the name of the computed alias.
func checkVersionName(at *Path, name *string) error {
	if name != nil && *name == LatestAlias {
		return BadInput(at.Child("version"),
			"must not be %q, the computed alias of the version with the greatest number", LatestAlias)
	}
	return nil
}

// Check validates the names of the step, its inputs and its outputs, and their number.
func (in *StartStepRunInput) Check(at *Path) error {
	if err := CheckName(at.Child("name"), in.Name); err != nil {
		return err
	}
	inputs := make([]string, len(in.Inputs))
	for i, input := range in.Inputs {
		inputs[i] = input.Name
	}
	if err := checkSlots(at.Child("inputs"), inputs, MaxInputs); err != nil {
		return err
	}
	for i, input := range in.Inputs {
		if err := input.ArtifactVersionSelector.Check(at.Child("inputs").Child(i)); err != nil {
			return err
		}
	}
	outputs := make([]string, len(in.Outputs))
	for i, output := range in.Outputs {
		outputs[i] = output.Name
		if err := checkNames(at.Child("outputs").Child(i), []nameField{{"artifactName", output.ArtifactName}}); err != nil {
			return err
		}
	}
	return cmp.Or(checkSlots(at.Child("outputs"), outputs, MaxOutputs), checkClientID(at, in.ClientID))
}

func (in *CreateProjectInput) Check(at *Path) error { return CheckName(at.Child("name"), in.Name) }

// CheckDescription validates a description, and returns nil for an empty one. given reports whether the input has the
// field.
func CheckDescription(at *Path, given bool, text *string) (*string, error) {
	switch {
	case !given:
		return nil, BadInput(at, `must be present; null or "" removes the description`)
	case text == nil || *text == "":
		return nil, nil
	}
	return text, CheckText(at, "a description", *text, MaxDescriptionCharacters)
}

func (in *SetAliasInput) Check(at *Path) error {
	return cmp.Or(in.ArtifactVersionSelector.Check(at), checkAlias(at.Child("alias"), in.Alias))
}

func (in *RemoveAliasInput) Check(at *Path) error {
	return cmp.Or(in.ArtifactVersionSelector.Check(at), checkAlias(at.Child("alias"), in.Alias))
}

func (in *TagArtifactVersionInput) Check(at *Path) error {
	return cmp.Or(in.ArtifactVersionSelector.Check(at), checkTags(at, in.Tags))
}

func (in *UntagArtifactVersionInput) Check(at *Path) error {
	return cmp.Or(in.ArtifactVersionSelector.Check(at), checkTags(at, in.Tags))
}

// Check refuses two versions and none.
func (s *ArtifactVersionSelector) Check(at *Path) error {
	switch {
	case (s.ArtifactVersionID == nil) == (s.ArtifactVersion == nil):
		return BadInput(at, "must have exactly one of artifactVersionId and artifactVersion")
	case s.ArtifactVersion == nil || s.ArtifactVersion.Named == nil:
		return nil
	}
	return s.ArtifactVersion.Named.CheckExact(at.Child("artifactVersion").Child("named"))
}

// CheckExact is Check for a write, which must not change a version that someone else has just created.
func (n *ArtifactVersionName) CheckExact(at *Path) error {
	err := n.Check(at)
	if err == nil && n.Version == nil && n.Alias == nil && n.Number == nil {
		err = BadInput(at, "must have a version, an alias or a number: without them, a write could change a version "+
			"that someone else has just created")
	}
	return err
}

// Check validates the names, and refuses more than one of version, alias and number.
func (n *ArtifactVersionName) Check(at *Path) error {
	names := []nameField{{"project", n.Project}, {"name", &n.Name}, {"version", n.Version}, {"alias", n.Alias}}
	if err := checkNames(at, names); err != nil {
		return err
	}
	if n.Version != nil && n.Alias != nil || n.Number != nil && (n.Version != nil || n.Alias != nil) {
		return BadInput(at, "must have at most one of version, alias and number")
	}
	return nil
}

// Check validates the keys and the reason: 1 to EntriesPerCall different keys.
func (in *RetractMetadataInput) Check(limits *ServerLimits, at *Path) error {
	if n := len(in.Keys); n == 0 {
		return BadInput(at.Child("keys"), "must name at least one key")
	} else if n > int(limits.EntriesPerCall) {
		return LimitExceeded(at.Child("keys"), "entries in a call", int64(limits.EntriesPerCall), int64(n))
	}
	seen := map[[2]string]bool{}
	for i, key := range in.Keys {
		keyAt := at.Child("keys").Child(i)
		if err := checkUnmarked(limits, keyAt.Child("key"), "a key", key.Key); err != nil {
			return err
		}
		name := [2]string{"", key.Key}
		if key.Card != nil {
			if err := checkUnmarked(limits, keyAt.Child("card"), "a card", *key.Card); err != nil {
				return err
			}
			name[0] = *key.Card
		}
		if seen[name] {
			return BadInput(keyAt, "must not repeat an earlier key")
		}
		seen[name] = true
	}
	return checkReason(at, in.Reason)
}

func checkReason(at *Path, reason *string) error {
	if reason == nil {
		return nil
	}
	return CheckText(at.Child("reason"), "a reason", *reason, MaxReasonCharacters)
}

// Check validates the IDs and the reason: 1 to EntriesPerCall different IDs.
func (in *EraseMetadataInput) Check(limits *ServerLimits, at *Path) error {
	ids := at.Child("entryIds")
	if n := len(in.EntryIDs); n == 0 {
		return BadInput(ids, "must name at least one entry")
	} else if n > int(limits.EntriesPerCall) {
		return LimitExceeded(ids, "entries in a call", int64(limits.EntriesPerCall), int64(n))
	}
	seen := make(map[string]bool, len(in.EntryIDs))
	for i, id := range in.EntryIDs {
		if seen[id] {
			return BadInput(ids.Child(i), "must not repeat an earlier ID")
		}
		seen[id] = true
	}
	return checkReason(at, in.Reason)
}

// nameField is a field of an input that contains a name, nil when it is absent.
type nameField struct {
	name  string
	value *string
}

func checkNames(at *Path, fields []nameField) error {
	for _, field := range fields {
		if field.value == nil {
			continue
		}
		if err := CheckName(at.Child(field.name), *field.value); err != nil {
			return err
		}
	}
	return nil
}

func checkAlias(at *Path, alias string) error {
	if alias == LatestAlias {
		return BadInput(at, "must not be %q, the computed alias of the version with the greatest number", LatestAlias)
	}
	return CheckName(at, alias)
}

func checkLabels(at *Path, labels []string, check func(*Path, string) error) error {
	if n := len(labels); n > MaxLabels {
		return LimitExceeded(at, "labels in a call", MaxLabels, int64(n))
	}
	for i, label := range labels {
		if err := check(at.Child(i), label); err != nil {
			return err
		}
	}
	return nil
}

func checkTags(at *Path, tags []string) error {
	if len(tags) == 0 {
		return BadInput(at.Child("tags"), "must name at least one tag")
	}
	return checkLabels(at.Child("tags"), tags, CheckName)
}

func checkSlots(at *Path, names []string, maxSlots int) error {
	if n := len(names); n > maxSlots {
		return LimitExceeded(at, "inputs or outputs of a step", int64(maxSlots), int64(n))
	}
	seen := map[string]bool{}
	for i, name := range names {
		if err := CheckName(at.Child(i).Child("name"), name); err != nil {
			return err
		}
		if seen[name] {
			return BadInput(at.Child(i).Child("name"), "must not repeat a name of the step")
		}
		seen[name] = true
	}
	return nil
}
