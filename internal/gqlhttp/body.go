package gqlhttp

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/operation"
	"github.com/placard/placard/models"
)

const (
	// freeBodyBytes is the size of a body that needs no budget, so that slow uploads of large bodies do not block
	// others.
	freeBodyBytes = 16 << 10
	// maxBufferedBodies is the number of bodies of the maximum size that the budget allows.
	maxBufferedBodies = 128
	// maxDrainedBytes is the length of the rest of a refused body that is read.
	maxDrainedBytes = 64 << 20
)

// body is the body of a request in memory.
type body struct {
	data     []byte
	reserved int64
	budget   *admission.ByteBudget
}

// Close returns the bytes of the body to the budget.
func (b *body) Close() {
	b.budget.Release(b.reserved)
	b.reserved = 0
}

// readBody reads the body of a POST; that of a GET is empty. It checks the method and the headers of the body.
func (x *exchange) readBody() (*body, error) {
	b := &body{budget: x.requestBytes}
	switch x.r.Method {
	case http.MethodGet:
		return b, nil
	case http.MethodPost:
	default:
		err := models.BadInput(nil, "send GraphQL by POST")
		return nil, &statusError{http.StatusMethodNotAllowed, err, "Allow", "GET, POST"}
	}
	coding := strings.Join(x.r.Header.Values("Content-Encoding"), ",")
	if coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, &statusError{http.StatusUnsupportedMediaType,
			models.BadInput(nil, "the body must not be compressed"), "Accept-Encoding", "identity"}
	}
	if !isJSON(x.r.Header.Get("Content-Type")) {
		return nil, &statusError{status: http.StatusUnsupportedMediaType,
			err: models.BadInput(nil, "the body must be %s in UTF-8", mediaTypeJSON)}
	}
	if err := b.read(x.w, x.r, int64(x.Limits.RequestBytes)); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// isJSON reports whether the Content-Type of a body is JSON in UTF-8.
func isJSON(contentType string) bool {
	if contentType == mediaTypeJSON {
		return true
	}
	media, parameters, err := mime.ParseMediaType(contentType)
	return err == nil && media == mediaTypeJSON && isUTF8(parameters)
}

// read reads a body of at most limit bytes. It doubles the buffer, so it reserves at most twice the size of the body.
func (b *body) read(w http.ResponseWriter, r *http.Request, limit int64) error {
	size := min(freeBodyBytes, limit+1)
	if r.ContentLength >= 0 {
		size = min(size, r.ContentLength+1) // the last byte is free, so that a longer body is noticed
	}
	b.data = make([]byte, 0, size)
	for int64(len(b.data)) <= limit {
		if len(b.data) == cap(b.data) {
			size := min(2*int64(cap(b.data)), limit+1)
			if !b.budget.TryAcquire(size) {
				drainBody(w, r)
				return errBudgetExhausted()
			}
			b.data = append(make([]byte, 0, size), b.data...)
			b.budget.Release(b.reserved)
			b.reserved = size
		}
		n, err := r.Body.Read(b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+n]
		if errors.Is(err, io.EOF) && int64(len(b.data)) <= limit { // the last bytes may come with EOF
			return nil
		} else if err != nil && !errors.Is(err, io.EOF) {
			return models.BadInput(nil, "the body could not be read")
		}
	}
	actual := max(r.ContentLength, int64(len(b.data))+drainBody(w, r))
	err := models.LimitExceeded(nil, "bytes of a request", limit, actual)
	return &statusError{status: http.StatusRequestEntityTooLarge, err: err}
}

// drainBody reads the rest of a refused body and returns its length, because most clients read the response only after
// they have sent the body.
func drainBody(w http.ResponseWriter, r *http.Request) int64 {
	rest, _ := io.Copy(io.Discard, io.LimitReader(r.Body, maxDrainedBytes)) // an error does not change the response
	if rest == maxDrainedBytes {
		w.Header().Set("Connection", "close")
	}
	return rest
}

// parse reads the request from the body of a POST or from the URL of a GET.
func (x *exchange) parse(b *body) (request *operation.Request, err error) {
	if x.r.Method == http.MethodGet {
		request, err = operation.ParseParameters(x.r.URL.Query())
	} else {
		request, err = operation.ParseRequest(b.data)
	}
	if err == nil {
		request.Consistency, err = readConsistency(x.r.Header)
	}
	return request, err
}

// readConsistency returns the consistency token of the headers of a request, zero if there is none.
func readConsistency(header http.Header) (token consistency.Token, err error) {
	if values := header[consistency.Header]; len(values) > 0 {
		if token, err = consistency.Parse(strings.Join(values, ",")); err != nil {
			err = models.BadInput(models.NewPath(consistency.Header), "%s", err)
		}
	}
	return token, err
}
