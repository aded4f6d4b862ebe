package transfer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
	"github.com/placard/placard/models"
)

// randomProject changes a project by random calls.
type randomProject struct {
	*source
	random   *rand.Rand
	versions []*models.ArtifactVersion
	// open are step runs, and unbound their outputs without versions.
	open    []*models.StepRun
	unbound []output
	calls   int
}

type output struct {
	step *models.StepRun
	name string
}

func (o output) target() models.MetadataTarget {
	return models.MetadataTarget{StepContext: &models.StepContext{StepRunID: o.step.ID.String(), ArtifactName: &o.name}}
}

func pick[T any](p *randomProject, items []T) (item T, ok bool) {
	if len(items) == 0 {
		return item, false
	}
	return items[p.random.IntN(len(items))], true
}

// take removes a random output.
func (p *randomProject) take() (o output, ok bool) {
	if len(p.unbound) == 0 {
		return o, false
	}
	i := p.random.IntN(len(p.unbound))
	o = p.unbound[i]
	p.unbound = append(p.unbound[:i], p.unbound[i+1:]...)
	return o, true
}

func (p *randomProject) check(err error) {
	p.Helper()
	if err != nil {
		p.Fatalf("call %d: %v", p.calls, err)
	}
}

// call makes a random call, which deletes something only if it may.
func (p *randomProject) call(mayDelete bool) {
	p.Helper()
	p.calls++
	version, hasVersion := pick(p, p.versions)
	step, hasStep := pick(p, p.open)
	key := fmt.Sprintf("k%d", p.random.IntN(4))
	switch n := p.random.IntN(20); {
	case n < 4 || !hasVersion:
		p.versions = append(p.versions, p.version(fmt.Sprintf("a%d", p.random.IntN(3)), nil, fmt.Sprintf("l%d", p.random.IntN(3))))
	case n < 8:
		p.log(versionTarget(version), fmt.Sprintf(`{%q: %d, "card": {"n": [%d, "é\u0001"]}}`, key, p.calls, p.calls))
	case n < 9:
		err := p.retract(version.ID, key, fmt.Sprint("why ", p.calls))
		if models.CodeOf(err) != models.CodeNotFound { // the version may not have the key
			p.check(err)
		}
	case n < 11:
		p.eraseSome()
	case n < 13 || !hasStep:
		p.start()
	case n < 14:
		if o, ok := pick(p, p.unbound); ok {
			p.log(o.target(), fmt.Sprintf(`{%q: "waits %d"}`, key, p.calls))
		}
	case n < 16:
		if o, ok := p.take(); ok && n < 15 {
			p.step = o.step
			p.versions = append(p.versions, p.version("made", &o.name))
		} else if ok {
			p.bind(o, version)
		}
	case n < 17:
		_, _, err := p.FinishStepRun(everyone, store.Call{}, nil,
			models.FinishStepRunInput{StepRunID: step.ID.String(), Status: models.RunStatusFailed}, nil)
		p.check(err)
	case n < 18:
		_, _, err := p.UpdateArtifact(everyone, store.Call{}, nil,
			models.UpdateArtifactInput{ArtifactID: version.ArtifactID.String(), Description: ref(fmt.Sprint("# ", p.calls))})
		p.check(err)
	case n < 19:
		_, _, err := p.TagArtifactVersion(everyone, store.Call{}, nil, models.TagArtifactVersionInput{
			ArtifactVersionSelector: storetest.Select(version.ID), Tags: []string{"t1", fmt.Sprint("t", p.calls)}})
		p.check(err)
	case mayDelete:
		p.delete(version)
	}
}

func versionTarget(v *models.ArtifactVersion) models.MetadataTarget {
	return models.MetadataTarget{ArtifactVersionID: ref(v.ID.String())}
}

// start starts a run with a step of two outputs.
func (p *randomProject) start() {
	run, _, err := p.StartPipelineRun(everyone, store.Call{}, nil, models.StartPipelineRunInput{Project: ref(project), Pipeline: "p"})
	p.check(err)
	step, _, err := p.StartStepRun(everyone, store.Call{}, nil, models.StartStepRunInput{
		PipelineRunID: run.ID.String(), Name: "s", Outputs: []models.StepOutputDeclaration{{Name: "o1"}, {Name: "o2"}},
	})
	p.check(err)
	p.open = append(p.open, step)
	p.unbound = append(p.unbound, output{step, "o1"}, output{step, "o2"})
}

// bind binds an output to a version that exists.
func (p *randomProject) bind(o output, version *models.ArtifactVersion) {
	p.execute(`UPDATE step_outputs SET bound_at = $1, artifact_version_id = $2,
		reused_subject_id = (SELECT subject_id FROM artifact_versions WHERE id = $2) WHERE step_run_id = $3 AND name = $4`,
		version.CreatedAt.UnixMicro(), version.ID, o.step.ID, o.name)
}

// eraseSome erases random entries.
func (p *randomProject) eraseSome() {
	p.Helper()
	var some []string
	for _, id := range p.entryIDs("TRUE") {
		if p.random.IntN(10) == 0 {
			some = append(some, id)
		}
	}
	if len(some) > 0 {
		p.eraseEntries(some)
	}
}

func (p *randomProject) delete(version *models.ArtifactVersion) {
	deleteVersion(p, p.Store, storetest.Select(version.ID))
	for i, v := range p.versions {
		if v == version {
			p.versions = append(p.versions[:i], p.versions[i+1:]...)
			return
		}
	}
}

// TestRandomProjects checks that a project that was changed at random is the same after its export and import, in one
// step and in several.
func TestRandomProjects(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, url, to string) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("the seed is %d", seed)
		s := &source{TB: t, Store: must[*store.Store](t)(store.Open(context.Background(), url, quiet)), url: url}
		t.Cleanup(func() { _ = s.Close() })
		must[*models.Project](t)(s.CreateProject(everyone, nil, project))
		p := &randomProject{source: s, random: rand.New(rand.NewPCG(seed, 0))}
		for range harness.Amount(100, 500) {
			p.call(true)
		}
		var files [][]byte
		for range 3 {
			for range harness.Amount(50, 500) {
				p.call(false)
			}
			files = append(files, export(t, url))
			must[transfer.Imported](t)(importInto(context.Background(), t, to, files[len(files)-1]))
		}
		p.compare(to, files[2])
		for _, file := range files {
			if done := must[transfer.Imported](t)(importInto(context.Background(), t, to, file)); done.Inserted+done.Updated > 0 {
				t.Errorf("imported again %+v", done)
			}
		}
		p.compare(to, files[2])
		once := storetest.SQLite(t)
		must[transfer.Imported](t)(importInto(context.Background(), t, once, files[2]))
		p.compare(once, files[2])
	})
}

// compare compares the project in a database with the original.
func (p *randomProject) compare(url string, file []byte) {
	p.Helper()
	for _, texts := range [][2]string{
		{string(export(p, url)), string(file)}, {derivedRows(p, url), derivedRows(p, p.url)},
	} {
		got, want := strings.SplitAfter(texts[0], "\n"), strings.SplitAfter(texts[1], "\n")
		for n := range max(len(got), len(want)) {
			if n >= len(got) || n >= len(want) || got[n] != want[n] {
				p.Errorf("line %d is %q, want %q", n+1, got[min(n, len(got)):min(n+1, len(got))], want[min(n, len(want)):min(n+1, len(want))])
				break
			}
		}
	}
}
