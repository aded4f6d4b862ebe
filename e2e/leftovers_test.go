//go:build integration

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// TestDoomed starts servers, clusters and a mount, and waits until TestKilledTestLeavesNothing kills it.
func TestDoomed(t *testing.T) {
	if os.Getenv(doomedVariable) == "" {
		t.Skip("TestKilledTestLeavesNothing runs this test in a process of its own")
	}
	database := storetest.Postgres(t)
	start(t, freeAddress(t), database)
	start(t, freeAddress(t), newCluster(t).URL.String())
	start(t, freeAddress(t), storetest.SQLite(t))
	if os.Geteuid() == 0 {
		d := newDisk(t, "16m")
		start(t, freeAddress(t), "sqlite:"+filepath.Join(d.folder, "placard.db"))
	}
	lock := lockTable(t, database, "artifacts") // a session that waits for a lock
	go func() { _, _ = lock.db.Exec("DELETE FROM artifacts") }()
	eventually(t, "a statement waits", func() bool { return countLockWaits(t, lock.db) == 1 })
	folder, err := harness.Folder()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("folder " + folder)
	select {}
}

// leftovers returns what exists of a test process with a folder: processes, mounts, shared memory of the processes, and
// the folder.
func leftovers(folder string, processes map[string]bool) (found []string) {
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		work, _ := os.Readlink(name + "/cwd")
		variables, _ := os.ReadFile(name + "/environ") // empty if the process has ended
		if program, err := os.ReadFile(name + "/comm"); err == nil && (strings.HasPrefix(work, folder) || strings.Contains(string(variables), folder)) {
			found = append(found, "process "+strings.TrimSpace(string(program)))
			processes[filepath.Base(name)] = true
		}
	}
	mounts, _ := os.ReadFile("/proc/self/mounts")
	if strings.Contains(string(mounts), folder) {
		found = append(found, "mount")
	}
	memory, _ := os.ReadFile("/proc/sysvipc/shm")
	for line := range strings.Lines(string(memory)) {
		if fields := strings.Fields(line); len(fields) > 4 && processes[fields[4]] {
			found = append(found, "shared memory")
		}
	}
	if _, err := os.Stat(folder); err == nil {
		found = append(found, "folder")
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestKilledTestLeavesNothing kills a test process that runs servers and PostgreSQL clusters and has mounted a file
// system. The control searches before the process is killed.
func TestKilledTestLeavesNothing(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/mounts"); err != nil {
		t.Skip("this test reads /proc")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	doomed := harness.Command(t, 2*time.Minute, self, "-test.run", "^TestDoomed$")
	doomed.Env = append(os.Environ(), doomedVariable+"="+programs)
	output, err := doomed.StdoutPipe()
	if err == nil {
		err = doomed.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var folder, all string
	for lines := bufio.NewScanner(output); folder == "" && lines.Scan(); {
		all += lines.Text() + "\n"
		if name, ok := strings.CutPrefix(lines.Text(), "folder "); ok {
			folder = name
		}
	}
	if folder == "" {
		t.Fatal(all)
	}
	processes := map[string]bool{}
	want := []string{"folder", "process placard", "process postgres"}
	if os.Geteuid() == 0 {
		want = append(want, "mount", "shared memory")
	}
	before := leftovers(folder, processes)
	for _, one := range want {
		if !slices.Contains(before, one) {
			t.Errorf("the control does not find the %s: %v", one, before)
		}
	}
	if err := doomed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = doomed.Wait() // it returns the signal
	eventually(t, "a killed test process leaves nothing", func() bool { return len(leftovers(folder, processes)) == 0 })
}
