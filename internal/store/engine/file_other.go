//go:build !unix

package engine

import "io/fs"

// checkWritable returns nil: only the error of SQLite is known here.
func checkWritable(string) error { return nil }

// isReadableByAll returns false: rights are not in the mode of a file here.
func isReadableByAll(fs.FileInfo) bool { return false }

// isOpenToAll returns false: rights are not in the mode of a folder here.
func isOpenToAll(fs.FileInfo) bool { return false }
