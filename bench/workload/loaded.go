package workload

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"

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
	const target = `artifactVersion(ref: {named: {name: $n, version: $v}})`
	version := func(random *rand.Rand) string {
		return fmt.Sprintf(`"n":%q,"v":"%d"`, l.Artifact, 1+random.IntN(l.Versions))
	}
	find := `query($n: String!, $above: JSON!) { artifactVersions(first: 20, where: {artifact: {eq: $n}, metadata: {card: "metrics", key: "accuracy", gte: $above}}, ` +
		`orderBy: [{metadata: {card: "metrics", key: "accuracy"}, direction: DESC}]) { nodes { version } } }`
	return []client.Operation{
		{Name: "log 10 entries", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
			return request(logMetadata, fmt.Sprintf(`{%s,"m":%s}`, version(random), metadata(Logged.facts(0)))), checkLogged
		}},
		counted("read a version", `query($n: String!, $v: String!) { `+target+` { version metadataJson } }`,
			func(random *rand.Rand) string { return "{" + version(random) + "}" }, `"accuracy"`),
		counted("find 20 versions by a value, in its order", find,
			func(random *rand.Rand) string {
				return fmt.Sprintf(`{"n":%q,"above":%.3f}`, l.Artifact, random.Float64()/2)
			}, `"version"`),
		counted("history of a version", `query($n: String!, $v: String!) { `+target+` { metadataHistory(first: 10) { nodes { key seq } } } }`,
			func(random *rand.Rand) string { return "{" + version(random) + "}" }, `"seq"`),
	}
}

// counted returns an operation whose responses contain a mark.
func counted(name, document string, variables func(*rand.Rand) string, mark string) client.Operation {
	check := func(body []byte) error {
		if !bytes.Contains(body, []byte(mark)) || bytes.Contains(body, []byte(`"errors"`)) {
			return errors.New("the response lacks " + mark)
		}
		return nil
	}
	return client.Operation{Name: name, Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		return request(document, variables(random)), check
	}}
}
