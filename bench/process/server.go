package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/placard/placard/bench/client"
	"github.com/placard/placard/internal/harness"
)

// Build builds the program of a source folder as a release is built: without cgo and stripped.
func Build(ctx context.Context, source, program string) error {
	command := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", program, ".")
	command.Dir, command.Env = source, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w: %s", err, out)
	}
	return nil
}

// Server is a process that serves HTTP on a loopback address.
type Server struct {
	Address string
	// StartTime is the time from the start of the process to its first successful response.
	StartTime time.Duration
	command   *exec.Cmd
}

// Command is the program of a server with its arguments.
type Command struct {
	Program string
	Args    []string
	// Env is added to the environment. "ADDRESS" and "PORT" in Args and Env are replaced by those of the server.
	Env []string
	// Ready is a path with a status below 500 when the server is ready.
	Ready string
	Dir   string
	// Log is the file of the messages of the server; they go to those of this process if it is empty.
	Log string
}

// startLimit is the time in which a server must be ready.
const startLimit = 2 * time.Minute

// Start starts a server and waits until it is ready.
func (c Command) Start(ctx context.Context) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Address: listener.Addr().String()}
	if err := listener.Close(); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("ADDRESS", s.Address, "PORT", port)
	args := make([]string, len(c.Args))
	for i, arg := range c.Args {
		args[i] = fill.Replace(arg)
	}
	s.command = exec.CommandContext(ctx, c.Program, args...)
	s.command.Dir, s.command.Env, s.command.Stderr = c.Dir, os.Environ(), os.Stderr
	for _, variable := range c.Env {
		s.command.Env = append(s.command.Env, fill.Replace(variable))
	}
	if c.Log != "" {
		log, err := os.Create(c.Log)
		if err != nil {
			return nil, err
		}
		defer func() { _ = log.Close() }() // the process has its own descriptor
		s.command.Stderr = log
	}
	if err := harness.EndWithProcess(s.command); err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	for time.Since(begin) < startLimit && ctx.Err() == nil {
		if isReady(s.Address, c.Ready) {
			s.StartTime = time.Since(begin)
			return s, nil
		}
		time.Sleep(time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("%s is not ready after %s", c.Program, startLimit), s.Stop())
}

// isReady reports whether a server responds without an error of its own.
func isReady(address, path string) bool {
	connection, err := client.Dial(address, time.Now().Add(5*time.Second))
	if err != nil {
		return false
	}
	status, _, err := connection.Exchange(client.Get(path, ""))
	return errors.Join(err, connection.Close()) == nil && status < http.StatusInternalServerError
}

// Placard returns the command that starts a program of this repository on a database. env is added to its settings.
func Placard(program, database string, env ...string) Command {
	return Command{Program: program, Ready: "/readyz", Env: append([]string{
		"PLACARD_ADDR=ADDRESS", "PLACARD_DATABASE_URL=" + database, "PLACARD_LOG_LEVEL=error",
	}, env...)}
}

// PID returns the ID of the process.
func (s *Server) PID() int { return s.command.Process.Pid }

// IsExit reports whether err is the status of a process that has ended.
func IsExit(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}

// Stop ends the server and waits for it.
func (s *Server) Stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.command.Wait()
}
