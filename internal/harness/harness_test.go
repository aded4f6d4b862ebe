package harness

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) { Main(m) }

// doomedVariable holds the way in which a run of TestDoomed dies, and a folder.
const doomedVariable = "PLACARD_TEST_DOOMED"

// TestDoomed dies while it has child processes and a temporary folder. TestDeath runs it.
func TestDoomed(t *testing.T) {
	death, outside, _ := strings.Cut(os.Getenv(doomedVariable), " ")
	if death == "" {
		t.Skip("TestDeath runs this test in a process of its own")
	}
	if err := os.WriteFile(filepath.Join(t.TempDir(), "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	folder, err := Folder()
	if err != nil {
		t.Fatal(err)
	}
	programs := []string{"sleep 600", "sleep 600; sleep 601", "setsid sleep 600"}
	if death == "kill" { // the others would wait for it, too
		programs = append(programs, "trap '' QUIT INT TERM; sleep 600; sleep 601")
	}
	for _, program := range programs {
		if err := Command(t, 10*time.Minute, "sh", "-c", program).Start(); err != nil {
			t.Fatal(err)
		}
	}
	if death == "leak" { // the control
		leak := exec.Command("sh", "-c", "sleep 600 & sleep 601")
		leak.Env = append(os.Environ(), "TMPDIR="+outside)
		if err := leak.Start(); err != nil {
			t.Fatal(err)
		}
	}
	Eventually(t, "all processes run", func() bool { return len(marked(t, os.Getenv(doomedVariable))) > 5 })
	fmt.Println("folder " + folder)
	switch death {
	case "panic":
		go func() { panic("doomed") }()
	case "fatal":
		t.Fatal("doomed")
	case "end", "leak":
		return
	}
	select {} // until a signal or -test.timeout
}

// marked returns the processes whose environment has a value of doomedVariable.
func marked(t *testing.T, value string) (processes []string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, _ := os.ReadFile(path) // a process that has ended has none
		for variable := range bytes.SplitSeq(text, []byte{0}) {
			if string(variable) == doomedVariable+"="+value {
				processes = append(processes, filepath.Base(filepath.Dir(path)))
			}
		}
	}
	return processes
}

// TestDeath kills test processes in all ways and finds no process and no folder of them afterwards. The control is a
// process that was started in another way, which stays.
func TestDeath(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("this test reads /proc")
	}
	for _, death := range []string{"panic", "fatal", "timeout", "interrupt", "kill", "end", "leak"} {
		t.Run(death, func(t *testing.T) {
			t.Parallel()
			value := death + " " + t.TempDir()
			folder := die(t, death, value)
			if !strings.Contains(folder, "placard-test-") {
				t.Fatalf("the test process has the folder %q", folder)
			}
			Eventually(t, "the folder of the dead process is gone", func() bool {
				_, err := os.Stat(folder)
				return os.IsNotExist(err)
			})
			if death != "leak" {
				Eventually(t, "its processes are gone", func() bool { return len(marked(t, value)) == 0 })
				return
			}
			Eventually(t, "only the processes of the control are left",
				func() bool { return len(marked(t, value)) <= 3 })
			left := marked(t, value)
			if len(left) != 3 {
				t.Errorf("the control: 3 processes stay, got %v", left)
			}
			for _, process := range left {
				pid, _ := strconv.Atoi(process) // a number by its pattern
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		})
	}
}

// die runs TestDoomed until it dies, and returns its folder.
func die(t *testing.T, death, value string) (folder string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	timeout := "2m"
	if death == "timeout" {
		timeout = "3s"
	}
	doomed := Command(t, Limit, self, "-test.run", "^TestDoomed$", "-test.timeout", timeout)
	doomed.Env = append(os.Environ(), doomedVariable+"="+value)
	output, err := doomed.StdoutPipe()
	if err == nil {
		err = doomed.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for folder == "" && lines.Scan() {
		folder, _ = strings.CutPrefix(lines.Text(), "folder ")
		if folder == lines.Text() {
			folder = ""
		}
	}
	switch death {
	case "interrupt":
		err = doomed.Process.Signal(syscall.SIGINT)
	case "kill":
		err = doomed.Process.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // a goroutine dump
	}
	if err := doomed.Wait(); (err == nil) != (death == "end" || death == "leak") {
		t.Errorf("the process ended with %v", err)
	}
	return folder
}

// TestAddress checks that addresses differ, also between processes, and that no outgoing connection can take them.
func TestAddress(t *testing.T) {
	t.Parallel()
	taken := map[string]bool{}
	for range 200 {
		address := Address(t)
		if taken[address] {
			t.Errorf("%s is given twice", address)
		}
		taken[address] = true
		var port int
		if _, err := fmt.Sscanf(address, "127.0.0.1:%d", &port); err != nil || port < 1024 || port >= 30_000 {
			t.Errorf("the port of %s is out of range (%v)", address, err)
		}
	}
}
