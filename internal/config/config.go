// Package config reads commands and settings from the command line and the environment. A struct field with tags is a
// flag, an environment variable and a line of --help at the same time.
package config

import (
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/placard/placard/models"
)

// Config holds the settings of `placard serve`. Each flag --like-this is also the environment variable
// PLACARD_LIKE_THIS. The tag common marks flags that `placard --help` lists. The tags min and max are the range of a
// number.
type Config struct {
	Addr         string   `common:"" help:"Address to listen on." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	DatabaseURL  string   `common:"" help:"Database: sqlite:PATH or postgres://USER@HOST/NAME. Default: placard.db in the user's data directory." placeholder:"URL"`
	PublicURL    string   `common:"" help:"URL of the server for its users, if it is behind a proxy." placeholder:"URL"`
	AllowedHosts []string `common:"" help:"Additional host names to accept. Always accepted: localhost, IP addresses, the host of --public-url. Checked with --auth=none, on loopback, or when set." placeholder:"HOST"`
	CORSOrigins  []string `common:"" help:"Origins whose pages may call /graphql in a browser (CORS), such as https://dashboard.example.org. Default: none." name:"cors-origins" placeholder:"ORIGIN"`
	Auth         string   `common:"" help:"Authentication: none (no API key needed) or keys (each request needs an API key)." enum:"none,keys" default:"none"`

	RateLimit            int64         `help:"Cost that the operations of an API key may have per minute on each server. 0 is no limit." name:"rate-limit-cost-per-minute" aliases:"rate-limit" default:"0" min:"0"`
	AllowUnauthenticated bool          `help:"Accept --auth=none on an address that other machines can reach." aliases:"insecure-open"`
	TrustedDocuments     string        `help:"Execute only these queries: a JSON file that maps SHA-256 to text, or a directory of .graphql files." name:"trusted-documents" placeholder:"PATH"`
	LogLevel             slog.Level    `common:"" help:"Lowest level to log: debug, info, warn or error." default:"info" placeholder:"LEVEL"`
	LogFormat            string        `help:"Format of log lines: text or json." enum:"text,json" default:"text"`
	DrainTimeout         time.Duration `help:"Time to wait for running requests when the server stops." default:"20s" min:"0s"`
	OperationsConfig     `embed:""`
	Limit                models.ServerLimits `embed:"" prefix:"limit-" group:"limits"`
	// DefaultLogging reports whether neither --log-level nor --log-format was set.
	DefaultLogging bool `kong:"-"`
}

// OperationsConfig holds the settings of `placard serve` for operators of a server with monitoring or PostgreSQL.
type OperationsConfig struct {
	DatabaseConnections int `help:"Connections to PostgreSQL, without those for /readyz and ANALYZE. Ignored for SQLite." default:"20" min:"6" max:"262143"`

	ReadDatabaseURLs  []string      `help:"Streaming replicas of the PostgreSQL database for queries, separated by commas. Default: none." name:"read-database-urls" placeholder:"URL"`
	ReplicaMaxLag     time.Duration `help:"Maximum age of what a replica shows. Queries go to other servers while it is behind by more. At least 1s." default:"2s" min:"0s"`
	ConsistencyTokens bool          `help:"Return consistency tokens also without --read-database-urls, for clients that use servers with replicas, too. Ignored for SQLite."`

	CacheBytes int `help:"Memory for the latest metadata of recently read objects, in bytes. 0 is no cache." default:"67108864" min:"0"`

	DrainDelay    time.Duration `help:"Time for which a stopping server still accepts requests after /readyz starts to fail." default:"0s" min:"0s"`
	MetricsAddr   string        `common:"" help:"Address of /metrics for Prometheus. Default: no metrics." placeholder:"HOST:PORT"`
	NoMigrate     bool          `help:"Do not create or migrate the database. Exit with code 3 if the schema is outdated or the database is missing."`
	SlowOperation time.Duration `help:"Duration from which an operation is logged as slow. 0 is never." name:"slow-operation-threshold" aliases:"slow-operation" default:"1s" min:"0s"`
}

func (c *Config) check() error {
	host, err := checkAddress("--addr", c.Addr, "127.0.0.1:8080")
	if err != nil {
		return err
	}
	ip := net.ParseIP(host)
	if host != "localhost" && (ip == nil || !ip.IsLoopback()) && c.Auth == "none" && !c.AllowUnauthenticated {
		return errors.New("with --auth=none everyone who can reach " + c.Addr + " may read and change everything: " +
			"set --auth=keys, listen on 127.0.0.1, or confirm with --allow-unauthenticated")
	}
	u, err := url.Parse(c.PublicURL)
	if c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("--public-url must be a URL such as https://placard.example.org")
	}
	for _, host := range c.AllowedHosts {
		if host == "" || strings.ContainsAny(host, "/:*@ ") {
			return errors.New("--allowed-hosts must be names such as placard.example.org, without a port")
		}
	}
	for _, origin := range c.CORSOrigins {
		if !isOrigin(origin) {
			return errors.New("--cors-origins must be origins such as https://dashboard.example.org, " +
				"in lower case and without a path")
		}
	}
	if err := c.checkReplicas(); err != nil {
		return err
	}
	if c.MetricsAddr != "" {
		_, err = checkAddress("--metrics-addr", c.MetricsAddr, "127.0.0.1:9090")
	}
	return err
}

// minReplicaLag is more than the time between two checks of a replica, which otherwise would always be behind.
const minReplicaLag = time.Second

// checkReplicas checks the settings of read replicas. It does not repeat a URL, which may have a password.
func (c *Config) checkReplicas() error {
	isPostgres := func(url string) bool {
		return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
	}
	for _, replica := range c.ReadDatabaseURLs {
		if !isPostgres(replica) {
			return errors.New("--read-database-urls must be postgres:// URLs of replicas, separated by commas")
		}
	}
	switch {
	case len(c.ReadDatabaseURLs) > 0 && !isPostgres(c.DatabaseURL):
		return errors.New("--read-database-urls needs the URL of the PostgreSQL primary in --database-url: SQLite has no replicas")
	case c.ReplicaMaxLag < minReplicaLag:
		return errors.New("--replica-max-lag must be 1s or longer")
	}
	return nil
}

// isOrigin reports whether text is an origin as browsers send it.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		text == strings.ToLower(u.Scheme+"://"+u.Host) && !strings.Contains(text, "*")
}

// checkAddress returns the host of an address to listen on. flag and example are for the error message.
func checkAddress(flag, address, example string) (host string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return "", errors.New(flag + " must be HOST:PORT, such as " + example + ", with a port from 0 to 65535")
	}
	return host, nil
}

// RedactURL returns the absolute path of an SQLite database, or the URL of a PostgreSQL database without its password
// and parameters.
func RedactURL(databaseURL string) string {
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

// setDefaultURL sets an empty --database-url to a file in the user's data directory.
func setDefaultURL(flags []*kong.Flag) error {
	for _, flag := range flags {
		if flag.Name == "database-url" && flag.Target.String() == "" {
			directory, err := dataDirectory()
			flag.Target.SetString("sqlite:" + filepath.Join(directory, "placard.db"))
			return err
		}
	}
	return nil
}

// dataDirectory returns the directory for Placard's data of the user.
func dataDirectory() (string, error) {
	if directory := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(directory) {
		return filepath.Join(directory, "placard"), nil
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		directory, err := os.UserConfigDir() // AppData or Application Support, which also hold data
		return filepath.Join(directory, "placard"), err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("no home directory for the default database: set --database-url")
	}
	return filepath.Join(home, ".local", "share", "placard"), nil
}
