package gqlhttp

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/models"
)

// statusError is an error with its HTTP status and a header of the response.
type statusError struct {
	status int
	err    error
	// header is the name of the header, empty for none.
	header, value string
}

func (e *statusError) Error() string { return e.err.Error() }

func (e *statusError) Unwrap() error { return e.err }

// unavailable returns an error with status 503 for a client that may retry soon.
func unavailable(err error) error {
	return &statusError{http.StatusServiceUnavailable, err, "Retry-After", "1"}
}

// overloaded returns the error OVERLOADED.
func overloaded(reason string) error {
	return &models.Error{
		Code: models.CodeOverloaded, Message: "the server is overloaded: " + reason + "; retry later", Retryable: true,
	}
}

// queueError returns OVERLOADED for a full queue, and other errors unchanged.
func queueError(err error) error {
	if errors.Is(err, admission.ErrFull) {
		return overloaded("the queue is full")
	}
	return err
}

// statusOf returns the status of the response of an operation. With application/json it is 200 for all GraphQL errors.
// It is 200 for an unknown persisted query, because some clients send the query again only then.
func (x *exchange) statusOf(response *operation.Response) int {
	switch {
	case response.Outcome == operation.MutationNotAllowed:
		x.w.Header().Set("Allow", "POST")
		return http.StatusMethodNotAllowed
	case response.Outcome == operation.Refused && x.media == mediaTypeGraphQLResponse:
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// respondError writes the response of a request that was not executed. The status is that of a statusError, else 400.
func (x *exchange) respondError(err error) {
	status := http.StatusBadRequest
	var known *statusError
	if errors.As(err, &known) {
		status, err = known.status, known.err
		if known.header != "" {
			x.w.Header().Set(known.header, known.value)
		}
	}
	x.respond(status, x.Presenter.Refuse(x.ctx, err))
}

// respond records and writes a response.
func (x *exchange) respond(status int, response *operation.Response) {
	x.summary.recordResponse(response)
	x.write(x.w, x.r, x.media, status, response)
}

// The values of headers that responses share. Nothing changes them: Set replaces a value, and Add copies it.
var (
	noStore      = []string{"no-store"}
	noSniff      = []string{"nosniff"}
	contentTypes = map[string][]string{
		mediaTypeJSON:            {mediaTypeJSON + "; charset=utf-8"},
		mediaTypeGraphQLResponse: {mediaTypeGraphQLResponse + "; charset=utf-8"},
	}
)

// write writes a response. Its data is JSON already, and is not copied.
func (h *Handler) write(
	w http.ResponseWriter, r *http.Request, media string, status int, response *operation.Response,
) {
	before := []byte{'{'}
	if len(response.Errors) > 0 {
		before = h.appendMember(before, r, "errors", response.Errors)
	}
	var data []byte
	if response.Outcome.HasData() {
		if data = response.Data; data == nil {
			data = []byte("null")
		}
		if len(before) > 1 {
			before = append(before, ',')
		}
		before = append(before, `"data":`...)
	}
	var after []byte
	if response.Extensions != nil { // each response has errors or data before them
		after = h.appendMember([]byte{','}, r, "extensions", response.Extensions)
	}
	after = append(after, '}')
	header := w.Header()
	header["Content-Type"] = contentTypes[media]
	header["Content-Length"] = []string{strconv.Itoa(len(before) + len(data) + len(after))}
	header.Add("Vary", "Accept")
	header["Cache-Control"] = noStore
	header["X-Content-Type-Options"] = noSniff
	if response.Extensions != nil && response.Extensions.Consistency != "" {
		header[consistency.Header] = []string{response.Extensions.Consistency}
	}
	w.WriteHeader(status)
	for _, part := range [][]byte{before, data, after} {
		if _, err := w.Write(part); err != nil {
			return // the client has left
		}
	}
}

// appendMember appends a member of the response.
func (h *Handler) appendMember(b []byte, r *http.Request, name string, value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		h.Log.ErrorContext(r.Context(), "cannot write a member of the response", "member", name, "error", err)
		text = []byte("null")
	}
	return append(append(strconv.AppendQuote(b, name), ':'), text...)
}

// freeResponseBytes is the size of a response that needs no budget, so that slow downloads of large responses do not
// block others.
const freeResponseBytes = 64 << 10

// reserveResponse reserves the bytes of a response until the client has received it. It returns OVERLOADED if the
// budget is exhausted. The response of a mutation is sent without a reservation then, because the mutation has been
// executed.
func (h *Handler) reserveResponse(response *operation.Response) (reserved int64, err error) {
	size := int64(len(response.Data))
	switch {
	case size <= freeResponseBytes:
		return 0, nil
	case h.responseBytes.TryAcquire(size):
		return size, nil
	case response.Outcome == operation.MutationExecuted:
		return 0, nil
	}
	return 0, errBudgetExhausted()
}

// errBudgetExhausted returns the error of a request whose body or response exceeds the free bytes of a budget.
func errBudgetExhausted() error { return unavailable(overloaded("no buffer memory is free")) }
