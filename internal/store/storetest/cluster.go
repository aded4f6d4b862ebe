package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/placard/placard/internal/harness"
)

// Cluster is a throw-away PostgreSQL server in a temporary folder. It runs as an unprivileged user when the tests are
// run by root, because PostgreSQL refuses root.
type Cluster struct {
	// URL is that of its database postgres.
	URL        *url.URL
	folder     string
	programs   string
	attributes *syscall.SysProcAttr
	options    ClusterOptions
	server     *exec.Cmd
}

// ClusterOptions is how a cluster is unlike others.
type ClusterOptions struct {
	// Parent is the folder that its folder is made in, that of temporary files when it is empty.
	Parent string
	// Settings are NAME=VALUE. A cluster listens on a socket in its folder; listen_addresses and port add to that.
	Settings []string
	// Superuser is the name of the user with all rights, placard when it is empty.
	Superuser string
	// Environment is added to the environment of the test for the server.
	Environment []string
}

// NewCluster makes a cluster with settings and starts it.
func NewCluster(settings ...string) (*Cluster, error) {
	return ClusterOptions{Settings: settings}.New()
}

// New makes a cluster and starts it.
func (o ClusterOptions) New() (*Cluster, error) {
	programs, err := programFolder()
	if err != nil {
		return nil, err
	}
	if o.Parent == "" {
		if o.Parent, err = harness.Folder(); err != nil {
			return nil, err
		}
	}
	folder, err := os.MkdirTemp(o.Parent, "pg-") // short, because the path of a socket has at most 103 bytes
	if err != nil {
		return nil, err
	}
	attributes, err := Unprivileged(folder)
	if err != nil {
		return nil, err
	}
	if o.Superuser == "" {
		o.Superuser = "placard"
	}
	c := &Cluster{folder: folder, programs: programs, attributes: attributes, options: o, URL: &url.URL{
		Scheme: "postgres", User: url.User(o.Superuser), Path: "/postgres",
		RawQuery: url.Values{"host": {folder}, "sslmode": {"disable"}}.Encode(),
	}}
	for _, setting := range o.Settings {
		if port, ok := strings.CutPrefix(setting, "port="); ok { // the name of the socket has it, too
			c.URL.RawQuery += "&port=" + port
		}
	}
	if err := c.execute("initdb", "-D", c.data(), "-U", o.Superuser, "-A", "trust", "-E", "UTF8",
		"--no-sync"); err != nil {
		return nil, err
	}
	return c, c.Start()
}

// Log returns the path of the log file of the server.
func (c *Cluster) Log() string { return filepath.Join(c.folder, "log") }

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

// command returns a command of PostgreSQL that ends with this process.
func (c *Cluster) command(ctx context.Context, program string, args ...string) (*exec.Cmd, error) {
	command := exec.CommandContext(ctx, filepath.Join(c.programs, program), args...)
	command.SysProcAttr, command.Dir = c.attributes, c.folder
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+c.folder)
	command.WaitDelay = time.Second
	return command, harness.EndWithProcess(command)
}

// execute runs a program of PostgreSQL, for a minute at most.
func (c *Cluster) execute(program string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), harness.Limit)
	defer cancel()
	command, err := c.command(ctx, program, args...)
	if err != nil {
		return err
	}
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return nil
}

// Start starts the server and waits until it answers. After Kill it tries again while processes of before are ending.
func (c *Cluster) Start() error {
	log, err := os.OpenFile(c.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	var ended chan error
	start := func() error {
		args := []string{"-D", c.data()}
		for _, setting := range append([]string{"listen_addresses=", "unix_socket_directories=" + c.folder, "fsync=off",
			"full_page_writes=off",
			"statement_timeout=120s", "max_connections=300", "shared_buffers=64MB"}, c.options.Settings...) {
			args = append(args, "-c", setting)
		}
		var err error
		if c.server, err = c.command(context.Background(), "postgres", args...); err != nil {
			return err
		}
		c.server.Stdout, c.server.Stderr = log, log
		c.server.Env = append(c.server.Env, c.options.Environment...)
		ended = make(chan error, 1)
		if err := c.server.Start(); err != nil {
			return err
		}
		go func(server *exec.Cmd, ended chan<- error) { ended <- server.Wait() }(c.server, ended)
		return nil
	}
	if err := start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := executeAt(c.URL.String(), "SELECT 1")
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ended:
			if err := start(); err != nil {
				return err
			}
		default:
		}
	}
}

// Stop ends the server as an operator would, and waits for it. It breaks connections. mode is fast, or immediate to
// leave the rest to recovery.
func (c *Cluster) Stop(mode string) error {
	return c.execute("pg_ctl", "-D", c.data(), "-m", mode, "-w", "stop")
}

// Kill ends the server as a crash would, without any chance to finish.
func (c *Cluster) Kill() error { return c.server.Process.Kill() }

// Remove stops the server at once and deletes its folder.
func (c *Cluster) Remove() {
	_ = c.server.Process.Signal(syscall.SIGQUIT) // it may have ended
	for range 500 {
		if c.server.Process.Signal(syscall.Signal(0)) != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = c.server.Process.Kill() // most often it has ended
	_ = os.RemoveAll(c.folder)
}

// programsVariable names the environment variable with the folder of PostgreSQL's programs for clusters. Without it,
// they are those of the machine.
const programsVariable = "PLACARD_TEST_POSTGRES"

// programFolder is where PostgreSQL's programs are.
func programFolder() (string, error) {
	if folder := os.Getenv(programsVariable); folder != "" {
		if !exists(filepath.Join(folder, "initdb")) {
			return "", fmt.Errorf("%s names the folder %s, which has no initdb", programsVariable, folder)
		}
		return folder, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), harness.Limit)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		if folder := strings.TrimSpace(string(out)); exists(filepath.Join(folder, "initdb")) {
			return folder, nil
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	return "", errors.New("its programs (initdb, postgres) are not installed; install PostgreSQL, or set " +
		DatabaseVariable)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Unprivileged gives the folder to a user without privileges, and returns how to run a program as that user. It returns
// nil where the tests do not run as root.
func Unprivileged(folder string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(account.Uid, 10, 32)
		gid, _ := strconv.ParseUint(account.Gid, 10, 32)
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}},
			os.Chown(folder, int(uid), int(gid))
	}
	return nil, errors.New("PostgreSQL refuses root, and there is neither a user postgres nor nobody")
}

// PID is the process of the server.
func (c *Cluster) PID() int { return c.server.Process.Pid }

// Programs is the folder with PostgreSQL's programs.
func (c *Cluster) Programs() string { return c.programs }
