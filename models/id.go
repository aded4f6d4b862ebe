package models

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// ID is the identity of a stored object: a UUID of version 7, opaque to clients. It is 16 bytes in SQLite and a uuid
// in PostgreSQL.
type ID uuid.UUID

// DefaultProjectID is the ID of the project `default` in every database.
var DefaultProjectID = ID{15: 1, 6: 0x70, 8: 0x80}

// NewID is an ID that was never given out before.
func NewID() ID { return ID(uuid.Must(uuid.NewV7())) }

// NewIDs returns n new IDs, each of which is the one before it plus 1. So the first of them is enough to keep.
func NewIDs(n int) []ID {
	first := NewID()
	first[8] &^= 0x20 // leaves room for the sum below the bits of the variant
	ids := make([]ID, n)
	for i := range ids {
		ids[i] = first.Plus(i)
	}
	return ids
}

// Plus returns the ID with number n, counted from 0, of the IDs of NewIDs whose first is id.
func (id ID) Plus(n int) ID {
	binary.BigEndian.PutUint64(id[8:], binary.BigEndian.Uint64(id[8:])+uint64(n))
	return id
}

// ParseID reads an ID as it was given out: 36 lower-case characters. Any other text stands for no object, so the
// caller treats false as not found.
func ParseID(text string) (ID, bool) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return ID{}, false
	}
	return ID(id), true
}

func (id ID) String() string { return uuid.UUID(id).String() }

// MarshalText writes the ID as clients see it.
func (id ID) MarshalText() ([]byte, error) { return uuid.UUID(id).MarshalText() }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(text []byte) error { return (*uuid.UUID)(id).UnmarshalText(text) }

// MarshalGQL writes the ID as a GraphQL ID.
func (id ID) MarshalGQL(w io.Writer) { fmt.Fprintf(w, `"%s"`, id) }

// UnmarshalGQL exists because a scalar needs it; inputs take IDs as text, where any text is allowed.
func (id *ID) UnmarshalGQL(any) error { return fmt.Errorf("inputs take IDs as text") }

// Value gives the database the 16 bytes.
func (id ID) Value() (driver.Value, error) { return id[:], nil }

// Scan reads an ID from the database; NULL is the zero ID.
func (id *ID) Scan(src any) error {
	if src == nil {
		*id = ID{}
		return nil
	}
	return (*uuid.UUID)(id).Scan(src)
}

// IsZero says whether there is no ID, as for a column that is NULL.
func (id ID) IsZero() bool { return id == ID{} }
