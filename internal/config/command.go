package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/placard/placard/internal/keys"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// Line is a command line that was read: which command, and what it was given.
type Line struct {
	Serve   Config           `cmd:"" default:"withargs" help:"Answer requests. This is what placard does without a command. Makes a missing database."`
	Migrate Migrate          `cmd:"" help:"The tables of the database: which version they have, and how to bring them up to date."`
	Backup  Backup           `cmd:"" help:"Copy an SQLite database, which must exist, to a file, also while a server uses it."`
	Restore Restore          `cmd:"" help:"Put a backup in the place of an SQLite database that nobody uses, or make a missing one."`
	Export  Export           `cmd:"" help:"Write a project of an existing database to a file of JSON lines, also while a server uses the database."`
	Import  Import           `cmd:"" help:"Write a file of placard export into a database, which is made if it is missing. What is there already stays, so it may be done again."`
	Keys    Keys             `cmd:"" help:"Make, list and revoke API keys on this machine."`
	About   struct{}         `cmd:"" name:"version" help:"Print the versions of the program, of Go and of the tables."`
	Version kong.VersionFlag `help:"Print the version and exit." env:"-"`
	// Command is the words of the command without its arguments, such as "migrate up".
	Command string `kong:"-"`
	// variables are the environment variables of all commands; logLevel and logFormat are those of the command.
	variables []string   `kong:"-"`
	logLevel  slog.Level `kong:"-"`
	logFormat string     `kong:"-"`
}

// Operating is what only those who run the server care about.
type Operating struct {
	DatabaseConnections int `help:"Connections to PostgreSQL, 6 or more, without those for /readyz and ANALYZE. SQLite ignores it." default:"20"`

	DrainDelay    time.Duration `help:"How long /readyz says no, and requests are still taken, before a server that is stopped refuses new connections." default:"0s"`
	MetricsAddr   string        `help:"Address of /metrics for Prometheus. Nothing is measured unless it is set." placeholder:"HOST:PORT"`
	NoMigrate     bool          `help:"Neither make the database nor bring its tables up to date: end with code 3 when they are behind or missing."`
	SlowOperation time.Duration `help:"How long an operation takes before the log names it; 0 for never." default:"1s"`
}

// maxConnections is the limit of max_connections of PostgreSQL.
const maxConnections = 262_143

func (o *Operating) check() error {
	if o.MetricsAddr != "" {
		if _, err := checkAddress("--metrics-addr", o.MetricsAddr, "127.0.0.1:9090"); err != nil {
			return err
		}
	}
	if o.DatabaseConnections < store.MinConnections || o.DatabaseConnections > maxConnections {
		return fmt.Errorf("--database-connections must be a whole number from %d to %d", store.MinConnections, maxConnections)
	}
	if o.DrainDelay < 0 {
		return errors.New("--drain-delay must be 0s or longer")
	}
	if o.SlowOperation < 0 {
		return errors.New("--slow-operation must be 0s or longer")
	}
	return nil
}

// Database is what a command beside serve works on.
type Database struct {
	DatabaseURL string     `help:"Database: sqlite:PATH or postgres://USER@HOST/NAME. Default: a file in the data folder of the user." placeholder:"URL"`
	LogLevel    slog.Level `help:"What to log: debug, info, warn or error." default:"info" placeholder:"LEVEL"`
	LogFormat   string     `help:"How to log: text or json." enum:"text,json" default:"text"`
}

// Keys is the commands about API keys.
type Keys struct {
	Database     `embed:""`
	keys.Command `embed:""`
}

// Migrate is the commands about the tables.
type Migrate struct {
	Status struct {
		Database `embed:""`
	} `cmd:"" help:"Print the version of the tables and change nothing; the code is 3 when they are behind or missing."`
	Up struct {
		Database `embed:""`
	} `cmd:"" help:"Bring the tables up to date. Makes a missing database."`
	Repair struct {
		Database `embed:""`
	} `cmd:"" help:"Complete the rows that servers older than the tables wrote, so that searches find them. Servers on PostgreSQL may run meanwhile."`
}

// Backup is what `placard backup` is given.
type Backup struct {
	Database `embed:""`
	File     string `arg:"" help:"The file to make."`
	Force    bool   `help:"Replace the file if it is there." env:"-"`
}

// Restore is what `placard restore` is given.
type Restore struct {
	Database `embed:""`
	File     string `arg:"" help:"The backup."`
	Force    bool   `help:"Replace the database if there is one." env:"-"`
}

// Export is what `placard export` is given.
type Export struct {
	Database `embed:""`
	File     string `arg:"" help:"The file to make; - for standard output."`
	Project  string `help:"The project." default:"default" env:"-"`
	Force    bool   `help:"Replace the file if it is there." env:"-"`
}

// Import is what `placard import` is given.
type Import struct {
	Database           `embed:""`
	File               string `arg:"" help:"The file; - for standard input, which is not checked as a whole before anything is written."`
	Project            string `help:"What the project is called here; as in the file unless it is given." env:"-" placeholder:"NAME"`
	LimitValueBytes    int32  `help:"Bytes of one value as extended JSON." default:"65536"`
	LimitKeyCharacters int32  `help:"Characters of a key or of the name of a card, at most 250." default:"250"`
	LimitValueNesting  int32  `help:"Lists, tuples, sets and dictionaries inside each other." default:"32"`
}

func (i *Import) check() error {
	if i.Project != "" {
		if err := models.CheckName(nil, i.Project); err != nil {
			return errors.New("--project is no name of a project: it has 1 to 250 characters and no white space at its ends")
		}
	}
	limits := Limits(models.DefaultLimits())
	limits.ValueBytes, limits.KeyCharacters, limits.ValueNesting = i.LimitValueBytes, i.LimitKeyCharacters, i.LimitValueNesting
	return limits.check()
}

// Usage is an error in the command line or in a setting.
type Usage struct{ Err error }

func (u *Usage) Error() string { return u.Err.Error() }

func (u *Usage) Unwrap() error { return u.Err }

const description = `Placard serves typed metadata of machine-learning artifacts over GraphQL.

Each flag is also an environment variable: --log-level is PLACARD_LOG_LEVEL.

Exit codes: 0 done, 1 failed, 2 wrong flags, settings or arguments, 3 the tables of the database are behind or need a newer program, ` +
	`4 the database has tools of its own for this (backup and restore of PostgreSQL).`

func (l *Line) databases() []*string {
	return []*string{&l.Serve.DatabaseURL, &l.Migrate.Status.DatabaseURL, &l.Migrate.Up.DatabaseURL, &l.Migrate.Repair.DatabaseURL, &l.Backup.DatabaseURL, &l.Restore.DatabaseURL,
		&l.Export.DatabaseURL, &l.Import.DatabaseURL, &l.Keys.DatabaseURL}
}

// help shows the settings of serve where no command is named, because they work without its name.
func help(options kong.HelpOptions, found *kong.Context) error {
	named := false
	for _, node := range found.Path {
		named = named || node.Command != nil && node.Command != found.Model.DefaultCmd
	}
	if !named {
		found.Model.Flags = append(found.Model.Flags, found.Model.DefaultCmd.Flags...)
		found.Path = found.Path[:1]
	}
	return kong.DefaultHelpPrinter(options, found)
}

// defaultDatabase fills in the database of the user where none is named.
func defaultDatabase(url *string) error {
	if *url != "" {
		return nil
	}
	folder, err := dataFolder()
	if err == nil {
		*url = "sqlite:" + filepath.Join(folder, "placard.db")
	}
	return err
}

// Setting is a flag of `placard serve`.
type Setting struct {
	// Flag is its name, without dashes.
	Flag string
	// Variable is its environment variable.
	Variable string
	// Default is empty where there is none.
	Default string
	Help    string
}

// Settings are all flags of `placard serve` that are settings, in the order of --help.
func Settings() ([]Setting, error) {
	parser, err := parser(&Line{}, "", io.Discard, func(int) {})
	if err != nil {
		return nil, err
	}
	var settings []Setting
	for _, flag := range parser.Model.DefaultCmd.Flags {
		if len(flag.Envs) != 1 {
			return nil, errors.New(flag.Name + " has no environment variable")
		}
		setting := Setting{flag.Name, flag.Envs[0], flag.Default, flag.Help}
		if strings.Contains(flag.Help, "unless it is set") {
			setting.Default = "" // the help says it, and it may depend on the machine
		}
		settings = append(settings, setting)
	}
	return settings, nil
}
