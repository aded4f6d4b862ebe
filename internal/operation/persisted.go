package operation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/models"
)

// Clients of persisted queries expect this code and this message, and then send the query again with its text.
const (
	codePersistedQueryNotFound    = "PERSISTED_QUERY_NOT_FOUND"
	messagePersistedQueryNotFound = "PersistedQueryNotFound"
)

// Hash returns the hash of a query: the SHA-256 of its UTF-8 text, as 64 lower-case hexadecimal digits.
func Hash(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}

// isHash reports whether a text has the form of a hash.
func isHash(text string) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(text) == sha256.Size*2
}

// setHash sets the hash of the query from the extensions of the request: persistedQuery {version: 1, sha256Hash}.
func (r *Request) setHash(path *models.Path, extensions models.Object) error {
	i := slices.IndexFunc(extensions, func(m models.Member) bool { return m.Key == "persistedQuery" })
	if i < 0 || extensions[i].Value == nil {
		return nil
	}
	path = path.Child("persistedQuery")
	members, ok := extensions[i].Value.(models.Object)
	if !ok {
		return models.BadInput(path, "must be an object")
	}
	isVersion1 := false
	for _, member := range members {
		switch member.Key {
		case "version":
			isVersion1 = member.Value == json.Number("1")
		case "sha256Hash":
			r.hash, _ = member.Value.(string)
		}
	}
	if !isVersion1 {
		return models.BadInput(path.Child("version"), "must be 1")
	}
	if !isHash(r.hash) {
		return models.BadInput(path.Child("sha256Hash"), "must be the SHA-256 of the query, 64 lower-case hexadecimal digits")
	}
	return nil
}

// resolveQuery sets the query of a request that has only its hash. It returns the response of a request with a wrong or
// an unknown hash, and of a document that is not trusted.
func (e *Executor) resolveQuery(r *Request) *Response {
	if r.hasQuery && r.hash != "" && Hash(r.Query) != r.hash {
		path := models.NewPath("extensions", "persistedQuery", "sha256Hash")
		return Refuse(models.BadInput(path, "is not the SHA-256 of the query"))
	}
	isKnown := true
	switch {
	case e.TrustedDocuments != nil:
		hash := r.hash
		if hash == "" {
			hash = Hash(r.Query)
		}
		if r.Query, isKnown = e.TrustedDocuments[hash]; !isKnown {
			return Refuse(&models.Error{Code: models.CodeForbidden, Message: "this server executes only trusted documents"})
		}
	case !r.hasQuery:
		if r.Query, isKnown = e.queries.Get(r.hash); !isKnown {
			problem := withCode(&gqlerror.Error{Message: messagePersistedQueryNotFound}, codePersistedQueryNotFound)
			return &Response{Errors: gqlerror.List{problem}, Outcome: PersistedQueryNotFound}
		}
	}
	return nil
}

// maxQueryBytes is the length of the longest query that is cached by its hash.
const maxQueryBytes = 64 << 10

// cacheQuery stores a valid query that was sent with its hash.
func (e *Executor) cacheQuery(r *Request) {
	if r.hasQuery && r.hash != "" && e.TrustedDocuments == nil && len(r.Query) <= maxQueryBytes {
		e.queries.Add(r.hash, r.Query)
	}
}
