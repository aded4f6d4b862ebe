package workload

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/placard/placard/bench/client"
)

// EntriesPerLog is the number of entries of a request to log.
const EntriesPerLog = 10

// Logs is the operation that logs EntriesPerLog entries of a random version, found by its name.
type Logs struct {
	client.Operation
	data Dataset
	// stamp is the value of all entries of the last request. Each request has another one.
	stamp atomic.Int64
	// targets maps the stamps of acknowledged requests to the version of the request.
	targets sync.Map
}

const logMetadata = `mutation($n: String!, $v: String!, $m: JSONObject!) { logMetadata(input: {target: {artifactVersion: {name: $n, version: $v}}, metadata: $m}) { entries { seq } } }`

// firstStamp has as many digits as the stamps after it.
const firstStamp = 1_000_000_000

// LogEntries returns the operation that logs entries. The shape of the data must be Logged.
func (d Dataset) LogEntries() *Logs {
	l := &Logs{data: d}
	l.stamp.Store(firstStamp)
	l.Operation = client.Operation{Name: "log entries", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		n, stamp := random.IntN(d.Versions()), l.stamp.Add(1)
		name, version := d.version(n)
		var text []byte
		text = append(text, `{"n":"`+name+`","v":"`...)
		text = strconv.AppendInt(text, int64(version), 10)
		text = append(text, `","m":{`...)
		for key := range EntriesPerLog {
			if key > 0 {
				text = append(text, ',')
			}
			text = append(text, `"metric_`...)
			text = strconv.AppendInt(text, int64(key), 10)
			text = append(text, `":`...)
			text = strconv.AppendInt(text, stamp, 10)
		}
		return request(logMetadata, string(append(text, "}}"...))), func(body []byte) error {
			if err := checkLogged(body); err != nil {
				return err
			}
			l.targets.Store(stamp, n)
			return nil
		}
	}}
	return l
}

// checkedVersions is the number of versions that Check reads.
const checkedVersions = 200

// Check reads versions and requires that all entries of each are those of one acknowledged request for this version.
func (l *Logs) Check(address string) (err error) {
	connection, err := client.Dial(address, time.Now().Add(time.Minute))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	const query = `query($n: String!, $v: String!) { artifactVersion(ref: {named: {name: $n, version: $v}}) { metadataJson } }`
	for range checkedVersions {
		n := rand.IntN(l.data.Versions())
		name, version := l.data.version(n)
		body, err := exchange(connection, request(query, fmt.Sprintf(`{"n":%q,"v":"%d"}`, name, version)))
		if err != nil {
			return err
		}
		var response struct {
			Data struct {
				ArtifactVersion struct{ MetadataJSON map[string]int64 }
			}
		}
		if err := json.Unmarshal(body, &response); err != nil {
			return err
		}
		entries := response.Data.ArtifactVersion.MetadataJSON
		stamp := entries["metric_0"]
		if len(entries) != EntriesPerLog {
			return fmt.Errorf("%d entries instead of %d: %s", len(entries), EntriesPerLog, body)
		}
		for _, value := range entries {
			if value != stamp {
				return fmt.Errorf("entries of several requests: %s", body)
			}
		}
		if target, ok := l.targets.Load(stamp); stamp != firstStamp && (!ok || target != n) {
			return fmt.Errorf("the entries of another version or of a failed request: %s", body)
		}
	}
	return nil
}
