package models

// SubjectKind is the letter by which the database records the type of a subject. An output with a saved version has
// that of its version.
type SubjectKind string

// The kinds of subjects.
const (
	SubjectArtifactVersion SubjectKind = "V"
	SubjectStepOutput      SubjectKind = "O"
	SubjectStepRun         SubjectKind = "S"
	SubjectPipelineRun     SubjectKind = "R"
)
