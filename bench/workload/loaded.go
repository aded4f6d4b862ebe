package workload

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/placard/placard/bench/client"
)

// Loaded is a project of the bulk loader.
type Loaded struct {
	// Artifact is the name of its largest artifact, whose versions have the names 1 to Versions.
	Artifact string
	Versions int
}

// Operations returns the operations that show how the size of the database matters.
func (l Loaded) Operations() []client.Operation {
	anywhere := func(random *rand.Rand) (artifact, version string) {
		return l.Artifact, strconv.Itoa(1 + random.IntN(l.Versions))
	}
	find := `query($n: String!, $above: JSON!) { artifactVersions(first: 20, where: {artifact: {eq: $n}, metadata: {card: "metrics", key: "accuracy", gte: $above}}, ` +
		`orderBy: [{metadata: {card: "metrics", key: "accuracy"}, direction: DESC}]) { nodes { version } } }`
	return []client.Operation{
		logging(anywhere),
		reading("read a version", versionJSON, anywhere, `"accuracy"`, 1),
		{Name: "find 20 versions by a value, in its order", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
			return request(find, fmt.Sprintf(`{"n":%q,"above":%.3f}`, l.Artifact, random.Float64()/2)), checkFound
		}},
		reading("history of a version", versionHistory, anywhere, `"seq":`, EntriesPerLog),
	}
}

// checkFound requires versions and no error.
func checkFound(body []byte) error {
	if !bytes.Contains(body, []byte(`"version"`)) || bytes.Contains(body, []byte(`"errors"`)) {
		return errors.New("the response lacks versions")
	}
	return nil
}
