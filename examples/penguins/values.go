package main

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// An object is a JSON object that keeps the order of its members, because the order in which facts are logged is the
// order in which a dashboard draws them. A Go map would sort them by name.
type object []field

// A field is one member of an object.
type field struct {
	key   string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(f.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// A float stays a FLOAT on the way to the server. A plain float64 of 1 would be written as 1, which says INTEGER.
type float float64

// MarshalJSON writes 1 as 1.0, and what JSON cannot say by its mark.
func (f float) MarshalJSON() ([]byte, error) {
	value := float64(f)
	switch {
	case math.IsNaN(value):
		return []byte(`{"$float":"NaN"}`), nil
	case math.IsInf(value, 1):
		return []byte(`{"$float":"Infinity"}`), nil
	case math.IsInf(value, -1):
		return []byte(`{"$float":"-Infinity"}`), nil
	}
	text := strconv.FormatFloat(value, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return []byte(text), nil
}

// The kinds that JSON does not have are said by a mark: an object with one key that begins with $.

// asURI marks where something lies on a network.
func asURI(uri string) object { return object{{"$uri", uri}} }

// asPath marks where something lies in a file system.
func asPath(path string) object { return object{{"$path", path}} }

// asDType marks the name of a data type.
func asDType(name string) object { return object{{"$dtype", name}} }

// asStorageSize marks a number of bytes.
func asStorageSize(bytes int) object { return object{{"$storageSize", bytes}} }

// asTimestamp marks an instant.
func asTimestamp(t time.Time) object {
	return object{{"$timestamp", t.UTC().Format(time.RFC3339Nano)}}
}

// asDuration marks a length of time, in seconds.
func asDuration(d time.Duration) object { return object{{"$duration", float(d.Seconds())}} }

// asMarkdown marks text with Markdown formatting.
func asMarkdown(text string) object { return object{{"$markdown", text}} }

// asTuple marks a fixed number of values in an order.
func asTuple(items ...any) object { return object{{"$tuple", items}} }

// asSet marks values that differ from each other.
func asSet(items []string) object { return object{{"$set", items}} }

// The selectors: who a fact is for. Each is a MetadataTarget.

// toVersionID selects a version by its ID.
func toVersionID(id string) object { return object{{"artifactVersionId", id}} }

// toVersion selects a version by the names of its artifact and of itself.
func toVersion(artifact, version string) object {
	return object{{"artifactVersion", object{{"name", artifact}, {"version", version}}}}
}

// toAlias selects the version that an alias points to.
func toAlias(artifact, alias string) object {
	return object{{"artifactVersion", object{{"name", artifact}, {"alias", alias}}}}
}

// toOnlyOutput selects the one output of a step: the server infers which.
func toOnlyOutput(stepRunID string) object {
	return object{{"stepContext", object{{"stepRunId", stepRunID}}}}
}

// toOutput selects an output of a step by its own name or by the name of the artifact that it will become.
func toOutput(stepRunID, name string) object {
	return object{{"stepContext", object{{"stepRunId", stepRunID}, {"artifactName", name}}}}
}

// toStepRun selects the step run itself.
func toStepRun(id string) object { return object{{"stepRunId", id}} }

// toPipelineRun selects the pipeline run itself.
func toPipelineRun(id string) object { return object{{"pipelineRunId", id}} }
