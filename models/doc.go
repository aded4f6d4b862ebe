// Package models holds the types of Placard, one per concept: the same type is the table row, the domain object and the
// GraphQL type. docs/glossary.md defines the concepts.
//
// The package is pure: it does no input or output and takes no context, so table tests cover it. Start with value.go
// and its table of kinds. The name of a table is that of its type by GORM's convention, and so are columns without a
// tag.
package models
