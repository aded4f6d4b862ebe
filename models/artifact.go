package models

// Artifact is a named series of versions. Its name is unique in its project.
type Artifact struct {
	ID        ID `gorm:"primaryKey"`
	ProjectID ID `gorm:"primaryKey"`
	Name      string
	CreatedAt Time
	// CreatedBy is the name of the API key, nil without one.
	CreatedBy *string
	// Description is Markdown, nil for none.
	Description *string
	// ChangedAt is the time of the last change of a description, the labels or the versions.
	ChangedAt Time `gorm:"column:updated_at"`
	// AsOf is the instant of a view, nil for the present state.
	AsOf *Time `gorm:"-"`
}

// ViewAt returns the artifact as of an instant, nil if it was created later.
func (a *Artifact) ViewAt(asOf *Time) *Artifact {
	return viewAt(a, asOf, func(view *Artifact) (start Time) {
		view.AsOf, view.Description = asOf, nil
		return view.CreatedAt
	})
}

// UpdatedAt returns the time of the last change, nil in a view, because changes have no history.
func (a *Artifact) UpdatedAt() *Time {
	if a.AsOf != nil {
		return nil
	}
	return &a.ChangedAt
}

// ArtifactVersion is one immutable output of a pipeline. Metadata can still be added to it.
type ArtifactVersion struct {
	ID         ID `gorm:"primaryKey"`
	ProjectID  ID `gorm:"primaryKey"`
	ArtifactID ID
	// SubjectID is the subject of the entries: the version itself, or the step output that it was saved from and shares
	// its metadata with.
	SubjectID ID
	Version   string
	Number    int32
	Type      *string
	CreatedAt Time
	// CreatedBy is the name of the API key, nil without one.
	CreatedBy *string
	// Description is Markdown, nil for none.
	Description *string
	// KnownArtifact is the artifact if it is already known, else nil. A replayed call sets it, because the artifact may be
	// deleted.
	KnownArtifact *Artifact `gorm:"-"`
	// Revision is the revision of the subject if a query has read it with the version. A version that a mutation returns
	// has none, because it may be older than the write.
	Revision Revision `gorm:"-"`
	// AsOf is the instant of a view, nil for the present state. Fields of a view inherit it.
	AsOf *Time `gorm:"-"`
	// Distance is the number of steps from the version whose lineage contains this object, nil outside of a lineage.
	Distance *int32 `gorm:"-"`
}

// Revision identifies the present state of a subject, if it is known.
type Revision struct {
	Number int64
	Known  bool
}

// WithDistance returns a copy of the version in a lineage, or outside of one for nil.
func (v *ArtifactVersion) WithDistance(steps *int32) *ArtifactVersion {
	copied := *v
	copied.Distance = steps
	return &copied
}

// ViewAt returns the version as of an instant, nil if it was created later.
func (v *ArtifactVersion) ViewAt(asOf *Time) *ArtifactVersion {
	return viewAt(v, asOf, func(view *ArtifactVersion) (start Time) {
		view.AsOf, view.KnownArtifact, view.Description = asOf, view.KnownArtifact.ViewAt(asOf), nil
		return view.CreatedAt
	})
}

// Producer is the step output that an artifact version was saved from, else the first output that was bound to it.
type Producer struct{ Output *StepOutput }

// ArtifactAlias is an alias of an artifact with the version that it points to.
type ArtifactAlias struct {
	Name            string
	ArtifactVersion *ArtifactVersion
}

// Lineage is a graph of versions that one version was made from, or that were made from it.
type Lineage struct {
	// Versions are the versions, without the starting one, sorted by distance and then by age.
	Versions []*ArtifactVersion
	Links    []*LineageLink
	// Truncated reports that a limit cut off versions or links.
	Truncated bool
}

// LineageLink connects a version that a step run read with a version that it produced.
type LineageLink struct {
	From, To  *ArtifactVersion
	ProjectID ID
	StepRunID ID
}

// MaxLineageDepth is the maximum depth of a lineage in steps.
const MaxLineageDepth = 100

// MaxLineageLinks is the maximum number of links between two versions in a lineage.
const MaxLineageLinks = 10
