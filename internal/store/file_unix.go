//go:build unix

package store

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
