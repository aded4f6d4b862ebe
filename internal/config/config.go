// Package config is the settings of the server: one struct, in which a setting is a flag, an environment variable and
// a line of --help at once.
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/placard/placard/models"
)

// Config is the settings. Every flag --like-this is also the environment variable PLACARD_LIKE_THIS.
type Config struct {
	Addr         string        `help:"Address to listen on; 127.0.0.1:8080 unless it is set." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	DatabaseURL  string        `help:"Database: sqlite:PATH or postgres://USER@HOST/NAME. Default: a file in the data folder of the user." placeholder:"URL"`
	PublicURL    string        `help:"Address that people use, when a proxy stands before the server." placeholder:"URL"`
	AllowedHosts []string      `help:"More names under which the server answers, beside localhost, IP addresses and that of --public-url; names count where a request needs no API key, on loopback, and once this is set." placeholder:"HOST"`
	CORSOrigins  []string      `help:"Sites whose pages may ask /graphql in a browser (CORS), such as https://dashboard.example.org; none unless it is set." name:"cors-origins" placeholder:"ORIGIN"`
	Auth         string        `help:"Who may call: none (everyone who reaches the address) or keys (who has an API key)." enum:"none,keys" default:"none"`
	RateLimit    int64         `help:"What the operations of an API key may cost in a minute, on each server; 0 for no limit." default:"0"`
	InsecureOpen bool          `help:"Accept --auth=none on an address that others can reach." name:"insecure-open"`
	Trusted      string        `help:"Execute only these queries: a JSON file of SHA-256 and text, or a folder of .graphql files." name:"trusted-documents" placeholder:"PATH"`
	LogLevel     slog.Level    `help:"What to log: debug, info, warn or error." default:"info" placeholder:"LEVEL"`
	LogFormat    string        `help:"How to log: text or json." enum:"text,json" default:"text"`
	DrainTimeout time.Duration `help:"How long to wait for requests when the server is stopped." default:"20s"`
	Operating    `embed:""`
	Limit        Limits `embed:"" prefix:"limit-"`
}

// Limits are models.ServerLimits as settings.
type Limits struct {
	RequestBytes    int32         `group:"Limits" help:"Bytes of a request." default:"2097152"`
	QueryTokens     int32         `group:"Limits" help:"Tokens of a query." default:"2000"`
	QueryDepth      int32         `group:"Limits" help:"Depth of nested fields." default:"12"`
	QueryAliases    int32         `group:"Limits" help:"Aliases in a query." default:"100"`
	QueryRootFields int32         `group:"Limits" help:"Root fields of an operation." default:"20"`
	QueryCost       int32         `group:"Limits" help:"Estimated cost of an operation, about 0.1 ms of a core each." default:"50000"`
	AnswerFields    int32         `group:"Limits" help:"Fields in an answer, each item of a list counted." default:"250000"`
	AnswerBytes     int32         `group:"Limits" help:"Bytes of an answer; its fields read at most twice as much." default:"16777216"`
	PageSize        int32         `group:"Limits" help:"Items in a page." default:"100"`
	EntriesPerCall  int32         `group:"Limits" help:"Entries in a call, and writes in a batch." default:"1000"`
	ValueBytes      int32         `group:"Limits" help:"Bytes of one value as extended JSON." default:"65536"`
	KeyCharacters   int32         `group:"Limits" help:"Characters of a key or of the name of a card, at most 250." default:"250"`
	ValueNesting    int32         `group:"Limits" help:"Lists, tuples, sets and dictionaries inside each other." default:"32"`
	Errors          int32         `group:"Limits" help:"Errors in an answer." default:"10"`
	ReadSeconds     models.Double `group:"Limits" help:"Seconds until a read is given up." default:"10"`
	WriteSeconds    models.Double `group:"Limits" help:"Seconds until a write is given up." default:"15"`

	ConcurrentOperations int32 `group:"Limits" help:"Operations at once, reads and writes together; 4 for each core unless it is set." default:"${concurrent_operations}"`
	QueuedOperations     int32 `group:"Limits" help:"Operations that wait for their turn; those beyond are refused as OVERLOADED." default:"256"`
	IdempotencyHours     int32 `group:"Limits" help:"Hours for which an idempotency key returns the first answer, 24 to 8760." default:"48"`
}

// Parse reads a command and its settings from arguments and the environment. What --help and --version print goes to
// out, and then exit is called. Its errors are of the type Usage.
func Parse(args []string, version string, out io.Writer, exit func(int)) (*Line, error) {
	line := &Line{}
	parser, err := parser(line, version, out, exit)
	if err != nil {
		return nil, err
	}
	found, err := parser.Parse(args)
	if err != nil {
		return nil, &Usage{fmt.Errorf("%w (--help lists commands and settings)", err)}
	}
	for _, node := range found.Path {
		if node.Command != nil {
			line.Command = strings.TrimPrefix(line.Command+" "+node.Command.Name, " ")
		}
	}
	line.variables = variables(parser.Model.Node)
	for _, flag := range found.Flags() {
		switch value := flag.Target.Interface().(type) {
		case slog.Level:
			line.logLevel = value
		case string:
			if flag.Name == "log-format" {
				line.logFormat = value
			}
		}
	}
	for _, url := range line.databases() {
		if err := defaultDatabase(url); err != nil {
			return nil, &Usage{err}
		}
	}
	checks := map[string]func() error{"serve": line.Serve.check, "import": line.Import.check}
	if check := checks[line.Command]; check != nil {
		if err := check(); err != nil {
			return nil, &Usage{err}
		}
	}
	return line, nil
}

func parser(line *Line, version string, out io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(line, kong.Name("placard"), kong.Description(description), kong.Help(help),
		kong.DefaultEnvars("PLACARD"), kong.TypeMapper(reflect.TypeFor[slog.Level](), kong.MapperFunc(readLevel)), kong.Vars{
			"version": "placard " + version, "concurrent_operations": fmt.Sprint(models.DefaultLimits().ConcurrentOperations),
		}, kong.Writers(out, out), kong.Exit(exit),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}))
}

// readLevel reads a log level.
func readLevel(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("level", &text); err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("must be one of debug, info, warn, error but got %q", text)
	}
	target.Set(reflect.ValueOf(level))
	return nil
}

func (c *Config) check() error {
	host, err := checkAddress("--addr", c.Addr, "127.0.0.1:8080")
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && c.Auth == "none" && !c.InsecureOpen {
		return errors.New("--auth=none would let everyone who reaches " + c.Addr + " read and change everything: " +
			"set --auth=keys, listen on 127.0.0.1, or add --insecure-open if that is what you want")
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("--public-url must be a URL such as https://placard.example.org")
	}
	for _, host := range c.AllowedHosts {
		if host == "" || strings.ContainsAny(host, "/:*@ ") {
			return errors.New("--allowed-hosts must be names such as placard.example.org, without a port")
		}
	}
	for _, origin := range c.CORSOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != strings.ToLower(u.Scheme+"://"+u.Host) || strings.Contains(origin, "*") {
			return errors.New("--cors-origins must be origins such as https://dashboard.example.org, in small letters and without a path")
		}
	}
	if err := c.Operating.check(); err != nil {
		return err
	}
	if c.RateLimit < 0 {
		return errors.New("--rate-limit must be 0 or more")
	}
	if c.DrainTimeout < 0 {
		return errors.New("--drain-timeout must be 0s or longer")
	}
	return c.Limit.check()
}

// checkAddress returns the host of an address to listen on. flag is for the message.
func checkAddress(flag, address, example string) (host string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return "", fmt.Errorf("%s must be HOST:PORT, such as %s, with a port from 0 to 65535", flag, example)
	}
	return host, nil
}

// maxSeconds is the longest time of an operation, a day.
const maxSeconds = 86_400

// check refuses limits in their order, so that the same settings always give the same message.
func (l *Limits) check() error {
	for _, limit := range []struct {
		name       string
		value, max float64
	}{
		{"request-bytes", float64(l.RequestBytes), math.MaxInt32}, {"query-tokens", float64(l.QueryTokens), math.MaxInt32},
		{"query-depth", float64(l.QueryDepth), math.MaxInt32}, {"query-aliases", float64(l.QueryAliases), math.MaxInt32},
		{"query-root-fields", float64(l.QueryRootFields), math.MaxInt32}, {"query-cost", float64(l.QueryCost), math.MaxInt32},
		{"answer-fields", float64(l.AnswerFields), math.MaxInt32}, {"answer-bytes", float64(l.AnswerBytes), math.MaxInt32},
		{"page-size", float64(l.PageSize), math.MaxInt32}, {"entries-per-call", float64(l.EntriesPerCall), math.MaxInt32},
		{"value-bytes", float64(l.ValueBytes), math.MaxInt32}, {"key-characters", float64(l.KeyCharacters), maxKeyCharacters},
		{"value-nesting", float64(l.ValueNesting), math.MaxInt32}, {"errors", float64(l.Errors), math.MaxInt32},
		{"concurrent-operations", float64(l.ConcurrentOperations), math.MaxInt32}, {"queued-operations", float64(l.QueuedOperations), math.MaxInt32},
	} {
		if limit.value < 1 || limit.value > limit.max {
			return fmt.Errorf("--limit-%s must be a whole number from 1 to %.0f", limit.name, limit.max)
		}
	}
	for _, limit := range []struct {
		name  string
		value models.Double
	}{{"read-seconds", l.ReadSeconds}, {"write-seconds", l.WriteSeconds}} {
		if !(limit.value > 0 && limit.value <= maxSeconds) { // NaN is neither
			return fmt.Errorf("--limit-%s must be a number greater than 0 and at most %d", limit.name, maxSeconds)
		}
	}
	if l.IdempotencyHours < minIdempotencyHours || l.IdempotencyHours > maxIdempotencyHours {
		return fmt.Errorf("--limit-idempotency-hours must be a whole number from %d to %d", minIdempotencyHours, maxIdempotencyHours)
	}
	return nil
}

// An idempotency key is kept for a day, which the API promises, to a year.
const (
	minIdempotencyHours = 24
	maxIdempotencyHours = 8760
)

// maxKeyCharacters is the limit of the indexes of the database.
const maxKeyCharacters = 250

// Longest is how long an operation may take.
func (l Limits) Longest() time.Duration {
	return time.Duration(float64(max(l.ReadSeconds, l.WriteSeconds)) * float64(time.Second))
}

// ServerLimits are the limits as the server and the API know them.
func (l Limits) ServerLimits() models.ServerLimits { return models.ServerLimits(l) }

// Database is the database URL without a password, for people.
func (c *Config) Database() string { return Readable(c.DatabaseURL) }

// Readable is a database URL without a password, for people.
func Readable(databaseURL string) string {
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		if absolute, err := filepath.Abs(path); err == nil {
			path = absolute
		}
		return path
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "postgres://…"
	}
	u.RawQuery = ""
	return u.Redacted()
}

// dataFolder is where programs keep the data of the user.
func dataFolder() (string, error) {
	if folder := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(folder) {
		return filepath.Join(folder, "placard"), nil
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		folder, err := os.UserConfigDir() // AppData and Application Support, which are for data, too
		return filepath.Join(folder, "placard"), err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("no home folder to keep the database in: set --database-url")
	}
	return filepath.Join(home, ".local", "share", "placard"), nil
}
