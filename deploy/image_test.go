package deploy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// TestEmptyImage runs the program like a container of the image: in an empty file system, as a user without
// privileges. It needs root.
func TestEmptyImage(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		storetest.Lacks(t, "root, for chroot")
	}
	root, err := os.MkdirTemp("", "placard-image-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	build := harness.Command(t, 5*time.Minute, "go", "build", "-ldflags=-s -w", "-o", filepath.Join(root, "placard"),
		"..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const user = 65532
	err = os.Chmod(root, 0o755)
	for _, folder := range []string{"data", "tmp"} {
		err = errors.Join(err, os.Mkdir(filepath.Join(root, folder), 0o700),
			os.Chown(filepath.Join(root, folder), user, user))
	}
	if err != nil {
		t.Fatal(err)
	}
	address := harness.Address(t)
	inside := func(args ...string) *exec.Cmd {
		command := harness.Command(t, 2*time.Minute, "/placard", args...)
		command.Env = []string{"PLACARD_ADDR=" + address, "PLACARD_AUTH=keys",
			"PLACARD_DATABASE_URL=sqlite:/data/placard.db"}
		command.Dir, command.SysProcAttr.Chroot = "/", root
		command.SysProcAttr.Credential = &syscall.Credential{Uid: user, Gid: user}
		return command
	}
	key, err := inside("keys", "create", "root", "--owner").Output()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	server := inside()
	server.Stderr = &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 20 * time.Second}
	query := func() (string, error) {
		r, err := http.NewRequest(http.MethodPost, "http://"+address+"/graphql",
			strings.NewReader(`{"query": "{ projects { totalCount } }"}`))
		if err != nil {
			return "", err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(key)))
		response, err := client.Do(r)
		if err != nil {
			return "", err
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		return string(text), err
	}
	var text string
	harness.Eventually(t, "the server in the image responds", func() bool {
		text, err = query()
		return err == nil
	})
	if err != nil || !strings.Contains(text, `"totalCount":1`) {
		t.Errorf("%v: %s\n%s", err, text, log.String())
	}
	if err := errors.Join(server.Process.Signal(syscall.SIGTERM), server.Wait()); err != nil {
		t.Errorf("%v: %s", err, log.String())
	}
}
