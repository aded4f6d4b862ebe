// Package harness starts processes for tests, reserves addresses and waits with a deadline. Child processes and
// temporary files are removed when the test process ends, even if a signal kills it.
package harness

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// reaper is the process that cleans up after this one. Its standard input is a pipe from this process, which the kernel
// closes when this process ends for any reason.
type reaper struct {
	command *exec.Cmd
	pipe    io.Closer
	// folder holds all temporary files.
	folder string
}

// script is the program of a reaper. It leads a process group, which all child processes of a test join. When its input
// ends it stops the group, unmounts file systems below the folder $1, and deletes the folder. SIGQUIT lets a PostgreSQL
// server free its shared memory. A browser leaves the group; the variable TMPDIR identifies it.
const script = `
trap '' HUP INT QUIT TERM
while read -r _; do :; done
signal() {
    found=1
    for file in $(grep -lsE "\) [^Z] [0-9]+ $$ " /proc/[0-9]*/stat); do
        pid=${file#/proc/}
        pid=${pid%/stat}
        if [ "$pid" != $$ ] && kill -"$1" "$pid" 2> /dev/null; then found=0; fi
    done
    return $found
}
if [ -d /proc/self ]; then
    signal QUIT
    n=0
    while signal 0 && [ $n -lt 30 ]; do sleep 0.1; n=$((n + 1)); done
    while signal KILL; do sleep 0.1; done
    while found=$(grep -lsF "TMPDIR=$1" /proc/[0-9]*/environ); [ -n "$found" ] && [ $n -lt 100 ]; do
        for file in $found; do
            pid=${file#/proc/}
            kill -KILL "${pid%/environ}" 2> /dev/null
        done
        sleep 0.1
        n=$((n + 1))
    done
    while read -r _ target _; do
        case $target in "$1"/*) umount -l "$target";; esac
    done < /proc/self/mounts
    rm -rf "$1"
else
    kill -QUIT 0
    sleep 2
    rm -rf "$1"
    kill -KILL 0
fi
`

var (
	once    sync.Once
	started *reaper
	failure error
)

// start starts the reaper of this process once. From then on all temporary files of this process and of its children
// are in the folder of the reaper.
func start() (*reaper, error) {
	once.Do(func() { started, failure = newReaper() })
	return started, failure
}

func newReaper() (*reaper, error) {
	folder, err := os.MkdirTemp("", "placard-test-")
	if err == nil {
		err = os.Chmod(folder, 0o755) // PostgreSQL runs as another user when the tests run as root
	}
	if err != nil {
		return nil, err
	}
	command := exec.Command("sh", "-c", script, "placard-reaper", folder)
	command.Dir, command.SysProcAttr = "/", &syscall.SysProcAttr{Setpgid: true}
	pipe, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the process that cleans up: %w", err), os.Remove(folder))
	}
	return &reaper{command, pipe, folder}, os.Setenv("TMPDIR", folder)
}

// Main runs the tests of a package, calls cleanUp, ends the remaining child processes and exits.
func Main(m *testing.M, cleanUp ...func()) {
	if folder := memoryFolder(); folder != "" && os.Getenv("TMPDIR") == "" {
		if err := os.Setenv("TMPDIR", folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if _, err := start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // tests are short, and memory is cheaper than their time
	}
	code := m.Run()
	for _, clean := range cleanUp {
		clean()
	}
	if err := Close(); err != nil {
		fmt.Fprintln(os.Stderr, "clean up:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Parallel sets how many tests of a package run at once, unless the flag -parallel does. Tests that wait for other
// processes leave the processor to more of them than it has cores.
func Parallel(n int) {
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "test.parallel" })
	if !set {
		_ = flag.Set("test.parallel", strconv.Itoa(n)) // a number is valid
	}
}

// Close ends all child processes and deletes all temporary files. A program without Main calls it at its end.
func Close() error {
	if started == nil {
		return failure
	}
	return errors.Join(started.pipe.Close(), started.command.Wait())
}

// Folder returns the folder of all temporary files, which other users may enter.
func Folder() (string, error) {
	r, err := start()
	if err != nil {
		return "", err
	}
	return r.folder, nil
}

// EndWithProcess makes a command that has not started yet end with this process.
func EndWithProcess(command *exec.Cmd) error {
	r, err := start()
	if err != nil {
		return err
	}
	attributes := syscall.SysProcAttr{}
	if command.SysProcAttr != nil {
		attributes = *command.SysProcAttr
	}
	attributes.Setpgid, attributes.Pgid = true, r.command.Process.Pid
	command.SysProcAttr = &attributes
	return nil
}

// Command returns a command that ends with the test and with this process. The test fails if the command runs longer
// than limit.
func Command(t testing.TB, limit time.Duration, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, name, args...)
	command.WaitDelay = 10 * time.Second // a process that the command started may hold its output open
	command.Cancel = func() error {
		if ctx.Err() == context.DeadlineExceeded {
			t.Errorf("%s runs for more than %s", strings.Join(command.Args, " "), limit)
		}
		return command.Process.Kill()
	}
	if err := EndWithProcess(command); err != nil {
		t.Fatal(err)
	}
	return command
}

// Slow skips a test that takes many seconds or needs more programs, unless the tests are built with the tag
// integration.
func Slow(t testing.TB) {
	t.Helper()
	if !Integration {
		t.Skip("this test runs with -tags integration")
	}
}

// Amount returns how often a test repeats something: few times by default, many times with the tag integration.
func Amount(few, many int) int {
	if Integration {
		return many
	}
	return few
}
