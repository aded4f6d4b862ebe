// Penguins is a small real pipeline: it classifies penguins by their measures, once per set of parameters, and attaches
// what it finds out to its artifacts, through the public GraphQL API alone.
//
//	go run ./examples/penguins
//
// The files that it makes go to a temporary folder, which is removed at the end unless -work names one to keep.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	url  string
	wait time.Duration
	once bool
	work string
	// server is the process ID of the server, 0 when somebody else looks after it.
	server int
}

func main() {
	var s settings
	flag.StringVar(&s.url, "url", defaultURL(os.Getenv("PLACARD_ADDR")), "address of the GraphQL API")
	flag.DurationVar(&s.wait, "wait", 60*time.Second, "how long to wait until the server is ready")
	flag.BoolVar(&s.once, "once", false, "run nothing if the artifact "+modelArtifact+" exists; only print what is there")
	flag.StringVar(&s.work, "work", "", "folder for the files; when empty a temporary one, removed at the end")
	flag.IntVar(&s.server, "while", 0, "end when the process with this ID, the server, has ended")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "penguins: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if s.server != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		go endWith(s.server, cancel)
		time.Sleep(grace)
	}
	report, err := s.run(ctx, os.Getenv("PLACARD_API_KEY"), outputStyle())
	if errors.Is(err, context.Canceled) {
		if s.server != 0 {
			os.Exit(1) // the server has said why it ended
		}
		err = errors.New("stopped")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "penguins: "+strings.ReplaceAll(err.Error(), "\n", "\n  "))
		os.Exit(1)
	}
	// One write, so that the log of a server on the same terminal cannot come in between.
	if _, err := os.Stdout.WriteString(report); err != nil {
		os.Exit(1)
	}
}

// grace is how long a server that cannot start may take to find out, so that the pipeline does not talk to another
// server that has the address already.
const grace = 500 * time.Millisecond

// endWith ends the pipeline when a process has ended.
func endWith(process int, end context.CancelFunc) {
	defer end()
	for {
		found, err := os.FindProcess(process)
		if err != nil || found.Signal(syscall.Signal(0)) != nil {
			return
		}
		time.Sleep(grace / 5)
	}
}

// run waits for the server, runs the pipelines and returns the summary.
func (s settings) run(ctx context.Context, key string, look style) (string, error) {
	c, err := newClient(s.url, key)
	if err != nil {
		return "", err
	}
	if err := c.waitReady(ctx, s.wait); err != nil {
		return "", err
	}
	skip := false
	if s.once {
		if skip, err = c.hasModel(ctx); err != nil {
			return "", err
		}
	}
	if !skip {
		if err := s.runInFolder(ctx, c); err != nil {
			return "", err
		}
	}
	found, err := c.readSummary(ctx)
	if err != nil {
		return "", err
	}
	return found.render(look, c.endpoint, key != ""), nil
}

// runInFolder runs the pipelines with a folder for their files.
func (s settings) runInFolder(ctx context.Context, c *client) error {
	if s.work != "" {
		return runAll(ctx, c, s.work)
	}
	folder, err := os.MkdirTemp("", "penguins-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	return runAll(ctx, c, folder)
}

// defaultURL is where the server answers when it is told to listen on addr. A server that listens on every address is
// reached over loopback.
func defaultURL(addr string) string {
	if addr == "" {
		addr = "127.0.0.1:8080"
	}
	if host, port, err := net.SplitHostPort(addr); err == nil {
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			addr = net.JoinHostPort("127.0.0.1", port)
		}
	}
	return "http://" + addr + "/graphql"
}

// outputStyle is plain unless a person looks at a terminal and wants no other.
func outputStyle() style {
	info, err := os.Stdout.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	if !terminal || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return style{}
	}
	return terminalStyle
}
