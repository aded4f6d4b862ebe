// Package facet counts the metadata keys of artifact versions, the values of a key, tags, types, aliases and pipelines.
//
// A list is a page of the groups of a statement. Its cursors hold the position of a group: the name of a key, or a
// count and a text. Every function restricts its statements to one project. Package search compiles a filter of
// versions, so that a facet counts exactly the versions that a search finds.
//
// ProjectKeys and ArtifactKeys read metadata keys, Values the values of one key, and Tags, Types, Aliases and Pipelines
// names with their counts.
package facet
