//go:build unix

package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// giveTo gives what root has made to the owner of the file at path, or to that of its folder when there is none: the server,
// which is somebody else, must be able to open it. For others than root there is nothing to do.
func giveTo(path string, made ...string) error {
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
	for _, name := range made {
		errs = append(errs, os.Lchown(name, int(owner.Uid), int(owner.Gid)))
	}
	return errors.Join(errs...)
}
