//go:build unix

package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// chownLike gives files created by root the owner of the file at path, or of its directory if the file does not exist, so
// that the user of the server can open them. It does nothing for other users.
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
