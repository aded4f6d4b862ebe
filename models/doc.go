// Package models holds the nouns of Placard, one Go type per concept: the same type is the row in the database, the
// object of the domain and the GraphQL type. docs/glossary.md says what the nouns mean.
//
// The package is pure. It imports the standard library and the UUID library, does no input or output and takes no
// context, so that everything in it is tested by tables. The heart is value.go with its table of kinds.
package models
