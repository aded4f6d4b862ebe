package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/models"
)

// The media types of GraphQL over HTTP.
const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
)

// httpError is a request that HTTP itself refuses.
type httpError struct {
	status int
	err    error
	// after is after how many seconds to try again, 0 where that does not help.
	after int
}

func (e *httpError) Error() string { return e.err.Error() }

var errOnlyQueries = &httpError{status: http.StatusMethodNotAllowed,
	err: models.BadInput(nil, "GET answers queries only; send mutations by POST")}

// serve answers GraphQL over HTTP.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	media := negotiate(r.Header.Values("Accept"))
	if media == "" {
		s.reply(r.Context(), w, typeJSON, http.StatusNotAcceptable, s.refuse(r.Context(), gqlerror.List{present(models.BadInput(nil,
			"the answer is %s or %s", typeResponse, typeJSON))}))
		return
	}
	r, ok := s.admit(w, r, media)
	if !ok {
		return
	}
	read, err := s.receive(w, r)
	var answer *response
	if err == nil {
		answer, err = s.inTurn(r.Context(), read, r.Method == http.MethodGet)
	}
	if err != nil {
		status := http.StatusBadRequest
		var refused *httpError
		if errors.As(err, &refused) {
			status, err = refused.status, refused.err
		}
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, POST")
			if errors.Is(err, errOnlyQueries.err) {
				w.Header().Set("Allow", "POST")
			}
		}
		if refused != nil && refused.after > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(refused.after))
		}
		s.reply(r.Context(), w, media, status, s.refuse(r.Context(), gqlerror.List{present(err)}))
		return
	}
	status := http.StatusOK
	if answer.refused && !answer.unknownHash && media == typeResponse {
		status = http.StatusBadRequest
	}
	s.reply(r.Context(), w, media, status, answer)
}

// negotiate is the media type of the answer, empty when the client takes none that there is.
func negotiate(accept []string) string {
	if strings.TrimSpace(strings.Join(accept, "")) == "" {
		return typeJSON
	}
	best, quality := "", 0.0
	for _, part := range strings.Split(strings.Join(accept, ","), ",") {
		media, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := parameters["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		switch media {
		case "*/*", "application/*":
			media = typeJSON
		case typeJSON, typeResponse:
		default:
			continue
		}
		if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		if q > quality {
			best, quality = media, q
		}
	}
	return best
}

// receive takes from the network what there is of a request, and returns what reads it.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (func() (*request, error), error) {
	switch r.Method {
	case http.MethodGet:
		return func() (*request, error) { return queryRequest(r) }, nil
	case http.MethodPost:
	default:
		return nil, &httpError{status: http.StatusMethodNotAllowed, err: models.BadInput(nil, "send GraphQL by POST")}
	}
	if coding := strings.Join(r.Header.Values("Content-Encoding"), ","); coding != "" && !strings.EqualFold(coding, "identity") {
		w.Header().Set("Accept-Encoding", "identity")
		return nil, &httpError{status: http.StatusUnsupportedMediaType, err: models.BadInput(nil, "the body must not be compressed")}
	}
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, named := parameters["charset"]
	if err != nil || media != typeJSON || named && !strings.EqualFold(charset, "utf-8") {
		return nil, &httpError{status: http.StatusUnsupportedMediaType, err: models.BadInput(nil, "the body must be %s in UTF-8", typeJSON)}
	}
	body, err := s.readBody(w, r)
	if err != nil {
		return nil, err
	}
	return func() (*request, error) { return parseRequest(body) }, nil
}

// drained bounds how much of a body that is too large is read, so that the client gets to read the answer.
const drained = 64 << 20

func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := int64(s.limits.RequestBytes)
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, models.BadInput(nil, "the body could not be read")
	}
	if int64(len(body)) <= limit {
		return body, nil
	}
	rest, _ := io.Copy(io.Discard, io.LimitReader(r.Body, drained))
	if rest == drained {
		w.Header().Set("Connection", "close")
	}
	actual := max(r.ContentLength, int64(len(body))+rest)
	return nil, &httpError{status: http.StatusRequestEntityTooLarge, err: models.LimitExceeded(nil, "bytes of a request", limit, actual)}
}

// queryRequest reads a request from the parameters of a URL.
func queryRequest(r *http.Request) (*request, error) {
	parameters := r.URL.Query()
	request := &request{
		query: parameters.Get("query"), hasQuery: parameters.Has("query"), operationName: parameters.Get("operationName"),
	}
	for _, name := range []string{"variables", "extensions"} {
		text := parameters.Get(name)
		if text == "" {
			continue
		}
		tree, err := parseJSON([]byte(text))
		if err != nil {
			err = models.BadInput(models.At(name), "must be JSON")
		} else {
			err = request.set(models.At(name), models.Member{Key: name, Value: tree})
		}
		if err != nil {
			return nil, err
		}
	}
	return request, request.checkQuery()
}

// reply writes an answer. The data is already JSON and goes out as it is.
func (s *Server) reply(ctx context.Context, w http.ResponseWriter, media string, status int, answer *response) {
	answered(ctx, answer)
	var body bytes.Buffer
	body.WriteByte('{')
	member := func(name string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			s.log.ErrorContext(ctx, "answer cannot be written", "error", err)
			text = []byte("null")
		}
		if body.Len() > 1 {
			body.WriteByte(',')
		}
		body.WriteString(`"` + name + `":`)
		body.Write(text)
	}
	if len(answer.errors) > 0 {
		member("errors", answer.errors)
	}
	if !answer.refused {
		if body.Len() > 1 {
			body.WriteByte(',')
		}
		body.WriteString(`"data":`)
		if answer.data == nil {
			body.WriteString("null")
		}
		body.Write(answer.data)
	}
	if len(answer.extensions) > 0 {
		member("extensions", answer.extensions)
	}
	body.WriteByte('}')
	header := w.Header()
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	header.Add("Vary", "Accept")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the client may have left
}
