package operation

import (
	"errors"
	"net/url"
	"regexp"
	"time"

	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/jsontree"
	"github.com/placard/placard/models"
)

// Request is a GraphQL request.
type Request struct {
	// Query is the document. It is empty until Prepare if the client sent only the hash.
	Query         string
	OperationName string
	// Variables are in the order of the request.
	Variables models.Object
	// QueryOnly refuses mutations.
	QueryOnly bool
	// Caller identifies the client that shares the server fairly with others.
	Caller string
	// Consistency is the token of what the caller has seen, zero for none.
	Consistency consistency.Token
	// StartedAt is the time from which the timeout of the operation counts.
	StartedAt time.Time

	hasQuery bool
	// hash is the SHA-256 of the query, empty if the client has not sent it.
	hash string
}

// ParseRequest reads a request from a JSON body. It refuses duplicate keys and invalid UTF-8. An unpaired surrogate
// becomes invalid UTF-8 in its text, so that the reader of the text refuses it with its path.
func ParseRequest(body []byte) (*Request, error) {
	tree, err := decodeJSON(nil, body)
	if err != nil {
		return nil, err
	}
	members, ok := tree.(models.Object)
	if !ok {
		return nil, models.BadInput(nil, "the body must be a JSON object with the member query")
	}
	r := &Request{}
	if err := checkUnique(nil, members); err != nil {
		return nil, err
	}
	for _, member := range members {
		if err := r.setMember(member); err != nil {
			return nil, err
		}
	}
	return r, r.checkQuery()
}

// ParseParameters reads a request from the parameters of a URL.
func ParseParameters(parameters url.Values) (*Request, error) {
	for name, values := range parameters {
		if len(values) > 1 {
			return nil, models.BadInput(models.NewPath(name), "must not occur twice in the URL")
		}
	}
	r := &Request{
		Query: parameters.Get("query"), hasQuery: parameters.Has("query"), OperationName: parameters.Get("operationName"),
	}
	for _, name := range []string{"variables", "extensions"} {
		text := parameters.Get(name)
		if text == "" {
			continue
		}
		tree, err := decodeJSON(models.NewPath(name), []byte(text))
		if err != nil {
			return nil, err
		}
		if err := r.setMember(models.Member{Key: name, Value: tree}); err != nil {
			return nil, err
		}
	}
	return r, r.checkQuery()
}

// checkQuery returns an error if the request has neither a query nor a hash.
func (r *Request) checkQuery() error {
	if !r.hasQuery && r.hash == "" {
		return models.BadInput(models.NewPath("query"), "is required, as the text of a GraphQL query")
	}
	return nil
}

// setMember sets a member of the body. It checks and then ignores unknown members.
func (r *Request) setMember(member models.Member) error {
	var ok bool
	path := models.NewPath(member.Key)
	switch member.Key {
	case "query":
		if r.Query, ok = member.Value.(string); !ok {
			return models.BadInput(path, "must be text")
		}
		r.hasQuery = true
	case "operationName":
		if r.OperationName, ok = member.Value.(string); !ok && member.Value != nil {
			return models.BadInput(path, "must be text")
		}
	case "variables":
		if r.Variables, ok = member.Value.(models.Object); !ok && member.Value != nil {
			return models.BadInput(path, "must be a JSON object, not its text or a list")
		}
		return checkUnique(path, r.Variables)
	case "extensions":
		extensions, ok := member.Value.(models.Object)
		if !ok && member.Value != nil {
			return models.BadInput(path, "must be an object")
		}
		if err := checkIgnoredValue(path, member.Value); err != nil {
			return err
		}
		return r.setHash(path, extensions)
	default:
		return checkIgnoredValue(path, member.Value)
	}
	return nil
}

// variable returns the value of a variable, and whether the request has one.
func (r *Request) variable(name string) (any, bool) {
	for _, member := range r.Variables {
		if member.Key == name {
			return member.Value, true
		}
	}
	return nil, false
}

// checkUnique returns an error at the first duplicate key of an object.
func checkUnique(path *models.Path, object models.Object) error {
	seen := make(map[string]bool, len(object))
	for _, member := range object {
		if seen[member.Key] {
			return models.BadInput(path.Child(member.Key), "occurs twice in the object; a key must occur once")
		}
		seen[member.Key] = true
	}
	return nil
}

// checkIgnoredValue returns an error for a duplicate key or an unpaired surrogate in a part of the body that nothing
// else reads.
func checkIgnoredValue(path *models.Path, node any) error {
	err := jsontree.Check(node)
	var fault *jsontree.Error
	if !errors.As(err, &fault) {
		return err
	}
	for _, step := range fault.Path {
		path = path.Child(step)
	}
	return models.BadInput(path, "%s", fault.Fault)
}

// decodeJSON reads JSON into the nodes of a models.Tree. It accepts duplicate keys and unpaired surrogates, which the
// readers of the nodes refuse with their paths. at is the place of the text.
func decodeJSON(at *models.Path, text []byte) (any, error) {
	node, err := jsontree.ParseUnchecked(text)
	var fault *jsontree.Error
	if !errors.As(err, &fault) {
		return node, err
	}
	for _, step := range fault.Path[:min(len(fault.Path), maxPlaceSteps)] {
		at = at.Child(step)
	}
	subject := ""
	if at == nil {
		subject = "the body "
	}
	offset := min(int(fault.Offset), len(text))
	if offset > 0 && text[offset-1] == '-' {
		offset--
	}
	if number := notFinite.Find(text[offset:]); number != nil {
		return nil, models.BadInput(at, "%s at byte %d is not JSON; send {\"$float\": %q}", number, offset, number)
	}
	return nil, models.BadInput(at, "%s%s (at byte %d)", subject, fault.Fault, offset)
}

// notFinite matches the numbers that JSON lacks, as encoders of other languages write them.
var notFinite = regexp.MustCompile(`^(NaN|-?Infinity)`)
