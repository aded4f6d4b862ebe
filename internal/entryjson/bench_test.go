package entryjson_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/placard/placard/models"
)

// everyMember selects each member of the union with its payload.
const everyMember = `key card kind value { __typename ... on StringValue { text } ... on IntegerValue { integer }
	... on FloatValue { float repr } ... on BooleanValue { boolean } ... on UriValue { uri } ... on PathValue { path }
	... on DTypeValue { dtype } ... on StorageSizeValue { bytes } ... on TimestampValue { timestamp }
	... on DurationValue { seconds } ... on MarkdownValue { markdown } ... on NullValue { display }
	... on ListValue { items { ...Item } } ... on TupleValue { items { ...Item } } ... on SetValue { items { ...Item } }
	... on DictValue { fields { key value { ...Item } } } }`

// typicalValues are values as pipelines log them.
func typicalValues(r *rand.Rand) []any {
	number := func(f float64) any { return json.Number(models.FloatValue{Number: f}.Repr()) }
	mark := func(name string, node any) any { return models.Object{{Key: "$" + name, Value: node}} }
	return []any{
		number(r.Float64()), number(r.NormFloat64() * 100), number(0.95), json.Number(fmt.Sprint(r.IntN(1e6))),
		json.Number(fmt.Sprint(r.IntN(100))), "some text of a metadata value", "adam", true,
		mark("uri", "gs://bucket/artifacts/model/1234/weights.bin"), mark("path", "/data/artifacts/weights.bin"),
		mark("dtype", "float32"), mark("storageSize", json.Number("1500000")), mark("duration", number(12.75)),
		mark("timestamp", "2026-01-02T03:04:05.123456Z"), mark("tuple", []any{json.Number("64"), json.Number("3")}),
		[]any{"a", "b", number(1.5)},
	}
}

// BenchmarkEntries marshals a list of 50 entries as typed union, by hand and by the generated code. CPU-ns/entry is the
// CPU time of the process with the garbage collector, and without a store.
func BenchmarkEntries(b *testing.B) {
	const keys = 50
	r := rand.New(rand.NewPCG(1, 2))
	limits := models.DefaultLimits()
	var entries []*models.MetadataEntry
	for i := range keys {
		values := typicalValues(r)
		facts, err := models.ReadFacts(&limits, nil, &models.Tree{Node: models.Object{{
			Key: "training", Value: models.Object{{Key: fmt.Sprintf("metric_%d", i), Value: values[i%len(values)]}},
		}}}, nil)
		if err != nil {
			b.Fatal(err)
		}
		entries = append(entries, &models.MetadataEntry{
			ID: models.NewID(), CardName: facts[0].Card, Key: facts[0].Key, Kind: &facts[0].Kind, Text: &facts[0].Text,
		})
	}
	body, err := json.Marshal(map[string]string{"query": `{ artifactVersion(ref: {id: "x"}) { metadata { ` + everyMember + ` } } }
		fragment Item on MetadataValue { ... on StringValue { text } ... on IntegerValue { integer } ... on FloatValue { float } }`})
	if err != nil {
		b.Fatal(err)
	}
	for _, a := range []*api{{entries: entries}, {entries: entries, generated: true}} {
		b.Run(map[bool]string{false: "ByHand", true: "Generated"}[a.generated], func(b *testing.B) {
			e := a.executor(b, limits)
			var before, after syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				run(b, e, body)
			}
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
				b.Fatal(err)
			}
			cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
			b.ReportMetric(float64(cpu)/float64(b.N*keys), "CPU-ns/entry")
		})
	}
}
