// Package keys is `placard keys`: API keys made and revoked on the machine, directly in the database. This is how the
// first key comes about; the others may come over the API.
package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// Command is the settings of `placard keys`, one field per command.
type Command struct {
	Create Create `cmd:"" help:"Make an API key and print its secret, which is shown this once. Makes a missing database, and brings its tables up to date."`
	List   List   `cmd:"" help:"List the API keys, also those that are revoked or have expired. Needs a database whose tables are up to date."`
	Revoke Revoke `cmd:"" help:"Revoke an API key, from now on and everywhere. Needs a database whose tables are up to date."`
}

// Create is the settings of `placard keys create`.
type Create struct {
	Name      string        `arg:"" help:"What entries and audit events carry as their author."`
	Owner     bool          `help:"Make the key of an owner, which may do everything in all projects." env:"-"`
	Project   string        `help:"The project that the key is for." default:"default" env:"-"`
	Role      string        `help:"What it may do in the project: reader, writer or admin." enum:"reader,writer,admin," default:"" env:"-"`
	ExpiresIn time.Duration `help:"When it expires, such as 2160h for 90 days; never when it is not given." env:"-"`
}

// List is the settings of `placard keys list`.
type List struct{}

// Revoke is the settings of `placard keys revoke`.
type Revoke struct {
	ID string `arg:"" help:"What keys list shows first in the line of the key."`
}

var roles = map[string]models.ApiKeyRole{
	"reader": models.ApiKeyRoleReader, "writer": models.ApiKeyRoleWriter, "admin": models.ApiKeyRoleAdmin,
}

// Validate refuses what contradicts itself, before anything is opened.
func (c *Create) Validate() error {
	if !c.Owner && c.Role == "" {
		return errors.New("say --owner, or --role=reader, writer or admin")
	}
	if c.Owner && c.Role != "" {
		return errors.New("--owner has no --role: an owner may do everything in all projects")
	}
	return nil
}

// Run makes the key. The secret alone goes to out, so that it can be piped; what is said about it goes to notes.
func (c *Create) Run(ctx context.Context, databaseURL string, log *slog.Logger, out, notes io.Writer) error {
	input := models.CreateApiKeyInput{Name: c.Name, Owner: c.Owner}
	if !c.Owner {
		role := roles[c.Role]
		input.Project, input.Role = &c.Project, &role
	}
	if c.ExpiresIn != 0 {
		input.ExpiresAt = &models.Time{Time: time.Now().Add(c.ExpiresIn)}
	}
	if err := input.Check(nil); err != nil {
		return plain(err)
	}
	return withStore(ctx, databaseURL, log, store.Open, func(ctx context.Context, s *store.Store) error {
		key, secret, err := s.CreateApiKey(ctx, nil, input)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(notes, "API key %s (%q). Keep it: it cannot be shown again.\n", key.ID, key.Name)
		_, err = fmt.Fprintln(out, secret)
		return err
	})
}

// pageSize is how many keys are read at once.
const pageSize = 100

// Run writes a table of the keys to out.
func (*List) Run(ctx context.Context, databaseURL string, log *slog.Logger, out, _ io.Writer) error {
	return withStore(ctx, databaseURL, log, openExisting, func(ctx context.Context, s *store.Store) error {
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "ID\tPREFIX\tNAME\tROLE\tPROJECT\tCREATED\tLAST USED\tSTATE") // Flush says what fails
		for page := (models.Page{Size: pageSize}); ; {
			found, err := s.ApiKeys(ctx, nil, page)
			if err != nil {
				return err
			}
			projects, err := s.ProjectsByID(ctx, projectsOf(found.Nodes()))
			if err != nil {
				return err
			}
			for _, key := range found.Nodes() {
				role, project := "owner", "-"
				if !key.Owner() {
					role, project = string(*key.Role), projects[key.ProjectID].Name
				}
				_, _ = fmt.Fprintf(table, "%s\t%s\t%q\t%s\t%q\t%s\t%s\t%s\n", key.ID, key.Prefix, key.Name, role, project,
					day(&key.CreatedAt), day(key.LastUsedAt), state(key))
			}
			if !found.PageInfo.HasNextPage {
				return table.Flush()
			}
			page.After = *found.PageInfo.EndCursor
		}
	})
}

func projectsOf(keys []*models.ApiKey) []models.ID {
	ids := make([]models.ID, len(keys))
	for i, key := range keys {
		ids[i] = key.ProjectID
	}
	return ids
}

func day(at *models.Time) string {
	if at == nil {
		return "-"
	}
	return at.Format(time.DateOnly)
}

func state(key *models.ApiKey) string {
	switch {
	case key.RevokedAt != nil:
		return "revoked " + day(key.RevokedAt)
	case key.ExpiresAt == nil:
		return "valid"
	case time.Now().Before(key.ExpiresAt.Time):
		return "valid until " + day(key.ExpiresAt)
	}
	return "expired " + day(key.ExpiresAt)
}

// Run revokes the key.
func (c *Revoke) Run(ctx context.Context, databaseURL string, log *slog.Logger, _, notes io.Writer) error {
	return withStore(ctx, databaseURL, log, openExisting, func(ctx context.Context, s *store.Store) error {
		key, err := s.RevokeApiKey(ctx, nil, c.ID)
		if err == nil {
			_, _ = fmt.Fprintf(notes, "API key %s (%q) is revoked.\n", key.ID, key.Name)
		}
		return err
	})
}

// openExisting opens a database and changes neither its tables nor the file system. It fails with store.Missing where there
// is no SQLite file.
func openExisting(ctx context.Context, databaseURL string, log *slog.Logger) (*store.Store, error) {
	s, err := store.OpenCurrent(ctx, databaseURL, log)
	if behind := (*store.Behind)(nil); errors.As(err, &behind) && behind.Missing != nil {
		return nil, behind.Missing
	}
	return s, err
}

// withStore opens the database at the URL and calls do, with every right. An SQLite file has one process: while the server
// runs, it is refused.
func withStore(ctx context.Context, databaseURL string, log *slog.Logger, open func(context.Context, string, *slog.Logger) (*store.Store, error),
	do func(context.Context, *store.Store) error,
) error {
	s, err := open(ctx, databaseURL, log)
	if err != nil {
		return err
	}
	return plain(errors.Join(do(auth.With(ctx, auth.Everyone), s), s.Close()))
}

// plain is a failure as people read it, without its code.
func plain(err error) error {
	var failure *models.Error
	if errors.As(err, &failure) && failure.Err == nil {
		if len(failure.Path) > 0 {
			return fmt.Errorf("%v: %s", failure.Path[len(failure.Path)-1], failure.Message)
		}
		return errors.New(failure.Message)
	}
	return err
}
