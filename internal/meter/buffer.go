package meter

import (
	"bytes"
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// sizedField is the value of a root field. It grows the buffer of the response to the bytes that the meter has counted,
// before the field is written. A buffer that doubles several times copies a large response twice.
type sizedField struct {
	graphql.Marshaler
	meter *Meter
}

// Sized returns the value of a root field as a value that grows the buffer. Null stays as it is, because the generated
// code compares it.
func (m *Meter) Sized(value graphql.Marshaler) graphql.Marshaler {
	if value == graphql.Null || value == graphql.RequiredNull {
		return value
	}
	return sizedField{value, m}
}

// MarshalGQL writes the value.
func (f sizedField) MarshalGQL(w io.Writer) {
	counted := f.meter.bytes.Load()
	if buffer, ok := w.(*bytes.Buffer); ok && counted <= int64(f.meter.limits.AnswerBytes) { // else it is not sent
		buffer.Grow(max(0, int(counted)-buffer.Len()))
	}
	f.Marshaler.MarshalGQL(w)
}
