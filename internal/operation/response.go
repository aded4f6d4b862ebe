package operation

import (
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/models"
)

// Response is the response to a request.
type Response struct {
	// Data is JSON; nil means null, or no data if nothing was executed.
	Data       []byte
	Errors     gqlerror.List
	Extensions map[string]any
	Outcome    Outcome
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
		r.setExtension("errorsOmitted", len(errs)-maxErrors)
	}
}

// hasData reports whether the data is not null.
func (r *Response) hasData() bool { return r.Data != nil && string(r.Data) != "null" }

// setWarnings adds warnings to the extensions. Their messages begin with their places, as those of errors do.
func (r *Response) setWarnings(warnings []models.Warning) {
	if len(warnings) == 0 {
		return
	}
	type warning struct {
		Code       models.WarningCode `json:"code"`
		Message    string             `json:"message"`
		Path       []any              `json:"path"`
		Candidates []string           `json:"candidates"`
	}
	list := make([]warning, len(warnings))
	for i, w := range warnings {
		candidates := append([]string{}, w.Candidates...) // an empty list, not null
		list[i] = warning{w.Code, place(w.Path) + ": " + w.Message, truncatePath(w.Path), candidates}
	}
	r.setExtension("warnings", list)
}

func (r *Response) setExtension(name string, value any) {
	if r.Extensions == nil {
		r.Extensions = map[string]any{}
	}
	r.Extensions[name] = value
}
