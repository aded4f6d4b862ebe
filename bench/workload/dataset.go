package workload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/placard/placard/bench/client"
)

// VersionsPerArtifact is the number of versions of each artifact, which is one page.
const VersionsPerArtifact = 100

// Dataset is a number of artifacts with VersionsPerArtifact versions each, whose metadata have a shape.
type Dataset struct {
	Shape
	Artifacts int
}

// Versions returns the number of versions.
func (d Dataset) Versions() int { return d.Artifacts * VersionsPerArtifact }

// ArtifactName returns the name of the artifact with a number from 0.
func (d Dataset) ArtifactName(n int) string { return fmt.Sprintf("%s-%d", d.Name, n) }

// version returns the artifact of the nth version and its name in the artifact, from 1.
func (d Dataset) version(n int) (artifact string, version int) {
	return d.ArtifactName(n / VersionsPerArtifact), n%VersionsPerArtifact + 1
}

// fillers is the number of clients that write the data. The versions of an artifact are created by one of them, so that
// their numbers are in order.
const fillers = 8

// Fill writes the data through the API.
func (d Dataset) Fill(ctx context.Context, address string) error {
	var next atomic.Int64
	failures := make(chan error, fillers)
	for range fillers {
		go func() {
			connection, err := client.Dial(address, time.Now().Add(time.Hour))
			if err != nil {
				failures <- err
				return
			}
			for n := next.Add(1) - 1; err == nil && ctx.Err() == nil && n < int64(d.Artifacts); n = next.Add(1) - 1 {
				err = d.fillArtifact(connection, int(n))
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

const createVersion = `mutation($a: String!, $v: String!, $m: JSONObject) { createArtifactVersion(input: {artifact: $a, version: $v, metadata: $m}) { artifactVersion { number } } }`

func (d Dataset) fillArtifact(connection *client.Connection, artifact int) error {
	for n := artifact * VersionsPerArtifact; n < (artifact+1)*VersionsPerArtifact; n++ {
		name, version := d.version(n)
		variables := fmt.Sprintf(`{"a":%q,"v":"%d","m":%s}`, name, version, metadata(d.facts(n)))
		body, err := exchange(connection, request(createVersion, variables))
		if err != nil {
			return err
		}
		if !strings.Contains(string(body), fmt.Sprintf(`"number":%d`, version)) {
			return fmt.Errorf("version %d of %s was not created: %.500s", version, name, body)
		}
	}
	return nil
}

// request returns a request of a GraphQL document with variables as JSON.
func request(document, variables string) []byte {
	text, err := json.Marshal(document)
	if err != nil {
		panic(err) // text can always be marshaled
	}
	return client.Post("/graphql", "", []byte(`{"query":`+string(text)+`,"variables":`+variables+`}`))
}

// exchange sends a request whose response must have no errors.
func exchange(connection *client.Connection, request []byte) ([]byte, error) {
	status, body, err := connection.Exchange(request)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK || strings.HasPrefix(string(body[:min(len(body), 12)]), `{"errors"`) {
		return nil, fmt.Errorf("status %d: %.500s", status, body)
	}
	return body, nil
}
