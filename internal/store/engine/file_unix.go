//go:build unix

package engine

import (
	"io/fs"
	"syscall"
)

// checkWritable returns the error with which the system would refuse this process to write a file or a folder.
func checkWritable(path string) error {
	const write = 2 // W_OK
	if err := syscall.Access(path, write); err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// isReadableByAll reports whether all users may read a file.
func isReadableByAll(file fs.FileInfo) bool { return file.Mode().Perm()&0o004 != 0 }

// isOpenToAll reports whether all users may open files in a folder.
func isOpenToAll(folder fs.FileInfo) bool { return folder.Mode().Perm()&0o001 != 0 }
