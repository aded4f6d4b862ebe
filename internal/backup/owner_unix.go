//go:build unix

package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// chownLike gives files created by root the owner of the file at path, or of its directory if there is no file. So the
// user of the server can open them. For other users it does nothing.
func chownLike(path string, files ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		info, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	var errs []error
	for _, name := range files {
		errs = append(errs, os.Lchown(name, int(owner.Uid), int(owner.Gid)))
	}
	return errors.Join(errs...)
}
