package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/models"
)

func named(card, key string) models.NamedKey {
	return models.NamedKey{MetadataKey: models.MetadataKey{Card: card, Key: key}}
}

func inAnyCard(key string) models.NamedKey {
	return models.NamedKey{MetadataKey: models.MetadataKey{Key: key}, AnyCard: true}
}

// TestForget checks that a key is known for a minute only, in its project only, and that the catalogue is bounded.
func TestForget(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	c, project, key := New(nil, nil, func() time.Time { return now }), models.NewID(), named("metrics", "auc")
	others := []models.NamedKey{inAnyCard("auc"), named("", "auc"), {MetadataKey: key.MetadataKey, ComparesText: true}}
	c.AddKnownKeys(project, key)
	if got := c.unknown(project, append(others, key)); !slices.Equal(got, others) {
		t.Errorf("unknown are %v, want %v", got, others)
	}
	if got := c.unknown(models.NewID(), []models.NamedKey{key}); len(got) != 1 {
		t.Error("the key is known in another project")
	}
	now = now.Add(maxAge - 1)
	if got := c.unknown(project, []models.NamedKey{key}); len(got) != 0 {
		t.Error("the key is forgotten too early")
	}
	now = now.Add(1)
	if got := c.unknown(project, []models.NamedKey{key}); len(got) != 1 {
		t.Error("the key is known for too long")
	}
	for i := range 3 * maxKnownKeys {
		c.AddKnownKeys(project, named("", fmt.Sprint(i)))
	}
	if len(c.known) > maxKnownKeys {
		t.Errorf("%d keys are known", len(c.known))
	}
}

func TestUnknownKeyWarning(t *testing.T) {
	t.Parallel()
	names := []models.MetadataKey{
		{Key: "auc"}, {Key: "epochs"}, {Key: "loss.train"}, {Card: "eval", Key: "accuracy"}, {Card: "eval", Key: "f1"},
		{Card: "metrics", Key: "accuracys"}, {Card: "metrics", Key: "accuracy"}, {Card: "metrics", Key: "auc"},
	}
	for _, c := range []struct {
		key        models.NamedKey
		message    string
		candidates []string
	}{
		{named("", "lr"), `the project has no key "lr" without a card`, nil},
		{named("", "Epoch"), `the project has no key "Epoch" without a card; near is "epochs"`, []string{"epochs"}},
		{named("", "accuracy"), `the project has no key "accuracy" without a card; the key exists in the cards "eval", "metrics"`,
			[]string{"eval.accuracy", "metrics.accuracy"}},
		{named("eval", "auc"), `the project has no key "auc" in the card "eval"; the key exists without a card and in the card "metrics"`,
			[]string{"auc", "metrics.auc"}},
		{named("metrics", "f1"), `the project has no key "f1" in the card "metrics"; the key exists in the card "eval"`, []string{"eval.f1"}},
		{named("metrics", "epochs"), `the project has no key "epochs" in the card "metrics"; the key exists without a card`, []string{"epochs"}},
		{named("metrics", "acuracy"),
			`the project has no key "acuracy" in the card "metrics"; near are "metrics.accuracy", "metrics.accuracys", "eval.accuracy"`,
			[]string{"metrics.accuracy", "metrics.accuracys", "eval.accuracy"}},
		{named("", "metrics.auc"), `the project has no key "metrics.auc" without a card; ` +
			`card and key are two arguments, such as card: "metrics", key: "auc"`, []string{"metrics.auc"}},
		{named("", "metric.auc"), `the project has no key "metric.auc" without a card; near is "metrics.auc"`, []string{"metrics.auc"}},
		{named("", "loss.trian"), `the project has no key "loss.trian" without a card; near is "loss.train"`, []string{"loss.train"}},
		{inAnyCard("acc"), `the project has no key "acc"; near are "auc", "metrics.auc"`, []string{"auc", "metrics.auc"}},
		{inAnyCard(strings.Repeat("x", 250)), `the project has no key "` + strings.Repeat("x", 99) + `…"`, nil},
	} {
		got := unknownKeyWarning(c.key, names)
		want := c.message
		if got.Code != models.WarningUnknownKey || got.Message != want || !slices.Equal(got.Candidates, c.candidates) {
			t.Errorf("%v: got  %s %q\nwant %s %q", c.key, got.Message, got.Candidates, want, c.candidates)
		}
	}
	names = nil
	for i := range 300 {
		names = append(names, models.MetadataKey{Card: fmt.Sprintf("card%03d", i), Key: "accuracy"})
	}
	for _, key := range []string{"accuracy", "acuracy"} {
		if got := unknownKeyWarning(named("", key), names); len(got.Candidates) != maxCandidates {
			t.Errorf("%d candidates for %s", len(got.Candidates), key)
		}
	}
}
