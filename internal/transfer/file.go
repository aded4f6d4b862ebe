package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// wholeFile gets its name when it is whole: until then it is called .partial.
type wholeFile struct {
	*os.File
	path  string
	force bool
}

// create makes a file that only its owner may read. What a process left behind that was ended is replaced.
func create(path string, force bool) (*wholeFile, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		err = free(path, force)
	}
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path + ".partial"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(path+".partial", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	return &wholeFile{file, path, force}, err
}

// discard deletes what there is of the file.
func (f *wholeFile) discard() error {
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// settle gives the file its name as soon as it is on the disk.
func (f *wholeFile) settle() error {
	err := f.Sync()
	if err == nil {
		err = free(f.path, f.force)
	}
	if err != nil {
		return errors.Join(err, f.discard())
	}
	if err := f.Close(); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), f.path); err != nil || runtime.GOOS == "windows" { // which cannot sync the names in a folder
		return err
	}
	folder, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// free says whether a path may be written.
func free(path string, force bool) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", path)
	case !force:
		return fmt.Errorf("%s is there already: --force replaces it", path)
	}
	return nil
}
