package models

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// ID identifies a stored object: a UUID of version 7, opaque to clients. SQLite stores 16 bytes, PostgreSQL a uuid.
type ID uuid.UUID

// DefaultProjectID is the ID of the project `default` in every database.
var DefaultProjectID = ID{15: 1, 6: 0x70, 8: 0x80}

// NewID returns a new unique ID.
func NewID() ID { return ID(uuid.Must(uuid.NewV7())) }

// NewIDs returns n new IDs, each of which is its predecessor plus 1, so that storing the first is enough.
func NewIDs(n int) []ID {
	first := NewID()
	first[8] &^= 0x20 // leaves room for the sum below the bits of the variant
	ids := make([]ID, n)
	for i := range ids {
		ids[i] = first.Plus(i)
	}
	return ids
}

// Plus returns the n-th ID, from 0, of the list of NewIDs that begins with id.
func (id ID) Plus(n int) ID {
	binary.BigEndian.PutUint64(id[8:], binary.BigEndian.Uint64(id[8:])+uint64(n))
	return id
}

// ParseID parses the text of an ID: 36 lower-case characters. Other text identifies no object, so callers treat false
// as not found.
func ParseID(text string) (ID, bool) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return ID{}, false
	}
	return ID(id), true
}

func (id ID) String() string { return uuid.UUID(id).String() }

// MarshalText writes the text form of the ID.
func (id ID) MarshalText() ([]byte, error) { return uuid.UUID(id).MarshalText() }

// UnmarshalText parses the output of MarshalText.
func (id *ID) UnmarshalText(text []byte) error { return (*uuid.UUID)(id).UnmarshalText(text) }

// MarshalGQL writes the ID as a GraphQL ID.
func (id ID) MarshalGQL(w io.Writer) { fmt.Fprintf(w, `"%s"`, id) }

// UnmarshalGQL always fails: inputs take IDs as strings, because any string is allowed. gqlgen requires the method.
func (id *ID) UnmarshalGQL(any) error { return fmt.Errorf("ID is not an input type") }

// Value returns the 16 bytes for the database.
func (id ID) Value() (driver.Value, error) { return id[:], nil }

// Scan reads an ID from the database; NULL becomes the zero ID.
func (id *ID) Scan(src any) error {
	if src == nil {
		*id = ID{}
		return nil
	}
	return (*uuid.UUID)(id).Scan(src)
}

// IsZero reports whether id is the zero ID, which represents NULL.
func (id ID) IsZero() bool { return id == ID{} }
