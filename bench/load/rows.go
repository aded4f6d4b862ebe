package load

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/placard/placard/models"
)

// Indexes of the tables.
const (
	artifacts = iota
	subjects
	versions
	aliases
	aliasMoves
	tags
	tagMoves
	pipelineRuns
	stepRuns
	stepOutputs
	entries
	latest
	tableCount
)

// tables has names and columns.
var tables = [tableCount]struct {
	name    string
	columns []string
}{
	artifacts: {"artifacts", []string{"project_id", "id", "name", "last_number", "created_at", "updated_at"}},
	subjects:  {"subjects", []string{"project_id", "id", "artifact_version_id", "about", "last_logged_at", "revision"}},
	versions: {"artifact_versions", []string{
		"project_id", "id", "artifact_id", "subject_id", "version", "number", "type", "created_at"}},
	aliases:      {"aliases", []string{"project_id", "artifact_id", "alias", "artifact_version_id"}},
	aliasMoves:   {"alias_moves", []string{"project_id", "artifact_id", "alias", "seq", "artifact_version_id", "moved_by", "moved_at"}},
	tags:         {"tags", []string{"project_id", "artifact_version_id", "tag"}},
	tagMoves:     {"tag_moves", []string{"project_id", "artifact_version_id", "tag", "seq", "added", "moved_by", "moved_at"}},
	pipelineRuns: {"pipeline_runs", []string{"project_id", "id", "pipeline", "status", "started_at", "finished_at"}},
	stepRuns:     {"step_runs", []string{"project_id", "id", "pipeline_run_id", "name", "status", "started_at", "finished_at"}},
	stepOutputs: {"step_outputs", []string{
		"project_id", "id", "step_run_id", "position", "name", "artifact_name", "artifact_version_id", "bound_at"}},
	entries: {"metadata_entries", []string{"project_id", "subject_id", "seq", "id", "card", "key", "kind", "value", "retracted",
		"logged_at", "step_run_id", "sort_key", "parts"}},
	latest: {"metadata_latest", []string{"project_id", "subject_id", "card", "key", "first_seq", "seq", "id", "kind", "value",
		"retracted", "logged_at", "step_run_id", "sort_key", "parts", "about", "object_id"}},
}

// numbered has the tables with a sequence.
var numbered = []int{aliasMoves, tagMoves, entries}

// chunk has the rows of each table for some versions.
type chunk [tableCount][][]any

// add adds a row, with its IDs as bytes.
func (c *chunk) add(table int, row ...any) {
	for i, value := range row {
		if id, ok := value.(models.ID); ok {
			row[i] = id[:]
		}
	}
	c[table] = append(c[table], row)
}

// maker creates the rows in chronological order.
type maker struct {
	project models.ID
	random  *rand.Rand
	// history includes the entries in addition to the latest of each key.
	history bool
	// shares has the cumulative shares of the artifacts.
	shares    []float64
	artifacts []artifact
	// pipeline and step are the runs of the next produced version.
	run        models.ID
	produced   int
	seqs       [tableCount]int64
	at         int64
	identities uint16
}

type artifact struct {
	id      models.ID
	created int64
	number  int32
	aliases map[string]models.ID
}

func newMaker(history bool) *maker {
	m := &maker{project: models.DefaultProjectID, random: rand.New(rand.NewPCG(1, 2)), history: history,
		artifacts: make([]artifact, Artifacts)}
	var all float64
	for n := 1; n < Artifacts; n++ {
		all += 1 / float64(n)
	}
	m.shares = []float64{0.4}
	for n := 1; n < Artifacts; n++ {
		m.shares = append(m.shares, m.shares[n-1]+0.6/float64(n)/all)
	}
	return m
}

// id returns a UUID of version 7 at the current time of the data, greater than all before.
func (m *maker) id() models.ID {
	var id models.ID
	binary.BigEndian.PutUint64(id[8:], m.random.Uint64())
	binary.BigEndian.PutUint64(id[:8], uint64(m.at/1000)<<16|uint64(m.identities))
	m.identities++
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

func (m *maker) seq(table int) int64 {
	m.seqs[table]++
	return m.seqs[table]
}

// versions creates the versions from first to last, without last.
func (m *maker) versions(first, last int) *chunk {
	c := &chunk{}
	for n := first; n < last; n++ {
		m.version(c, n)
	}
	return c
}

func (m *maker) version(c *chunk, n int) {
	m.at, m.identities = Start.UnixMicro()+int64(n)*Spacing.Microseconds()+m.random.Int64N(1e6), 0
	which, _ := slices.BinarySearch(m.shares, m.random.Float64())
	which = min(which, Artifacts-1)
	of := &m.artifacts[which]
	if of.id == (models.ID{}) {
		*of = artifact{id: m.id(), created: m.at, aliases: map[string]models.ID{}}
	}
	of.number++
	var step any
	subject := models.ID{}
	if n%10 == 0 {
		step, subject = m.output(c, which)
	}
	id := m.id()
	if subject.IsZero() {
		subject = id
	} else {
		c.add(stepOutputs, m.project, subject, step, int64(0), "model", ArtifactName(which), id, m.at)
	}
	kind := any("model")
	if n%7 == 0 {
		kind = nil
	}
	c.add(versions, m.project, id, of.id, subject, strconv.Itoa(int(of.number)), int64(of.number), kind, m.at)
	m.labels(c, of, id)
	logged := m.log(c, n, subject, id, step)
	c.add(subjects, m.project, subject, id, "V", logged, int64(0))
}

// output creates the step run and output of a version. Five step runs are a pipeline run.
func (m *maker) output(c *chunk, which int) (step, output models.ID) {
	if m.produced%5 == 0 {
		m.run = m.id()
		c.add(subjects, m.project, m.run, nil, "R", int64(0), int64(0))
		c.add(pipelineRuns, m.project, m.run, "training-"+strconv.Itoa(which%10), string(models.RunStatusCompleted), m.at, m.at+1000)
	}
	m.produced++
	step, output = m.id(), m.id()
	c.add(subjects, m.project, step, nil, "S", int64(0), int64(0))
	c.add(stepRuns, m.project, step, m.run, "train", string(models.RunStatusCompleted), m.at, m.at+900)
	return step, output
}

// labels tags three versions of ten, and moves aliases sometimes.
func (m *maker) labels(c *chunk, of *artifact, version models.ID) {
	if m.random.IntN(10) < 3 {
		tag := TagName(m.random.IntN(Tags))
		c.add(tagMoves, m.project, version, tag, m.seq(tagMoves), true, "", m.at)
		if m.random.IntN(20) == 0 {
			c.add(tagMoves, m.project, version, tag, m.seq(tagMoves), false, "", m.at+1000)
		} else {
			c.add(tags, m.project, version, tag)
		}
	}
	for _, move := range []struct {
		alias string
		every int32
	}{{"staging", 10}, {"prod", 30}} {
		if of.number%move.every == 1 {
			of.aliases[move.alias] = version
			c.add(aliasMoves, m.project, of.id, move.alias, m.seq(aliasMoves), version, "", m.at)
		}
	}
}

// log logs the metadata of a version, and one key again for every tenth version. It returns the time of the last entry.
func (m *maker) log(c *chunk, n int, subject, version models.ID, step any) (last int64) {
	all := facts(n, m.random)
	again := -1
	if m.random.IntN(10) == 0 {
		again = 1
	}
	var replaced []any
	for i, fact := range all {
		row := m.entry(subject, fact, step)
		if m.history {
			c.add(entries, row...)
		}
		if i == again {
			replaced = row
		} else {
			c.add(latest, latestRow(row, row[seqColumn], version)...)
		}
	}
	if again >= 0 {
		m.at += 1000
		row := m.entry(subject, all[again], step)
		if m.history {
			c.add(entries, row...)
		}
		c.add(latest, latestRow(row, replaced[seqColumn], version)...)
	}
	return m.at
}

// seqColumn is the index of seq in a row of the entries.
const seqColumn = 2

func (m *maker) entry(subject models.ID, fact models.Fact, step any) []any {
	var parts any
	if fact.Precomputed.PathKeys != "" {
		parts = fact.Precomputed.PathKeys
	}
	return []any{m.project, subject, m.seq(entries), m.id(), fact.Card, fact.Key, string(fact.Kind), fact.Text, false,
		m.at, step, fact.Precomputed.SortKey, parts}
}

// latestRow returns the latest row of a key with this last entry.
func latestRow(e []any, firstSeq any, version models.ID) []any {
	return []any{e[0], e[1], e[4], e[5], firstSeq, e[2], e[3], e[6], e[7], e[8], e[9], e[10], e[11], e[12], "V", version}
}

// addFinalRows adds the rows that depend on all versions.
func (m *maker) addFinalRows(c *chunk) *chunk {
	for n, of := range m.artifacts {
		if of.id.IsZero() {
			continue
		}
		c.add(artifacts, m.project, of.id, ArtifactName(n), int64(of.number), of.created, of.created)
		for alias, version := range of.aliases {
			c.add(aliases, m.project, of.id, alias, version)
		}
	}
	return c
}
