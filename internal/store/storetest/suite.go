package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"testing"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// suite is a store with what the tests say often.
type suite struct {
	testing.TB
	*store.Store
	ctx context.Context
	url string
}

// open opens the store at a URL.
func open(t testing.TB, databaseURL string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), withPauses(databaseURL), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// tests are the tests of the suite, by name.
var tests = map[string]func(s *suite){}

// Exercise runs the suite on the engine that makes the database URLs.
func Exercise(t *testing.T, newURL func(t testing.TB) string) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL := newURL(t)
			test(&suite{t, open(t, databaseURL), auth.NewContext(context.Background(), auth.Anonymous), databaseURL})
		})
	}
}

// withPauses returns a database URL whose transactions may pause for as long as a test does. By default PostgreSQL ends
// the session of a transaction that pauses for five seconds, and releases its locks.
func withPauses(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil || !engine.IsPostgres(databaseURL) {
		return databaseURL
	}
	query := u.Query()
	query.Set("idle_in_transaction_session_timeout", "0")
	u.RawQuery = query.Encode()
	return u.String()
}

var root = models.NewPath("input")

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// refused checks that a call failed with the code, and returns the failure.
func (s *suite) refused(code models.Code, err error) *models.Error {
	s.Helper()
	var failure *models.Error
	if !errors.As(err, &failure) || failure.Code != code {
		s.Fatalf("wanted %s, got %v", code, err)
	}
	return failure
}

func (s *suite) equal(got, want any) {
	s.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		s.Fatalf("got  %s\nwant %s", g, w)
	}
}

func ref[T any](v T) *T { return &v }

func byID(v *models.ArtifactVersion) models.MetadataTarget {
	return models.MetadataTarget{ArtifactVersionID: ref(v.ID.String())}
}

func byContext(step *models.StepRun, output ...string) models.MetadataTarget {
	context := &models.StepContext{StepRunID: step.ID.String()}
	if len(output) > 0 {
		context.ArtifactName = &output[0]
	}
	return models.MetadataTarget{StepContext: context}
}

// facts are facts without a card from keys and texts of extended JSON.
func facts(keysAndValues ...string) []models.Fact {
	var object models.Object
	for i := 0; i < len(keysAndValues); i += 2 {
		object = append(object, models.Member{Key: keysAndValues[i], Value: keysAndValues[i+1]})
	}
	limits := models.DefaultLimits()
	read, err := models.ReadFacts(&limits, nil, &models.Tree{Node: object}, nil)
	if err != nil {
		panic(err)
	}
	return read
}

func (s *suite) log(target models.MetadataTarget, facts []models.Fact) (store.Logged, error) {
	logged, _, err := s.LogMetadata(s.ctx, store.Call{Operation: "logMetadata"},
		[]store.Write{{Target: target, Facts: facts, Path: root}})
	if err != nil {
		return store.Logged{}, err
	}
	return logged[0], nil
}

func (s *suite) run() *models.PipelineRun {
	s.Helper()
	run, _, err := s.StartPipelineRun(s.ctx, store.Call{}, root, models.StartPipelineRunInput{Pipeline: "training"})
	s.must(err)
	return run
}

func (s *suite) step(outputs ...string) *models.StepRun {
	s.Helper()
	input := models.StartStepRunInput{PipelineRunID: s.run().ID.String(), Name: "train"}
	for _, name := range outputs {
		input.Outputs = append(input.Outputs, models.StepOutputDeclaration{Name: name})
	}
	step, _, err := s.StartStepRun(s.ctx, store.Call{}, root, input)
	s.must(err)
	return step
}

func (s *suite) create(input models.CreateArtifactVersionInput, facts ...models.Fact) (*models.ArtifactVersion, error) {
	version, _, err := s.CreateArtifactVersion(s.ctx, store.Call{}, root, input, facts)
	return version, err
}

func (s *suite) version(artifact string) *models.ArtifactVersion {
	s.Helper()
	version, err := s.create(models.CreateArtifactVersionInput{Artifact: artifact})
	s.must(err)
	return version
}

// json is the latest metadata of a subject. It checks that the cache has the same.
func (s *suite) json(subject models.Subject, asOf ...models.Time) string {
	s.Helper()
	var at *models.Time
	if len(asOf) > 0 {
		at = &asOf[0]
	}
	project, id, _ := subject.MetadataRef()
	latest, err := s.LatestEntries(s.ctx, project, []models.ID{id}, nil, at)
	s.must(err)
	text, err := models.MetadataJSON(latest[id])
	s.must(err)
	if at == nil {
		var known store.Revisions
		if version, ok := subject.(*models.ArtifactVersion); ok {
			known = knownRevisions(s.again(s.Store, version))
		}
		s.cachedJSON(project, id, known, string(text))
	}
	return string(text)
}

// Select returns the selector of a version by ID.
func Select(id models.ID) models.ArtifactVersionSelector {
	return models.ArtifactVersionSelector{ArtifactVersionID: ref(id.String())}
}
