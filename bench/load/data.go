package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/placard/placard/models"
)

// Quantities of the data.
const (
	// Artifacts is the number of artifacts. The first has two versions of five.
	Artifacts = 100
	// Owners is the number of owners, with about as many versions each.
	Owners = 1000
	// Tags is the number of tags. A version has one of them, or none.
	Tags = 300
	// Spacing is the time between two versions.
	Spacing = 30 * time.Second
)

// Start is the creation time of the first version.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// ArtifactName returns the name of the nth artifact.
func ArtifactName(n int) string { return fmt.Sprintf("model-%03d", n) }

// OwnerName returns the name of the nth owner.
func OwnerName(n int) string { return fmt.Sprintf("owner-%04d", n) }

// TagName returns the name of the nth tag.
func TagName(n int) string { return fmt.Sprintf("tag-%03d", n) }

// URI returns the value of the key uri of the nth version. The URIs of ten consecutive versions differ in the last
// digit only.
func URI(n int) string { return fmt.Sprintf("s3://lake/models/%08d", n) }

// facts returns the metadata of the nth version: twenty keys of each version, a key of every tenth version on average,
// and a key of every thousandth.
func facts(n int, random *rand.Rand) []models.Fact {
	pick := func(names ...string) models.MetadataValue { return text(names[random.IntN(len(names))]) }
	loss := math.Exp(random.NormFloat64())
	made := []models.Fact{
		fact("metrics", "accuracy", float(random.Float64())),
		fact("metrics", "loss", float(loss)),
		fact("", "size", models.StorageSizeValue{Bytes: models.Int64(logUniform(random, 1<<10, 1<<40))}),
		fact("", "rows", integer(int64(logUniform(random, 100, 1e9)))),
		fact("", "framework", text(framework(random.Float64()))),
		fact("", "owner", text(OwnerName(random.IntN(Owners)))),
		fact("", "uri", models.UriValue{Uri: URI(n)}),
		fact("", "stage", pick("development", "staging", "production")),
		fact("", "trained_at", models.TimestampValue{Timestamp: models.Time{Time: Start.Add(time.Duration(n)*Spacing - time.Hour)}}),
		fact("", "duration", models.DurationValue{Seconds: models.Double(math.Round(logUniform(random, 1, 1e5)*1000) / 1000)}),
		fact("", "shape", models.TupleValue{Items: []models.MetadataValue{
			integer(int64(1 + random.IntN(512))), integer(int64(1 + random.IntN(2048))),
		}}),
		fact("", "features", models.ListValue{Items: []models.MetadataValue{
			text("feature-" + strconv.Itoa(random.IntN(50))), text("feature-" + strconv.Itoa(random.IntN(50))), text("label")}}),
		fact("", "config", dict("train", dict("loss", float(loss*2), "optimizer", pick("adam", "sgd", "lion")),
			"layers", integer(int64(random.IntN(100))))),
		fact("", "threshold", mixed(random)),
		fact("", "converged", models.BooleanValue{Boolean: random.IntN(5) > 0}),
		fact("", "epochs", integer(int64(1+random.IntN(200)))),
		fact("", "commit", text(fmt.Sprintf("%016x%016x%08x", random.Uint64(), random.Uint64(), random.Uint32()))),
		fact("environment", "python", pick("3.10", "3.11", "3.12", "3.13")),
		fact("environment", "gpu", models.BooleanValue{Boolean: random.IntN(2) > 0}),
		fact("environment", "seed", integer(int64(random.Uint32()))),
	}
	if random.IntN(10) == 0 {
		made = append(made, fact("", "notes", models.MarkdownValue{Markdown: fmt.Sprintf(
			"# Run %d\n\nThe loss fell to **%.4f**. Note %x needs another look before anybody builds on it.", n, loss, random.Uint32())}))
	}
	if random.IntN(1000) == 0 {
		made = append(made, fact("", "incident", text(fmt.Sprintf("INC-%06d", n))))
	}
	return made
}

func fact(card, key string, value models.MetadataValue) models.Fact {
	return models.Fact{
		Card: card, Key: key, Kind: value.Kind(), Text: string(*value.ExtendedJSON()), Precomputed: models.EncodeSearchKeys(value),
	}
}

func float(f float64) models.MetadataValue { return models.FloatValue{Number: f} }

func integer(n int64) models.MetadataValue { return models.IntegerValue{Integer: models.Int64(n)} }

func text(s string) models.MetadataValue { return models.StringValue{Text: s} }

// dict returns a dictionary of alternating keys and values.
func dict(fields ...any) models.MetadataValue {
	var made models.DictValue
	for i := 0; i < len(fields); i += 2 {
		made.Fields = append(made.Fields, models.MetadataField{Key: fields[i].(string), Value: fields[i+1].(models.MetadataValue)})
	}
	return made
}

// framework returns a skewed value: more than half of the versions have the first.
func framework(share float64) string {
	switch {
	case share < 0.55:
		return "torch"
	case share < 0.75:
		return "tensorflow"
	case share < 0.9:
		return "sklearn"
	case share < 0.98:
		return "xgboost"
	}
	return "jax"
}

// mixed returns values of different kinds.
func mixed(random *rand.Rand) models.MetadataValue {
	switch random.IntN(10) {
	case 0:
		return text("auto")
	case 1, 2:
		return integer(int64(random.IntN(2)))
	case 3:
		return models.BooleanValue{}
	}
	return float(math.Round(random.Float64()*100) / 100)
}

func logUniform(random *rand.Rand, from, to float64) float64 {
	return from * math.Exp(random.Float64()*math.Log(to/from))
}
