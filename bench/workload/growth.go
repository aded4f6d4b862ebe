package workload

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/placard/placard/bench/client"
)

// Growth is a project that grows through the API as pipelines write it: ten versions are a block, and three of these
// are the outputs of step runs. The ninth version of a block has a lineage of the nine others.
type Growth struct {
	Address string
	// Versions is the number of versions after Grow. It is a multiple of growthBlock.
	Versions int
	// created is the number of versions that the operation Create has added.
	created atomic.Int64
}

const (
	growthBlock     = 10
	growthArtifacts = 100
	// lineageVersions is the number of versions in the lineage of the last version of a block.
	lineageVersions = 9
)

// name returns the artifact and the name of the nth version.
func (g *Growth) name(n int) (artifact, version string) {
	return fmt.Sprintf("series-%d", n%growthArtifacts), fmt.Sprintf("v%d", n)
}

// Grow creates the versions.
func (g *Growth) Grow(ctx context.Context) error {
	var next atomic.Int64
	blocks := int64(g.Versions / growthBlock)
	failures := make(chan error, fillers)
	for range fillers {
		go func() {
			connection, err := client.Dial(g.Address, time.Now().Add(3*time.Hour))
			if err != nil {
				failures <- err
				return
			}
			for n := next.Add(1) - 1; err == nil && ctx.Err() == nil && n < blocks; n = next.Add(1) - 1 {
				err = g.growBlock(connection, int(n)*growthBlock)
			}
			failures <- errors.Join(err, ctx.Err(), connection.Close())
		}()
	}
	var err error
	for range fillers {
		err = errors.Join(err, <-failures)
	}
	return err
}

// growBlock creates ten versions: of each three, a step run reads the versions and produces the next one. The last step
// run reads the outputs of the others, too.
func (g *Growth) growBlock(connection *client.Connection, first int) error {
	run, err := sendForID(connection, `mutation { startPipelineRun(input: {pipeline: "training"}) { pipelineRun { id } } }`, "{}")
	if err != nil {
		return err
	}
	for n := first; n < first+growthBlock; n++ {
		if n-first != 3 && n-first != 6 && n-first != 9 {
			artifact, version := g.name(n)
			variables := fmt.Sprintf(`{"a":%q,"v":%q,"m":%s}`, artifact, version, metadata(Logged.facts(n)))
			if _, err := exchange(connection, request(createVersion, variables)); err != nil {
				return err
			}
			continue
		}
		inputs := []int{n - 1, n - 2, n - 3}
		if n-first == growthBlock-1 {
			inputs = append(inputs, first+3, first+6)
		}
		if err := g.growOutput(connection, run, n, inputs); err != nil {
			return err
		}
	}
	_, err = exchange(connection, request(`mutation($r: ID!) { finishPipelineRun(input: {pipelineRunId: $r}) { pipelineRun { id } } }`,
		fmt.Sprintf(`{"r":%q}`, run)))
	return err
}

// growOutput creates a version as the output of a step run with inputs.
func (g *Growth) growOutput(connection *client.Connection, run string, n int, inputs []int) error {
	declared := make([]any, len(inputs))
	for i, input := range inputs {
		artifact, version := g.name(input)
		declared[i] = map[string]any{"name": fmt.Sprintf("input %d", i), "artifactVersion": map[string]any{
			"named": map[string]any{"name": artifact, "version": version}}}
	}
	text, err := json.Marshal(declared)
	if err != nil {
		return err
	}
	step, err := sendForID(connection, `mutation($r: ID!, $i: [StepInputDeclaration!]) { startStepRun(input: {pipelineRunId: $r, name: "train", inputs: $i, outputs: [{name: "model"}]}) { stepRun { id } } }`,
		fmt.Sprintf(`{"r":%q,"i":%s}`, run, text))
	if err != nil {
		return err
	}
	artifact, version := g.name(n)
	_, err = exchange(connection, request(`mutation($s: ID!, $a: String!, $v: String!, $m: JSONObject) { finishStepRun(input: {stepRunId: $s, outputs: [{name: "model", artifact: $a, version: $v, metadata: $m}]}) { stepRun { id } } }`,
		fmt.Sprintf(`{"s":%q,"a":%q,"v":%q,"m":%s}`, step, artifact, version, metadata(Logged.facts(n)))))
	return err
}

// sendForID sends a mutation and returns the first ID of its response.
func sendForID(connection *client.Connection, document, variables string) (string, error) {
	body, err := exchange(connection, request(document, variables))
	if err != nil {
		return "", err
	}
	_, rest, found := bytes.Cut(body, []byte(`"id":"`))
	id, _, closed := bytes.Cut(rest, []byte(`"`))
	if !found || !closed {
		return "", fmt.Errorf("no ID in %.300s", body)
	}
	return string(id), nil
}

// The selections of a version that Growth and Loaded read.
const (
	versionJSON    = `{ artifactVersion(ref: {named: {name: $n, version: $v}}) { version metadataJson } }`
	versionHistory = `{ artifactVersion(ref: {named: {name: $n, version: $v}}) { metadataHistory(first: 10) { nodes { key seq } } } }`
)

// Operations returns the operations whose time must not depend on the size of the project.
func (g *Growth) Operations() []client.Operation {
	anywhere := func(random *rand.Rand) (artifact, version string) { return g.name(random.IntN(g.Versions)) }
	lastOfBlock := func(random *rand.Rand) (artifact, version string) {
		return g.name(random.IntN(g.Versions/growthBlock)*growthBlock + growthBlock - 1)
	}
	return []client.Operation{
		logging(anywhere),
		reading("read a version", versionJSON, anywhere, `"metric_`, EntriesPerLog),
		g.creating(),
		reading("lineage of a version", `{ artifactVersion(ref: {named: {name: $n, version: $v}}) { upstream { versions { version } } } }`, lastOfBlock,
			`"version":`, lineageVersions),
		reading("history of a version", versionHistory, anywhere, `"seq":`, EntriesPerLog),
	}
}

// chooser returns the artifact and the name of a random version.
type chooser func(random *rand.Rand) (artifact, version string)

// reading returns an operation that reads a version. Each response must contain the mark count times.
func reading(name, selection string, choose chooser, mark string, count int) client.Operation {
	document := "query($n: String!, $v: String!) " + selection
	check := func(body []byte) error {
		if n := bytes.Count(body, []byte(mark)); n != count {
			return fmt.Errorf("%d times %s instead of %d", n, mark, count)
		}
		return nil
	}
	return client.Operation{Name: name, Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		artifact, version := choose(random)
		return request(document, fmt.Sprintf(`{"n":%q,"v":%q}`, artifact, version)), check
	}}
}

// logging returns the operation that logs ten entries of a version.
func logging(choose chooser) client.Operation {
	return client.Operation{Name: "log 10 entries", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		artifact, version := choose(random)
		variables := fmt.Sprintf(`{"n":%q,"v":%q,"m":%s}`, artifact, version, metadata(Logged.facts(0)))
		return request(logMetadata, variables), checkLogged
	}}
}

// checkLogged requires the entries of a request to log.
func checkLogged(body []byte) error {
	if bytes.Count(body, []byte(`"seq":"`)) != EntriesPerLog {
		return errors.New("the response has another number of entries than the request")
	}
	return nil
}

// creating returns the operation that creates a version.
func (g *Growth) creating() client.Operation {
	return client.Operation{Name: "create a version", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		artifact, _ := g.name(random.IntN(g.Versions))
		variables := fmt.Sprintf(`{"a":%q,"v":%q,"m":%s}`, artifact, "new-"+strconv.FormatInt(g.created.Add(1), 10), metadata(Logged.facts(0)))
		return request(createVersion, variables), func(body []byte) error {
			if !bytes.Contains(body, []byte(`"number":`)) {
				return errors.New("the response has no number")
			}
			return nil
		}
	}}
}
