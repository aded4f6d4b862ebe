package atomicfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/atomicfile"
	"github.com/placard/placard/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// write creates a file with a text and calls end with it.
func write(path string, overwrite bool, text string, end func(*atomicfile.File) error) error {
	f, err := atomicfile.Create(path, overwrite)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return end(f)
}

func commit(f *atomicfile.File) error { return f.Commit() }

// TestCommit checks that a file appears complete, replaces another one only with overwrite, and leaves no partial file.
func TestCommit(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path, obsolete := filepath.Join(folder, "file"), filepath.Join(folder, "obsolete")
	check := func(err error, wantError, wantText string) {
		t.Helper()
		if wantError == "" && err != nil || wantError != "" && (err == nil || !strings.Contains(err.Error(), wantError)) {
			t.Errorf("error %v, want %q", err, wantError)
		}
		text, _ := os.ReadFile(path)
		names, _ := filepath.Glob(filepath.Join(folder, "*"))
		if string(text) != wantText || len(names) != 1 {
			t.Errorf("%q in %v, want %q in one file", text, names, wantText)
		}
	}
	for _, name := range []string{path + ".partial", obsolete} {
		if err := os.WriteFile(name, []byte("left by a killed process"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check(write(path, false, "first", func(f *atomicfile.File) error {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the file has its name before Commit: %v", err)
		}
		return f.Commit(obsolete)
	}), "", "first")
	check(write(path, false, "second", commit), "--force replaces it", "first")
	check(write(path, true, "third", (*atomicfile.File).Discard), "", "first")
	check(write(path, true, "fourth", commit), "", "fourth")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v (%v), want permissions 0600", info, err)
	}
	if err := write(folder, true, "", commit); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("a folder: %v", err)
	}
	check(write(path+"2", false, "late", func(f *atomicfile.File) error {
		if err := os.WriteFile(path+"2", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		err := f.Commit()
		if err := os.Remove(path + "2"); err != nil {
			t.Fatal(err)
		}
		return err
	}), "--force replaces it", "fourth")
}
