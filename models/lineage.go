package models

// Producer is where an artifact version came from.
type Producer struct{ Output *StepOutput }

// Lineage is versions that one was made from, or that were made from it.
type Lineage struct {
	// Nodes are the versions without the one asked about, by distance and then by age.
	Nodes []*ArtifactVersion
	Edges []*LineageEdge
	// Truncated says that there are more, further away or beyond the size asked for.
	Truncated bool
}

// LineageEdge says that a step run read one version and produced another.
type LineageEdge struct {
	From, To  *ArtifactVersion
	ProjectID ID
	StepRunID ID
}

// MaxLineageDepth bounds how many steps a lineage is followed.
const MaxLineageDepth = 100
