package storetest

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

func init() {
	tests["what writes cost"] = writeCosts
	tests["a write is interrupted anywhere"] = interrupted
	tests["a call that is no longer wanted"] = unwanted
}

// costs is how many statements run takes.
func (s *suite) costs(run func(ctx context.Context)) int64 {
	meter := &Meter{}
	run(WithMeter(s.ctx, meter))
	return meter.Statements()
}

func writeCosts(s *suite) {
	v := s.version("model")
	var ten []string
	for i := range 10 {
		ten = append(ten, fmt.Sprint("k", i), "x")
	}
	target := models.MetadataTarget{ArtifactVersion: &models.ArtifactVersionName{Name: "model", Version: ref("1")}}
	cost := s.costs(func(ctx context.Context) {
		_, _, err := s.LogMetadata(ctx, store.Call{}, []store.Write{{Target: target, Facts: facts(ten...), Path: root}})
		s.must(err)
	})
	// SQLite has one more for the subjects and one for the event, because it changes one table per statement.
	if limit := map[bool]int64{true: 2, false: 5}[engine.IsPostgres(s.url)]; cost > limit {
		s.Errorf("ten entries by name and version cost %d statements", cost)
	}
	batch := func(n int) int64 {
		var writes []store.Write
		for i := range n {
			writes = append(writes, store.Write{Target: []models.MetadataTarget{target, byID(v)}[i%2],
				Facts: facts("n", fmt.Sprint(i)), Path: root})
		}
		return s.costs(func(ctx context.Context) {
			logged, _, err := s.LogMetadata(ctx, store.Call{}, writes)
			s.must(err)
			s.equal(len(logged), n)
		})
	}
	// A small batch is a group, whose statements resolve and lock at once.
	few, some, many := batch(4), batch(500), batch(1000)
	if few > some || some != many || many > 6 {
		s.Errorf("batches of 4, 500 and 1,000 cost %d, %d and %d statements", few, some, many)
	}
	s.equal(*s.latest(v)[10].Text, `"999"`)
}

// interrupted checks that a write that fails at any one of its statements stores nothing.
func interrupted(s *suite) {
	step := s.step("model")
	_, err := s.log(byContext(step), facts("waited", "x"))
	s.must(err)
	s.version("model")
	create := func(ctx context.Context) (*models.ArtifactVersion, error) {
		key := "key"
		v, _, err := s.CreateArtifactVersion(ctx, store.Call{Operation: "createArtifactVersion", Key: &key, KeyPath: root},
			root,
			models.CreateArtifactVersionInput{
				Artifact: "model", Aliases: []string{"prod"}, Tags: []string{"t"},
				Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "model"},
			}, facts("a", "1", "b", "2"))
		return v, err
	}
	for at := int64(1); ; at++ {
		meter := &Meter{FailAt: at}
		v, err := create(WithMeter(s.ctx, meter))
		if meter.Statements() < at {
			s.must(err)
			s.equal([]any{v.Number, s.json(v), at > 10}, []any{2, `{"waited":"x","a":"1","b":"2"}`, true})
			return
		}
		if err == nil {
			s.Fatalf("statement %d failed, and the call did not", at)
		}
		latest, err := s.LatestVersions(s.ctx, step.ProjectID, []models.ID{s.artifact("model")}, nil)
		s.must(err)
		for _, v := range latest {
			s.equal(v.Number, 1)
		}
		outputs, err := s.StepOutputs(s.ctx, step.ProjectID, []models.ID{step.ID})
		s.must(err)
		s.equal([]any{outputs[step.ID][0].BoundAt == nil, s.json(outputs[step.ID][0])}, []any{true, `{"waited":"x"}`})
	}
}

func (s *suite) artifact(name string) models.ID {
	a, err := s.Artifact(s.ctx, "default", name)
	s.must(err)
	return a.ID
}

// unwanted checks that a cancelled call writes nothing and does not affect concurrent calls.
func unwanted(s *suite) {
	v := s.version("model")
	left, leave := context.WithCancel(s.ctx)
	leave()
	s.together(writers, func(w int) {
		ctx := s.ctx
		if w%2 == 0 {
			ctx = left
		}
		_, _, err := s.LogMetadata(ctx, store.Call{},
			[]store.Write{{Target: byID(v), Facts: facts(fmt.Sprint(w), "x"), Path: root}})
		if (err != nil) != (w%2 == 0) {
			s.Errorf("writer %d: %v", w, err)
		}
	})
	s.equal(len(s.latest(v)), writers/2)
}
