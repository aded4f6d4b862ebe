// Package deletion deletes the rows of objects, inside the transaction of a caller, and purges the rows of deleted
// projects.
//
// It hides the order of the tables, the locks that keep two transactions from waiting for each other, and the portions
// of a purge. The caller checks names and roles, and records events.
//
// Artifact, Version and PipelineRun delete one object. Aliases returns the aliases that a deletion removes. LockProject
// and MarkProject delete a project, and Projects hides the deleted projects and purges their rows.
package deletion
