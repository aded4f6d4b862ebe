package operation

import (
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/models"
)

// Response is the response to a request.
type Response struct {
	// Data is JSON; nil means null, or no data if nothing was executed.
	Data   []byte
	Errors gqlerror.List
	// Extensions is nil if there are none.
	Extensions *Extensions
	Outcome    Outcome
}

// Extensions are the members of a response that the specification leaves to the server.
type Extensions struct {
	Cost          *operationCost `json:"cost,omitempty"`
	ErrorsOmitted int            `json:"errorsOmitted,omitempty"`
	Warnings      []warning      `json:"warnings,omitempty"`
	// Consistency is the text of a consistency token, empty for none.
	Consistency string `json:"consistency,omitempty"`
}

// operationCost is the cost of an operation and its limit.
type operationCost struct {
	Estimated int64 `json:"estimated"`
	Limit     int64 `json:"limit"`
}

// warning is a models.Warning as clients see it. Its message begins with its place, as that of an error does.
type warning struct {
	Code       models.WarningCode `json:"code"`
	Message    string             `json:"message"`
	Path       []any              `json:"path"`
	Candidates []string           `json:"candidates"`
}

// Outcome classifies a response for the transport.
type Outcome int

const (
	// QueryExecuted and MutationExecuted mean that the response has data, which may be null.
	QueryExecuted Outcome = iota
	MutationExecuted
	// Refused means that nothing was executed.
	Refused
	// PersistedQueryNotFound means that the client may send the query again with its text.
	PersistedQueryNotFound
	// MutationNotAllowed means that the request may execute queries only.
	MutationNotAllowed
)

// HasData reports whether an operation was executed.
func (o Outcome) HasData() bool { return o == QueryExecuted || o == MutationExecuted }

// Refuse returns the response of a request that is not executed because of err. It logs nothing.
func Refuse(err error) *Response {
	return &Response{Outcome: Refused, Errors: gqlerror.List{toGraphQLError(err)}}
}

// setErrors sets at most maxErrors errors. The extensions count the others.
func (r *Response) setErrors(errs gqlerror.List, maxErrors int) {
	r.Errors = errs
	if len(errs) > maxErrors {
		r.Errors = errs[:maxErrors]
		r.extensions().ErrorsOmitted = len(errs) - maxErrors
	}
}

// hasData reports whether the data is not null.
func (r *Response) hasData() bool { return r.Data != nil && string(r.Data) != "null" }

// extensions returns the extensions of the response, and adds them if there are none.
func (r *Response) extensions() *Extensions {
	if r.Extensions == nil {
		r.Extensions = &Extensions{}
	}
	return r.Extensions
}

// setWarnings adds warnings to the extensions.
func (r *Response) setWarnings(warnings []models.Warning) {
	if len(warnings) == 0 {
		return
	}
	list := make([]warning, len(warnings))
	for i, w := range warnings {
		candidates := append([]string{}, w.Candidates...) // an empty list, not null
		list[i] = warning{w.Code, place(w.Path) + ": " + w.Message, truncatePath(w.Path), candidates}
	}
	r.extensions().Warnings = list
}
