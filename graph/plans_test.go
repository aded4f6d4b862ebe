package graph_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// moreQuestions are queries with arguments that TestAccess does not pass, by their field of Query. INSTANT is replaced
// by the present, so that they read as of an instant.
var moreQuestions = map[string][]string{
	"artifactVersion": {
		`{ artifactVersion(ref: {id: "{ArtifactVersion}"}, asOf: "INSTANT") { aliases tags metadataJson metadataEntry(key: "accuracy") { id }
			columns(keys: [{key: "accuracy"}, {key: "k"}]) { historyCount }
			metadataSeries(key: "accuracy") { points { entry { id } } statistics { count } } changes { versions { id } inputs { versions { id } } } producer { output { id } stepRun { id } }
			artifact { metadataSeries(key: "accuracy", first: 10) { points { entry { id } } } } } }`,
		`{ artifactVersion(ref: {named: {project: "{name}", name: "model", alias: "prod"}}, asOf: "INSTANT") { number } }`,
		`{ artifactVersion(ref: {named: {project: "{name}", name: "model", version: "1"}}) {
			upstream(depth: 1) { versions { id } links { stepRun { id } } } downstream(depth: 3) { versions { id } } } }`,
		`{ artifactVersion(ref: {named: {project: "{name}", name: "bulk", version: "9"}}) { upstream(depth: 1) { versions { id } links { stepRun { id } } } } }`,
		`{ artifactVersion(ref: {id: "{ArtifactVersion}"}) { metadataHistory(key: "accuracy", card: null) { totalCount nodes { id } } } }`,
	},
	"artifact": {
		`{ artifact(name: "model", project: "{name}") {
			versions(first: 2, where: {tag: {eq: "tag MARK"}}, orderBy: [{field: CREATED_AT}]) { totalCount nodes { id } } } }`,
		`{ artifact(name: "bulk", project: "{name}") { latestVersion { id } aliases { name artifactVersion { id } }
			versions(first: 5) { nodes { id metadata { key historyCount } metadataEntry(key: "accuracy") { id } aliases tags producer { output { id } } changes { versions { id } inputs { name } } } } } }`,
		`{ artifact(name: "bulk", project: "{name}") { lastLoggedAt timeline(first: 10) { totalCount nodes { id artifact { id } artifactVersion { id } } } versions(first: 5) { nodes { lastLoggedAt timeline(first: 2, kinds: [TAG_ADDED]) { nodes { id } } } } } }`,
		`{ artifact(name: "bulk", project: "{name}") { metadataSeries(key: "accuracy", card: null, first: 10) { points { entry { id } version { id } } } } }`,
	},
	"project": {
		`{ project(name: "{name}") { timeline(first: 10, from: "2020-01-01T00:00:00Z") { totalCount nodes { id artifactName pipelineRun { id } } } } }`,
	},
	"artifacts": {
		`{ artifacts(project: "{name}", first: 5) { nodes { latestVersion { id } versions(first: 2) { nodes { id } } } } }`,
		`{ artifacts(project: "{name}", first: 5, orderBy: [{field: NAME, direction: DESC}]) { nodes { id } } }`,
		`{ artifacts(project: "{name}", first: 5, orderBy: [{field: UPDATED_AT, direction: DESC}]) { nodes { id updatedAt } } }`,
		`{ artifacts(project: "{name}", first: 5, where: {updatedAt: {lt: "2020-01-01T00:00:00Z"}}) { nodes { id } } }`,
	},
	"artifactVersions": {
		`{ artifactVersions(project: "{name}", first: 5) { nodes { id artifact { name } metadataJson } } }`,
		`{ artifactVersions(project: "{name}", first: 5, orderBy: [{field: CREATED_AT}]) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, orderBy: [{field: LAST_LOGGED_AT}]) { nodes { id lastLoggedAt } } }`,
		`{ artifactVersions(project: "{name}", first: 5, orderBy: [{field: LAST_LOGGED_AT, direction: DESC, nulls: FIRST}]) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, where: {lastLoggedAt: {lt: "2020-01-01T00:00:00Z"}}) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, orderBy: [{metadata: {key: "accuracy"}}]) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, orderBy: [{metadata: {key: "accuracy"}, direction: DESC}]) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, where: {metadata: {key: "accuracy", eq: 0.75}}) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, where: {producedBy: {stepRunId: "{StepRun}"}}) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, where: {producedBy: {pipelineRunId: "{PipelineRun}"}}) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, where: {producedBy: {pipeline: {eq: "rare 0"}}}) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, where: {artifact: {eq: "model"}, alias: {eq: "latest"}}) { nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, where: {artifact: {eq: "model"}, tag: {eq: "tag MARK"}}) { totalCount nodes { id } } }`,
		`{ artifactVersions(project: "{name}", first: 5, where: {or: [{metadata: {key: "unknown", exists: true}}, {metadata: {key: "accuracy", gt: "a"}}]}) {
			nodes { metadata(keys: ["unknown"]) { key } } } }`,
	},
	"pipelineRuns": {
		`{ pipelineRuns(project: "{name}", first: 5) { nodes { id stepRuns(first: 10) { nodes { id } } metadata { key } } } }`,
		`{ pipelineRuns(project: "{name}", first: 5, where: {pipeline: {eq: "rare 0"}}) { nodes { id stepRuns(first: 2) { nodes { id } } } } }`,
	},
	"stepRuns": {
		`{ stepRuns(project: "{name}", first: 5, orderBy: [{field: LAST_LOGGED_AT, direction: DESC}]) { nodes { id lastLoggedAt outputs { lastLoggedAt } } } }`,
		`{ stepRuns(project: "{name}", first: 5) { nodes { id inputs { artifactVersion { id } } outputs { id artifactVersion { id } } } } }`,
	},
}

// wholeReads are parts of the statements that may read more rows than they return, with the reason.
var wholeReads = map[string]string{
	"SELECT EXISTS (SELECT 1 FROM api_keys WHERE (name = $1":                             "the name of a new key is compared with those of the project and of owners, which are few",
	"FROM artifacts a WHERE a.project_id = $1 AND (SELECT TRUE FROM artifact_versions v": "no index finds artifacts by a filter of their versions",
	"m0.last_logged_at = 0":                                  "the rows of subjects that have got entries remain in the index until VACUUM",
	"AS size FROM (SELECT 1 FROM events":                     "totalCount counts the events up to its limit",
	"max(counted) OVER of_key":                               "historyCount counts the entries of each key",
	"SELECT g.kind, g.text, g.size":                          "metadataValues counts the values of a key of all versions",
	"(SELECT DISTINCT v.type FROM":                           "typeUsage counts the types of all versions",
	"FROM (SELECT v.type AS name":                            "typeUsage counts the versions of all types",
	"SELECT t.card, t.key, (SELECT":                          "metadataKeys reads all values of the keys of a page",
	"FROM projects WHERE TRUE AND deleted_at IS NULL AND id": "projects are few, and their index by name has the order of the list",
}

// moreMutations are inputs about artifacts with many versions.
var moreMutations = map[string][]string{
	"createArtifactVersion": {`project: "{name}", artifact: "bulk"`, `project: "{name}", artifact: "bulk", version: "v{n}"`},
	"logMetadata": {`target: {artifactVersion: {project: "{name}", name: "bulk", version: "9"}}, metadata: {k: 1}`,
		`target: {artifactVersion: {project: "{name}", name: "bulk", alias: "prod"}}, metadata: {k: 1}`},
	"eraseMetadata": {`entryIds: ["{Retraction}"]`},
}

// plannedEach has parts of the statements that are planned for their arguments each time. The setting of the first
// connections prevents that.
var plannedEach = []string{"UPDATE step_outputs SET artifact_version_id = NULL", "DELETE FROM subjects", "DELETE FROM metadata_",
	"DELETE FROM step_", "UPDATE metadata_entries SET erased", "UPDATE metadata_latest SET erased"}

// planWorld is a server on a PostgreSQL cluster that logs the plans of its statements and never runs ANALYZE.
type planWorld struct {
	*world
	cluster *storetest.Cluster
	url     string
	log     *planLog
	asking  *asking
	// questions are queries by their field of Query.
	questions map[string][]string
}

func newPlanWorld(t *testing.T) *planWorld {
	t.Helper()
	cluster, err := storetest.NewCluster(planSettings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	runSQL(t, cluster.URL.String(), "CREATE DATABASE plans")
	url := *cluster.URL
	url.Path = "/plans"
	// Connections of before make one plan for any arguments, as others do after five executions.
	before := url
	before.RawQuery += "&plan_cache_mode=force_generic_plan"
	p := &planWorld{world: emptyWorld(t, before.String()), cluster: cluster, url: url.String(), asking: newAsking()}
	p.questions = p.asking.questions(1)
	for field, texts := range moreQuestions {
		p.questions[field] = append(p.questions[field], texts...)
	}
	for _, field := range append(p.asking.schema.Query.Fields, p.asking.schema.Mutation.Fields...) {
		if len(rules[field.Name].tries) == 0 && !strings.HasPrefix(field.Name, "__") {
			t.Fatalf("rules has nothing to try %s with", field.Name)
		}
	}
	return p
}

// reopen replaces the connections by new ones.
func (p *planWorld) reopen(t *testing.T) {
	s := open(t, p.url).store
	limits := models.DefaultLimits()
	limits.QueryTokens, limits.QueryAliases, limits.QueryCost = 50_000, 10_000, 1<<30
	p.api = newAPI(t, s, apitest.Options{Limits: &limits, RequireAPIKey: true})
}

// sendAll sends every query and every mutation as a caller, or as the owner where only owners may, and calls done after
// each of them.
func (p *planWorld) sendAll(caller, project string, done func(operation string)) {
	send := func(text, least string) {
		caller := caller
		if least == "OWNER" {
			caller = "owner"
		}
		text = strings.ReplaceAll(text, "INSTANT", time.Now().UTC().Format(time.RFC3339Nano))
		if answer, _ := p.as(caller, p.put(project, project, text)); strings.Contains(answer, `"errors"`) {
			p.Fatalf("%s\n%s", text, answer)
		}
		done(text)
	}
	for field, texts := range p.questions {
		for _, text := range texts {
			send(text, rules[field].least)
		}
	}
	for _, field := range p.asking.schema.Mutation.Fields {
		payload := p.asking.below(p.asking.schema.Types[field.Type.Name()], 1)
		tries := slices.Clone(rules[field.Name].tries)
		if more := moreMutations[field.Name]; more != nil {
			tries = append(tries, inputs("%s", more...)...)
		}
		for _, try := range tries {
			p.fresh(project)
			if field.Name == "eraseMetadata" {
				p.retract(project)
			}
			send("mutation { "+field.Name+"("+try+")"+payload+" }", rules[field.Name].least)
		}
	}
}

// retract retracts a key of the version of a project, and keeps the ID of the retraction.
func (p *planWorld) retract(project string) {
	p.ids[project]["Retraction"] = p.id(p.owner(p.put(project, project, `mutation { retractMetadata(input: {
		target: {artifactVersionId: "{ArtifactVersion}"}, keys: [{key: "text"}], reason: "MARK"}) { entries { id } } }`)))
}

// measure sends everything and reports the nodes of plans that touch too much.
func (p *planWorld) measure(t *testing.T, where, caller, project string) {
	t.Helper()
	reported, statements := map[string]bool{}, 0
	p.log.next(t)
	p.sendAll(caller, project, func(operation string) {
		for _, plan := range p.log.next(t) {
			statements++
			for _, excess := range plan.excess() {
				text, whole := shorten(plan.Query), spaces.ReplaceAllString(plan.Query, " ")
				if known := text + excess[:strings.Index(excess, ":")]; !reported[known] && !mayReadAll(where, whole) {
					reported[known] = true
					t.Errorf("%s: %s\n\t%s\n\tin %.200s", where, excess, text, shorten(operation))
				}
			}
		}
	})
	if statements < 1000 {
		t.Errorf("%s: only %d statements were measured", where, statements)
	}
	t.Logf("%s: %d statements", where, statements)
}

const connectionsOfBefore = "connections of before"

func mayReadAll(where, text string) bool {
	for _, part := range plannedEach {
		if where == connectionsOfBefore && strings.Contains(text, part) {
			return true
		}
	}
	for part := range wholeReads {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// oldRetractions adds events of retractions, which are older than all others.
const oldRetractions = `INSERT INTO events (project_id, id, kind, created_at, artifact_version_id, details)
	SELECT p.id, gen_random_uuid(), 'METADATA_RETRACTED', n, gen_random_uuid(), '{}'
	FROM projects p, generate_series(1, 1000) n WHERE p.name = '` + alpha + `'`

// TestPlansWithoutStatistics fills a fresh database without ANALYZE, and after an ANALYZE a second, small project. The
// rows and blocks that each statement of the API reads are bounded by the rows that it returns or writes. This holds
// with the plans that connections made while the database was nearly empty, and with new plans.
func TestPlansWithoutStatistics(t *testing.T) {
	harness.Slow(t)
	t.Parallel()
	p := newPlanWorld(t)
	p.fill(alpha, 1)
	grow(t, p.store, alpha, 40)
	p.sendAll("admin", alpha, func(string) {})
	grow(t, p.store, alpha, 1000)
	runSQL(t, p.url, oldRetractions)
	p.log = startPlanLog(t, p.cluster)
	p.measure(t, connectionsOfBefore, "admin", alpha)
	p.reopen(t)
	p.measure(t, "new connections", "owner", alpha)
	p.checkControl(t)
	runSQL(t, p.url, "ANALYZE")
	p.fill(beta, 1)
	grow(t, p.store, beta, 200)
	p.reopen(t)
	p.measure(t, "a small project next to an analyzed one", "elsewhere admin", beta)
}

// checkControl checks that the measurement reports statements that read too much, and no others.
func (p *planWorld) checkControl(t *testing.T) {
	t.Helper()
	for statement, bad := range map[string]bool{
		"SELECT id FROM artifact_versions WHERE version = 'nope'":                                                 true,
		"SELECT o.id FROM step_inputs i JOIN step_outputs o ON o.name = i.name LIMIT 1":                           true,
		"SELECT version FROM artifact_versions WHERE id = (SELECT id FROM artifact_versions ORDER BY id LIMIT 1)": false,
		"SELECT count(*) FROM artifact_versions":                                                                  false,
		"WITH a AS MATERIALIZED (SELECT id FROM step_runs) SELECT 1 FROM a ORDER BY id LIMIT 1":                   true,
		"SELECT key FROM metadata_latest WHERE subject_id = (SELECT id FROM subjects ORDER BY id DESC LIMIT 1)":   true,
	} {
		p.log.next(t)
		runSQL(t, p.url, statement)
		found := false
		for _, plan := range p.log.next(t) {
			found = found || len(plan.excess()) > 0
		}
		if found != bad {
			t.Errorf("reads too much: %t, want %t: %s", found, bad, statement)
		}
	}
}

func runSQL(t testing.TB, url, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
