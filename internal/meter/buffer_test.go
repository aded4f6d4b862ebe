package meter

import (
	"bytes"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/models"
)

// TestSizedFields checks that the buffer of a response grows once, to the counted bytes, and that null stays comparable.
func TestSizedFields(t *testing.T) {
	t.Parallel()
	limits := models.DefaultLimits()
	m := &Meter{limits: &limits}
	m.bytes.Store(100_000)
	var buffer bytes.Buffer
	buffer.WriteString(`{"a":`)
	m.Sized(graphql.MarshalString("x")).MarshalGQL(&buffer)
	size := buffer.Cap()
	m.Sized(graphql.MarshalString("y")).MarshalGQL(&buffer)
	if buffer.String() != `{"a":"x""y"` || size < 100_000 || buffer.Cap() != size {
		t.Errorf("got %s in %d bytes, then %d", &buffer, size, buffer.Cap())
	}
	m.bytes.Store(int64(limits.AnswerBytes) + 1)
	buffer = bytes.Buffer{}
	if m.Sized(graphql.MarshalString("x")).MarshalGQL(&buffer); buffer.Cap() > 1000 {
		t.Errorf("a response that is not sent takes %d bytes", buffer.Cap())
	}
	for _, null := range []graphql.Marshaler{graphql.Null, graphql.RequiredNull} {
		if m.Sized(null) != null {
			t.Error("null is wrapped")
		}
	}
}
