package store_test

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/bench/load"
	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// versionsVariable names the environment variable with the number of versions that the plans are made for.
const versionsVariable = "PLACARD_TEST_PLAN_VERSIONS"

const defaultPlanVersions = 30_000

// TestPlans: on a large table each main question goes by an index, and never through all rows.
func TestPlans(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	ctx, url := context.Background(), storetest.Postgres(t)
	versions, err := strconv.Atoi(cmp.Or(os.Getenv(versionsVariable), strconv.Itoa(defaultPlanVersions)))
	if err != nil {
		t.Fatalf("%s: %v", versionsVariable, err)
	}
	begin := time.Now()
	if err := load.Load(ctx, url, load.Options{Versions: versions, OnlyLatest: true}); err != nil {
		t.Fatal(err)
	}
	t.Logf("loaded in %s", time.Since(begin))
	s, err := store.Open(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	accuracy := func(from float64) *models.Filter { return metadata("metrics", "accuracy", above(from)) }
	owner := metadata("", "owner", is(models.StringValue{Text: load.OwnerName(7)}))
	for name, c := range map[string]struct {
		question models.ListQuery
		wants    []string
	}{
		"few by a number": {models.ListQuery{Filter: accuracy(0.9995)}, []string{"metadata_latest_by_value"}},
		"of one artifact, by a number": {
			models.ListQuery{Filter: both(filterField("artifact", "eq", load.ArtifactName(0)), accuracy(0.95)),
				Order: by("metrics", "accuracy")},
			[]string{"metadata_latest_by_value"}},
		"of one owner": {models.ListQuery{Filter: owner}, []string{"metadata_latest_by_value"}},
		"either of two": {models.ListQuery{Filter: &models.Filter{Any: true,
			AnyOf: []*models.Filter{owner, accuracy(0.9995)}}}, []string{"metadata_latest_by_value"}},
		"all by a size": {models.ListQuery{Order: by("", "size")}, []string{"metadata_latest_by_value"}},
		"newest":        {models.ListQuery{}, []string{"artifact_versions_by_time"}},
		"with a tag": {models.ListQuery{Filter: both(filterField("tag", "eq", load.TagName(3)),
			metadata("", "framework", is(models.StringValue{Text: "torch"})))}, []string{"tags_by_tag"}},
		"most, newest first": {models.ListQuery{Filter: metadata("", "framework",
			Not(is(models.StringValue{Text: "torch"})))}, []string{"artifact_versions_by_time", "metadata_latest_pkey"}},
		"of one pipeline run": {models.ListQuery{Filter: &models.Filter{Related: "producedBy",
			RelatedFilter: filterField("pipeline", "eq", "training-3")}}, []string{"artifact_versions"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := planOf(t, s, c.question)
			for _, table := range []string{"artifact_versions", "metadata_latest", "metadata_entries"} {
				if strings.Contains(plan, "Seq Scan on "+table) {
					t.Errorf("goes through all of %s:\n%s", table, plan)
				}
			}
			for _, index := range c.wants {
				if !strings.Contains(plan, index) {
					t.Errorf("does not use %s:\n%s", index, plan)
				}
			}
		})
	}
}

// planOf is the plans of all statements of a question for the first 50 versions, and for those that come after them.
func planOf(t *testing.T, s *store.Store, question models.ListQuery) string {
	t.Helper()
	var lines []string
	page := models.Page{Size: 50}
	for range 2 {
		type statement struct {
			text string
			args []any
		}
		var sent []statement
		meter := &storetest.Meter{Record: func(text string, args []any) { sent = append(sent, statement{text, args}) }}
		found, err := s.SearchVersions(storetest.WithMeter(auth.NewContext(context.Background(), auth.Anonymous), meter), "default",
			question, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range sent {
			plan, err := s.Explain(context.Background(), one.text, one.args)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(append(lines, one.text), plan...)
		}
		if len(found.Nodes()) == 0 {
			t.Error("nothing is found")
		}
		info := found.PageInfo
		if !info.HasNextPage {
			break
		}
		page.After = *info.EndCursor
	}
	return strings.Join(lines, "\n")
}

func metadata(card, key string, test models.ValueCondition) *models.Filter {
	return &models.Filter{Metadata: &models.MetadataFilter{
		MetadataKeyPath: models.MetadataKeyPath{Card: card, Key: key}, Conditions: []models.ValueCondition{test}}}
}

func is(value models.MetadataValue) models.ValueCondition {
	return models.ValueCondition{In: []string{models.EncodeSearchKeys(value).SortKey}}
}

func Not(test models.ValueCondition) models.ValueCondition {
	test.Not = true
	return test
}

func above(number float64) models.ValueCondition {
	return models.ValueCondition{Between: []models.SortKeyRange{{
		From: models.EncodeSearchKeys(models.FloatValue{Number: number}).SortKey, To: "3", FromOpen: true, ToOpen: true}}}
}

func filterField(name, op string, value any) *models.Filter {
	return &models.Filter{Field: name, Conditions: []models.FieldCondition{{Op: op, Values: []any{value}}}}
}

func both(filters ...*models.Filter) *models.Filter { return &models.Filter{All: filters} }

func by(card, key string) []models.OrderTerm {
	return []models.OrderTerm{{Metadata: models.MetadataKeyPath{Card: card, Key: key}, Descending: true}}
}
