package graph

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/graph/persisted"
	"github.com/placard/placard/models"
)

// Clients of persisted queries know this code and this message: they send the query again with its text.
const (
	codeUnknownHash    = "PERSISTED_QUERY_NOT_FOUND"
	messageUnknownHash = "PersistedQueryNotFound"
)

// Trust makes the server execute these documents and no others; call it before the first request. A document that is
// invalid or beyond a limit is an error.
func (s *Server) Trust(documents persisted.Trusted) error {
	for hash, text := range documents {
		if _, problems := parseDocument(s.schema.Schema(), &s.limits, text); len(problems) > 0 {
			return fmt.Errorf("trusted document %s (%.60q): %w", hash, text, problems[0])
		}
	}
	s.trusted = documents
	return nil
}

// readHash takes the hash of the query from the extensions of a request: persistedQuery {version: 1, sha256Hash}.
func (r *request) readHash(at *models.Path, extensions models.Object) error {
	i := slices.IndexFunc(extensions, func(m models.Member) bool { return m.Key == "persistedQuery" })
	if i < 0 || extensions[i].Value == nil {
		return nil
	}
	at = at.In("persistedQuery")
	members, ok := extensions[i].Value.(models.Object)
	if !ok {
		return models.BadInput(at, "must be an object")
	}
	versioned := false
	for _, member := range members {
		switch member.Key {
		case "version":
			versioned = member.Value == json.Number("1")
		case "sha256Hash":
			r.hash, _ = member.Value.(string)
		}
	}
	if !versioned {
		return models.BadInput(at.In("version"), "must be 1")
	}
	if !persisted.IsHash(r.hash) {
		return models.BadInput(at.In("sha256Hash"), "must be the SHA-256 of the query, 64 lower-case hexadecimal digits")
	}
	return nil
}

// checkQuery refuses a request without a query and without the hash of one.
func (r *request) checkQuery() error {
	if !r.hasQuery && r.hash == "" {
		return models.BadInput(models.At("query"), "must be given")
	}
	return nil
}

// recall finds the text of a request that has only its hash, and refuses what this server does not execute.
func (s *Server) recall(r *request) *gqlerror.Error {
	if r.hasQuery && r.hash != "" && persisted.Hash(r.query) != r.hash {
		return present(models.BadInput(models.At("extensions", "persistedQuery", "sha256Hash"),
			"is not the SHA-256 of the query"))
	}
	if s.trusted != nil {
		hash, known := r.hash, false
		if hash == "" {
			hash = persisted.Hash(r.query)
		}
		if r.query, known = s.trusted[hash]; !known {
			return present(&models.Error{Code: models.CodeForbidden,
				Message: "this server executes only the documents that its operator trusts"})
		}
		return nil
	}
	if r.hasQuery {
		return nil
	}
	var known bool
	if r.query, known = s.texts.Get(r.hash); !known {
		return withCode(&gqlerror.Error{Message: messageUnknownHash}, codeUnknownHash)
	}
	return nil
}

// remember keeps a valid query that came with its hash.
func (s *Server) remember(r *request) {
	if r.hasQuery && r.hash != "" && s.trusted == nil {
		s.texts.Add(r.hash, r.query)
	}
}
