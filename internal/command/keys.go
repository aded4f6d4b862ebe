package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// createKey creates an API key. It prints only the secret to Stdout, so that a script can read it.
func createKey(ctx context.Context, settings *config.Keys, out Output) error {
	flags := &settings.Create
	input := models.CreateApiKeyInput{Name: flags.Name, Owner: flags.Owner}
	if !flags.Owner {
		role := models.ApiKeyRole(strings.ToUpper(flags.Role))
		input.Project, input.Role = &flags.Project, &role
	}
	if flags.ExpiresIn != 0 {
		input.ExpiresAt = &models.Time{Time: time.Now().Add(flags.ExpiresIn)}
	}
	if err := input.Check(nil); err != nil {
		return describeError(err)
	}
	return withStore(ctx, settings, out, openMigrated, func(ctx context.Context, s *store.Store) error {
		key, secret, err := s.CreateApiKey(ctx, nil, input)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out.Stderr, "API key %s (%q). Store the secret now: it is not shown again.\n", key.ID,
			key.Name)
		_, err = fmt.Fprintln(out.Stdout, secret)
		return err
	})
}

// keysPerPage is the number of keys that listKeys reads at a time.
const keysPerPage = 100

// listKeys prints a table of all API keys.
func listKeys(ctx context.Context, settings *config.Keys, out Output) error {
	return withStore(ctx, settings, out, openExisting, func(ctx context.Context, s *store.Store) error {
		table := tabwriter.NewWriter(out.Stdout, 0, 0, 2, ' ', 0)
		// Flush returns the error.
		_, _ = fmt.Fprintln(table, "ID\tPREFIX\tNAME\tROLE\tPROJECT\tCREATED\tLAST USED\tSTATE")
		for page := (models.Page{Size: keysPerPage}); ; {
			keys, err := s.ApiKeys(ctx, nil, page)
			if err != nil {
				return err
			}
			if err := printKeys(ctx, table, s, keys.Nodes()); err != nil {
				return err
			}
			if !keys.PageInfo.HasNextPage {
				return table.Flush()
			}
			page.After = *keys.PageInfo.EndCursor
		}
	})
}

func printKeys(ctx context.Context, table *tabwriter.Writer, s *store.Store, keys []*models.ApiKey) error {
	ids := make([]models.ID, len(keys))
	for i, key := range keys {
		ids[i] = key.ProjectID
	}
	projects, err := s.ProjectsByID(ctx, ids)
	if err != nil {
		return err
	}
	for _, key := range keys {
		role, project := "owner", "-"
		if !key.Owner() {
			role, project = string(*key.Role), projects[key.ProjectID].Name
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%q\t%s\t%q\t%s\t%s\t%s\n", key.ID, key.Prefix, key.Name, role, project,
			formatDate(&key.CreatedAt), formatDate(key.LastUsedAt), formatState(key)) // Flush returns the error
	}
	return nil
}

func formatDate(at *models.Time) string {
	if at == nil {
		return "-"
	}
	return at.Format(time.DateOnly)
}

func formatState(key *models.ApiKey) string {
	switch {
	case key.RevokedAt != nil:
		return "revoked " + formatDate(key.RevokedAt)
	case key.ExpiresAt == nil:
		return "valid"
	case time.Now().Before(key.ExpiresAt.Time):
		return "valid until " + formatDate(key.ExpiresAt)
	}
	return "expired " + formatDate(key.ExpiresAt)
}

func revokeKey(ctx context.Context, settings *config.Keys, out Output) error {
	return withStore(ctx, settings, out, openExisting, func(ctx context.Context, s *store.Store) error {
		key, err := s.RevokeApiKey(ctx, nil, settings.Revoke.ID)
		if err == nil {
			_, _ = fmt.Fprintf(out.Stderr, "API key %s (%q) is revoked.\n", key.ID, key.Name)
		}
		return err
	})
}

// openMigrated opens a database. It creates a missing one and updates its schema.
func openMigrated(ctx context.Context, databaseURL string, log *slog.Logger) (*store.Store, error) {
	return store.Open(ctx, databaseURL, log)
}

// openExisting opens a database without changing its schema or the file system. It returns a *store.MissingFileError if
// there is no SQLite file.
func openExisting(ctx context.Context, databaseURL string, log *slog.Logger) (*store.Store, error) {
	s, err := store.OpenWithoutMigrating(ctx, databaseURL, log)
	if behind := (*engine.SchemaOutdatedError)(nil); errors.As(err, &behind) && behind.Missing != nil {
		return nil, behind.Missing
	}
	return s, err
}

// withStore opens the database and calls do with the rights of an owner. It fails for an SQLite file that a server
// uses. Only warnings and errors of the database are logged.
func withStore(ctx context.Context, settings *config.Keys, out Output,
	open func(context.Context, string, *slog.Logger) (*store.Store, error),
	do func(context.Context, *store.Store) error,
) error {
	s, err := open(ctx, settings.DatabaseURL, out.Log(max(settings.LogLevel, slog.LevelWarn), settings.LogFormat))
	if err != nil {
		return err
	}
	return describeError(errors.Join(do(auth.NewContext(ctx, auth.Anonymous), s), s.Close()))
}

// describeError returns an error of the domain as text for the terminal: its field and message without its code.
func describeError(err error) error {
	var failure *models.Error
	if !errors.As(err, &failure) || failure.Err != nil {
		return err
	}
	if len(failure.Path) > 0 {
		return fmt.Errorf("%v: %s", failure.Path[len(failure.Path)-1], failure.Message)
	}
	return errors.New(failure.Message)
}
