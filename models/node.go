package models

// Node is an object with an ID.
type Node interface{ IsNode() }

// Subject is an object that has metadata.
type Subject interface {
	Node
	// MetadataRef returns the project and the subject of the entries, and the instant of the view.
	MetadataRef() (project, subject ID, asOf *Time)
}

func (Project) IsNode()         {}
func (Artifact) IsNode()        {}
func (ArtifactVersion) IsNode() {}
func (PipelineRun) IsNode()     {}
func (StepRun) IsNode()         {}
func (StepOutput) IsNode()      {}
func (MetadataEntry) IsNode()   {}
func (ApiKey) IsNode()          {}
func (AuditEvent) IsNode()      {}

// The IDs that clients see.
func (a *Artifact) NodeID() NodeID        { return NodeID{a.ID, a.AsOf} }
func (v *ArtifactVersion) NodeID() NodeID { return NodeID{v.ID, v.AsOf} }
func (r *PipelineRun) NodeID() NodeID     { return NodeID{r.ID, r.AsOf} }
func (r *StepRun) NodeID() NodeID         { return NodeID{r.ID, r.AsOf} }
func (o *StepOutput) NodeID() NodeID      { return NodeID{o.ID, o.AsOf} }
func (e *MetadataEntry) NodeID() NodeID   { return NodeID{e.ID, e.AsOf} }

func (v ArtifactVersion) MetadataRef() (ID, ID, *Time) { return v.ProjectID, v.SubjectID, v.AsOf }
func (r PipelineRun) MetadataRef() (ID, ID, *Time)     { return r.ProjectID, r.ID, r.AsOf }
func (r StepRun) MetadataRef() (ID, ID, *Time)         { return r.ProjectID, r.ID, r.AsOf }

// MetadataRef returns the subject of the version that the output reuses, or the one of the output, which is also that
// of a version saved from it.
func (o StepOutput) MetadataRef() (ID, ID, *Time) {
	if !o.ReusedSubjectID.IsZero() {
		return o.ProjectID, o.ReusedSubjectID, o.AsOf
	}
	return o.ProjectID, o.ID, o.AsOf
}

// SubjectAt returns the subject of the entries that an object shows as of an instant, nil for the instant of the
// object. An output shows its own entries before it is bound to a version that exists.
func SubjectAt(object Subject, instant *Time) ID {
	if output, ok := object.(*StepOutput); ok {
		object = output.ViewAt(instant)
	}
	_, subject, _ := object.MetadataRef()
	return subject
}

// View is an object that can be read as of an instant.
type View[T any] interface {
	comparable
	// ViewAt returns the object as of an instant, or the zero value if it did not exist then. For nil, which means now, it
	// returns the object itself.
	ViewAt(asOf *Time) T
}

// ViewsAt returns the objects as of an instant, without those that did not exist then.
func ViewsAt[T View[T]](objects []T, asOf *Time) []T {
	var none T
	views := make([]T, 0, len(objects))
	for _, object := range objects {
		if view := object.ViewAt(asOf); view != none {
			views = append(views, view)
		}
	}
	return views
}

// viewAt returns a copy of object that change converts to its view as of an instant. It returns nil if the start of the
// object, which change returns, is later. For nil, which means now, it returns object.
func viewAt[T any](object *T, asOf *Time, change func(view *T) (start Time)) *T {
	if asOf == nil || object == nil {
		return object
	}
	view := *object
	if start := change(&view); start.After(asOf.Time) {
		return nil
	}
	return &view
}

// NodeAt returns a node as of an instant, nil if it did not exist then. Projects, API keys and audit events are never
// views.
func NodeAt(node Node, asOf *Time) Node {
	if asOf == nil {
		return node
	}
	switch node := node.(type) {
	case *Artifact:
		return toNode(node.ViewAt(asOf))
	case *ArtifactVersion:
		return toNode(node.ViewAt(asOf))
	case *PipelineRun:
		return toNode(node.ViewAt(asOf))
	case *StepRun:
		return toNode(node.ViewAt(asOf))
	case *StepOutput:
		return toNode(node.ViewAt(asOf))
	case *MetadataEntry:
		return toNode(node.ViewAt(asOf))
	}
	return nil
}

// toNode converts a pointer to a Node; a nil pointer becomes a nil Node.
func toNode[T any, P interface {
	*T
	Node
}](node P) Node {
	if node == nil {
		return nil
	}
	return node
}
