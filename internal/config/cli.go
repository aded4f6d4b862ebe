package config

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/placard/placard/models"
)

// CLI is a parsed command line: one field per command, and the flags of all commands.
type CLI struct {
	Serve      Config           `cmd:"" default:"withargs" help:"Start the server. This is the default command. Creates a missing database."`
	Migrate    Migrate          `cmd:"" help:"Show or update the schema of the database."`
	Distribute Distribute       `cmd:"" help:"Distribute the tables of a PostgreSQL database with the extension Citus among its nodes. Locks all tables until the end; can be repeated."`
	Backup     Backup           `cmd:"" help:"Copy an existing SQLite database to a file, also while a server uses it."`
	Restore    Restore          `cmd:"" help:"Replace an SQLite database that no process uses with a backup, or create a missing one."`
	Compact    Compact          `cmd:"" help:"Remove the bytes of erased values from the files of the database. SQLite: no server may use the file. PostgreSQL: locks one table after the other."`
	Export     Export           `cmd:"" help:"Write a project to a file of JSON lines, also while a server uses the database."`
	Import     Import           `cmd:"" help:"Import a file of placard export. Creates a missing database, keeps existing data, and can be repeated."`
	Keys       Keys             `cmd:"" help:"Create, list and revoke API keys directly in the database."`
	About      struct{}         `cmd:"" name:"version" help:"Print the versions of the program, of Go and of the schema."`
	Version    kong.VersionFlag `help:"Print the version and exit." env:"-"`
	// Command is the command without its arguments, such as "migrate up".
	Command string `kong:"-"`
	// warnings hold what LogWarnings needs.
	warnings warnings `kong:"-"`
}

// Database holds the flags that all commands except serve have in common.
type Database struct {
	DatabaseURL string     `help:"Database: sqlite:PATH or postgres://USER@HOST/NAME. Default: placard.db in the user's data directory." placeholder:"URL"`
	LogLevel    slog.Level `help:"Lowest level to log: debug, info, warn or error." default:"info" placeholder:"LEVEL"`
	LogFormat   string     `help:"Format of log lines: text or json." enum:"text,json" default:"text"`
}

// Keys holds the commands about API keys.
type Keys struct {
	Database `embed:""`
	Create   KeysCreate `cmd:"" help:"Create an API key and print its secret once. Creates a missing database, and updates its schema."`
	List     struct{}   `cmd:"" help:"List the API keys, also revoked and expired ones. Needs a database with the current schema."`
	Revoke   KeysRevoke `cmd:"" help:"Revoke an API key for all servers. Needs a database with the current schema."`
}

// KeysCreate holds the arguments of `placard keys create`.
type KeysCreate struct {
	Name      string        `arg:"" help:"Name shown as the author of entries and audit events."`
	Owner     bool          `help:"Create a key of an owner, who may do everything in all projects." env:"-"`
	Project   string        `help:"Project of the key." default:"default" env:"-" placeholder:"NAME"`
	Role      string        `help:"Role of the key in its project: reader, writer or admin." env:"-" placeholder:"ROLE"`
	ExpiresIn time.Duration `help:"Lifetime of the key, such as 2160h for 90 days. Default: unlimited." env:"-"`
}

// Validate rejects flags that contradict each other. kong calls it.
func (c *KeysCreate) Validate() error {
	switch {
	case c.Owner && c.Role != "":
		return errors.New("--owner and --role exclude each other: an owner may do everything in all projects")
	case !c.Owner && c.Role == "":
		return errors.New("--owner or --role is missing: pass --owner, or --role=reader, --role=writer or --role=admin")
	case !c.Owner && !slices.Contains([]string{"reader", "writer", "admin"}, c.Role):
		return errors.New("--role must be reader, writer or admin")
	}
	return nil
}

// KeysRevoke holds the arguments of `placard keys revoke`.
type KeysRevoke struct {
	ID string `arg:"" help:"ID of the key, the first column of placard keys list."`
}

// Migrate holds the commands about the schema of the database.
type Migrate struct {
	Database `embed:""`
	Status   struct{} `cmd:"" help:"Print the schema version without changing anything. The exit code is 3 if the schema is outdated or the database is missing."`
	Up       struct{} `cmd:"" help:"Update the schema. Creates a missing database."`
	Repair   struct{} `cmd:"" help:"Complete rows that older servers wrote, so that searches find them. Servers on PostgreSQL may run meanwhile."`
}

// Distribute holds the flags of `placard distribute`.
type Distribute struct {
	Database `embed:""`
}

// Backup holds the arguments of `placard backup`.
type Backup struct {
	Database `embed:""`
	File     string `arg:"" help:"File to write."`
	Force    bool   `help:"Overwrite an existing file." env:"-"`
}

// Restore holds the arguments of `placard restore`.
type Restore struct {
	Database `embed:""`
	File     string `arg:"" help:"Backup to restore."`
	Force    bool   `help:"Replace an existing database." env:"-"`
}

// Compact holds the flags of `placard compact`.
type Compact struct {
	Database `embed:""`
}

// Export holds the arguments of `placard export`.
type Export struct {
	Database `embed:""`
	File     string `arg:"" help:"File to write, or - for standard output."`
	Project  string `help:"Project to export." default:"default" env:"-" placeholder:"NAME"`
	Force    bool   `help:"Overwrite an existing file." env:"-"`
}

// Import holds the arguments of `placard import`.
type Import struct {
	Database `embed:""`
	File     string             `arg:"" help:"File to read, or - for standard input, which is not checked as a whole before the first write."`
	Project  string             `help:"Name of the project in this database. Default: the name in the file." env:"-" placeholder:"NAME"`
	Limit    models.ValueLimits `embed:"" prefix:"limit-"`
}

func (i *Import) check() error {
	if i.Project != "" && models.CheckName(nil, i.Project) != nil {
		return errors.New("--project must have 1 to 250 characters and no white space at its start or end")
	}
	return nil
}
