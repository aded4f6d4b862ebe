package store_test

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// wholeProject matches the line of a plan that reads all rows of a table or of a project.
var wholeProject = regexp.MustCompile(`\(project_id=\?\)$|SCAN (subjects|metadata_|events|artifact|step_|pipeline_)`)

// TestWritePlans checks that no statement of a write reads all rows of a project in SQLite, which never has
// statistics. For PostgreSQL, TestPlansWithoutStatistics does.
func TestWritePlans(t *testing.T) {
	t.Parallel()
	s, err := store.Open(context.Background(), storetest.SQLite(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	type statement struct {
		text string
		args []any
	}
	var sent []statement
	meter := &storetest.Meter{Record: func(text string, args []any) { sent = append(sent, statement{text, args}) }}
	ctx, at, limits := auth.NewContext(context.Background(), auth.Anonymous), models.NewPath("input"), models.DefaultLimits()
	facts, err := models.ReadFacts(&limits, nil, &models.Tree{Node: models.Object{{Key: "a", Value: `"1"`}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	version, _, err := s.CreateArtifactVersion(storetest.WithMeter(ctx, meter), store.Call{}, at,
		models.CreateArtifactVersionInput{Artifact: "model", Tags: []string{"t"}, Aliases: []string{"prod"}}, facts)
	if err != nil {
		t.Fatal(err)
	}
	id := version.ID.String()
	target := models.MetadataTarget{ArtifactVersionID: &id}
	logged, _, err := s.LogMetadata(storetest.WithMeter(ctx, meter), store.Call{}, []store.Write{{Target: target, Facts: facts, Path: at}})
	if err != nil {
		t.Fatal(err)
	}
	retraction := store.Retraction{Target: target, Keys: []models.MetadataKeyInput{{Key: "a"}}}
	retracted, _, err := s.RetractMetadata(storetest.WithMeter(ctx, meter), store.Call{}, at, retraction)
	if err != nil {
		t.Fatal(err)
	}
	input := models.EraseMetadataInput{EntryIDs: []string{logged[0].Entries[0].ID.String(), retracted.Entries[0].ID.String()}}
	if _, _, err := s.EraseMetadata(storetest.WithMeter(ctx, meter), store.Call{}, at, input); err != nil {
		t.Fatal(err)
	}
	for _, one := range sent {
		plan, err := s.Explain(context.Background(), one.text, one.args)
		if err != nil {
			t.Fatalf("%s: %v", one.text, err)
		}
		for _, line := range plan {
			// The answers of programs before migration 6 have no index by entry.
			if wholeProject.MatchString(line) && !strings.Contains(one.text, "idempotency_answers") {
				t.Errorf("%s\n%s", line, one.text)
			}
		}
	}
	if len(sent) < 20 {
		t.Errorf("only %d statements were planned", len(sent))
	}
}
