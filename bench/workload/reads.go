package workload

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"time"

	"github.com/placard/placard/bench/client"
)

// Selection is how metadata are read.
type Selection string

// The selections.
const (
	// JSON selects one JSON object per version.
	JSON Selection = "metadataJson"
	// Typed selects each entry with every member of the union of values.
	Typed Selection = "typed union"
)

// members selects the field of each member of the union; its argument is the selection of items.
const members = `__typename ... on StringValue { text } ... on IntegerValue { integer } ... on FloatValue { float repr } ` +
	`... on BooleanValue { boolean } ... on UriValue { uri } ... on PathValue { path } ... on DTypeValue { dtype } ` +
	`... on StorageSizeValue { bytes } ... on TimestampValue { timestamp } ... on DurationValue { seconds } ` +
	`... on MarkdownValue { markdown }`

// nestedMembers selects the items of the members that contain values, down to the depth of the data.
const nestedMembers = ` ... on ListValue { items { ...scalar ... on ListValue { items { ...scalar } } ` +
	`... on TupleValue { items { ...scalar } } } } ... on TupleValue { items { ...scalar } } ` +
	`... on SetValue { items { ...scalar } } ... on DictValue { fields { key value { ...scalar } } }`

// text returns the selection of GraphQL and the fragment that it needs.
func (s Selection) text() (selection, fragment string) {
	if s == JSON {
		return "metadataJson", ""
	}
	return `metadata { key card kind value { ...scalar` + nestedMembers + ` } }`,
		` fragment scalar on MetadataValue { ` + members + ` }`
}

// document is a request with the hash of the one response that is right.
type document struct {
	request []byte
	hash    uint64
	length  int
}

var seed = maphash.MakeSeed()

var errContent = errors.New("the response has another content than the data")

func (d *document) check(body []byte) error {
	if len(body) != d.length || maphash.Bytes(seed, body) != d.hash {
		return errContent
	}
	return nil
}

// operation returns the operation that requests random ones of documents.
func operation(name string, documents []document) client.Operation {
	return client.Operation{Name: name, Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		d := &documents[random.IntN(len(documents))]
		return d.request, d.check
	}}
}

// ReadVersions returns the operation that reads a random version, found by its name. It reads each version once and
// compares the values with those that were logged. Later responses must have the same bytes.
func (d Dataset) ReadVersions(address string, selection Selection) (client.Operation, error) {
	text, fragment := selection.text()
	query := `query($n: String!, $v: String!) { artifactVersion(ref: {named: {name: $n, version: $v}}) { version ` + text + ` } }` + fragment
	documents := make([]document, d.Versions())
	for n := range documents {
		name, version := d.version(n)
		documents[n].request = request(query, fmt.Sprintf(`{"n":%q,"v":"%d"}`, name, version))
	}
	err := learn(address, documents, func(n int, body []byte) error { return d.checkVersions(body, []int{n}) })
	return operation("read a version of "+d.Name+" as "+string(selection), documents), err
}

// ReadPages returns the operation that reads a page with all versions of a random artifact, checked as those of
// ReadVersions.
func (d Dataset) ReadPages(address string, selection Selection) (client.Operation, error) {
	documents := d.pages(selection)
	err := learn(address, documents, func(n int, body []byte) error {
		return d.checkVersions(body, d.versionsOfPage(n))
	})
	return operation("read a page of "+d.Name+" as "+string(selection), documents), err
}

// pages returns the request of each page.
func (d Dataset) pages(selection Selection) []document {
	text, fragment := selection.text()
	query := `query($n: String!) { artifact(name: $n) { versions(first: 100) { nodes { version ` + text + ` } } } }` + fragment
	documents := make([]document, d.Artifacts)
	for n := range documents {
		documents[n].request = request(query, fmt.Sprintf(`{"n":%q}`, d.ArtifactName(n)))
	}
	return documents
}

// versionsOfPage returns the versions of a page in the order of the response, which is descending.
func (d Dataset) versionsOfPage(artifact int) []int {
	versions := make([]int, VersionsPerArtifact)
	for i := range versions {
		versions[i] = (artifact+1)*VersionsPerArtifact - 1 - i
	}
	return versions
}

// learn sends each document once, checks the response and keeps its hash.
func learn(address string, documents []document, check func(n int, body []byte) error) (err error) {
	connection, err := client.Dial(address, time.Now().Add(time.Hour))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	for n := range documents {
		body, err := exchange(connection, documents[n].request)
		if err != nil {
			return err
		}
		if err := check(n, body); err != nil {
			return fmt.Errorf("%w: %.300s", err, body)
		}
		documents[n].hash, documents[n].length = maphash.Bytes(seed, body), len(body)
	}
	return nil
}
