// Package atomicfile writes files that get their name only when they are complete and on the disk.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// File is an unfinished file, which is called path + ".partial". Only its owner may read it.
type File struct {
	*os.File
	path      string
	overwrite bool
}

// Create creates a File. It replaces a partial file that a killed process left. It fails if path exists, unless
// overwrite is set, and if path is not a regular file.
func Create(path string, overwrite bool) (*File, error) {
	f := &File{path: path, overwrite: overwrite}
	err := f.checkPath()
	if err == nil {
		err = Remove(path + ".partial")
	}
	if err == nil {
		f.File, err = os.OpenFile(path+".partial", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // O_EXCL follows no link
	}
	return f, err
}

// Commit syncs the file, deletes obsolete files and gives the file its name. If it fails before the file has its name,
// it deletes the partial file.
func (f *File) Commit(obsolete ...string) error {
	err := errors.Join(f.Sync(), f.checkPath(), f.Close())
	for i := 0; err == nil && i < len(obsolete); i++ {
		err = Remove(obsolete[i])
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, Remove(f.Name()))
	}
	if runtime.GOOS == "windows" {
		return nil // Windows cannot sync a directory
	}
	directory, err := os.Open(filepath.Dir(f.path))
	if err == nil {
		err = errors.Join(directory.Sync(), directory.Close())
	}
	return err
}

// Discard closes and deletes the partial file.
func (f *File) Discard() error { return errors.Join(f.Close(), Remove(f.Name())) }

// checkPath returns an error if path must not be replaced.
func (f *File) checkPath() error {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		err = fmt.Errorf("%s is not a regular file", f.path)
	case err == nil && !f.overwrite:
		err = fmt.Errorf("%s exists: --force replaces it", f.path)
	}
	return err
}

// Remove deletes a file if it exists.
func Remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
