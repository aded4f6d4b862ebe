package graph_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// growers is the number of goroutines that fill a project.
const growers = 4

// grow fills a project with steps of three inputs and one output each, with the versions that are created from the
// outputs, and with subjects that have a long history.
func grow(t *testing.T, s *store.Store, project string, steps int) {
	t.Helper()
	var wait sync.WaitGroup
	for n := range growers {
		wait.Go(func() {
			g := &grower{s: s, ctx: auth.NewContext(context.Background(), auth.Anonymous), at: models.NewPath("input"), project: project, part: n}
			if err := g.grow(steps / growers); err != nil {
				t.Error(err)
			}
		})
	}
	harness.Wait(t, "all writers have ended", &wait)
}

// grower fills its part of a project.
type grower struct {
	s       *store.Store
	ctx     context.Context
	at      *models.Path
	project string
	part    int
	run     *models.PipelineRun
	// versions are the IDs of the versions so far.
	versions []string
}

func (g *grower) grow(steps int) error {
	if err := g.create(0, nil); err != nil {
		return err
	}
	for n := range steps {
		if n%10 == 0 {
			if err := g.startRun(n); err != nil {
				return err
			}
		}
		var inputs []models.StepInputDeclaration
		for i, version := range []int{0, n / 2, n} {
			inputs = append(inputs, models.StepInputDeclaration{Name: fmt.Sprint(i),
				ArtifactVersionSelector: models.ArtifactVersionSelector{ArtifactVersionID: &g.versions[version]}})
		}
		step, _, err := g.s.StartStepRun(g.ctx, store.Call{}, g.at, models.StartStepRunInput{
			PipelineRunID: g.run.ID.String(), Name: "bulk", Inputs: inputs, Outputs: []models.StepOutputDeclaration{{Name: "output"}}})
		if err != nil {
			return err
		}
		if err := g.create(n+1, &models.StepOutputRef{StepRunID: step.ID.String(), Name: "output"}); err != nil {
			return err
		}
	}
	var writes []store.Write
	for range 500 {
		facts, err := makeBulkFacts(g.part, 0)
		if err != nil {
			return err
		}
		writes = append(writes, store.Write{Target: models.MetadataTarget{ArtifactVersionID: &g.versions[0]}, Facts: facts[:1], Path: g.at})
	}
	_, _, err := g.s.LogMetadata(g.ctx, store.Call{}, writes)
	return err
}

// startRun starts a pipeline run. Few pipelines have few runs.
func (g *grower) startRun(n int) (err error) {
	key, pipeline := models.NewID().String(), "bulk"
	if n == 0 {
		pipeline = fmt.Sprint("rare ", g.part)
	}
	call := store.Call{Operation: "startPipelineRun", Key: &key, KeyPath: g.at}
	g.run, _, err = g.s.StartPipelineRun(g.ctx, call, g.at, models.StartPipelineRunInput{Project: &g.project, Pipeline: pipeline})
	return err
}

// create creates a version. Half of the versions belong to one artifact.
func (g *grower) create(n int, output *models.StepOutputRef) error {
	artifact := "bulk"
	if n%2 == 1 {
		artifact = fmt.Sprintf("bulk %d", n%200)
	}
	facts, err := makeBulkFacts(g.part, n)
	if err != nil {
		return err
	}
	made, _, err := g.s.CreateArtifactVersion(g.ctx, store.Call{}, g.at, models.CreateArtifactVersionInput{
		Project: &g.project, Artifact: artifact, Output: output, Tags: []string{fmt.Sprint("tag ", n%10)},
		Aliases: []string{"prod", fmt.Sprint("alias ", g.part, n)}}, facts)
	if err == nil {
		g.versions = append(g.versions, made.ID.String())
	}
	return err
}

// makeBulkFacts returns the facts of a version: a number that no other version has, and two values that all versions
// have.
func makeBulkFacts(part, n int) ([]models.Fact, error) {
	limits := models.DefaultLimits()
	return models.ReadFacts(&limits, nil, &models.Tree{Node: models.Object{
		{Key: "accuracy", Value: fmt.Sprintf("%d.5", growers*n+part+10)}, {Key: "epoch", Value: "3"}, {Key: "name", Value: `"bulk"`},
	}}, nil)
}
