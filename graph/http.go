package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

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
	admitted := time.Now()
	read, held, err := s.receive(w, r)
	var answer *response
	if err == nil {
		answer, err = s.inTurn(r.Context(), func() (*request, error) {
			if err := s.stillAdmitted(w, r, admitted, media); err != nil {
				return nil, err
			}
			return read()
		}, r.Method == http.MethodGet)
	}
	s.arriving.Give(held)
	if err == nil {
		var left int64
		if left, err = s.roomFor(answer); err == nil {
			defer s.leaving.Give(left)
		}
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

// Refuse answers a request that does not reach ServeHTTP, in the form of all other refusals.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, status int, failure *models.Error) {
	media := negotiate(r.Header.Values("Accept"))
	if media == "" {
		media = typeJSON
	}
	presented := present(failure)
	if failure.Code == models.CodeInternal {
		presented.Extensions["requestId"] = RequestID(r.Context())
	}
	s.reply(r.Context(), w, media, status, s.refuse(r.Context(), gqlerror.List{presented}))
}

// negotiate is the media type of the answer, empty when the client takes none that there is.
func negotiate(accept []string) string {
	if strings.TrimSpace(strings.Join(accept, "")) == "" {
		return typeJSON
	}
	const any = "*/*"
	quality, order := map[string]float64{}, []string{}
	for _, part := range strings.Split(strings.Join(accept, ","), ",") {
		media, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := parameters["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil || !(q >= 0 && q <= 1) {
				continue
			}
		}
		if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		if media == "application/*" {
			media = any
		}
		if known, twice := quality[media]; !twice || q > known {
			quality[media] = q
			order = append(order, media)
		}
	}
	// What a client names counts before what stands for anything: it may exclude a type like that.
	best, most := "", 0.0
	for _, media := range append(order, typeJSON, typeResponse) {
		q, named := quality[media]
		switch {
		case media == any:
			media = typeJSON
			if _, named := quality[media]; named {
				continue
			}
		case media != typeJSON && media != typeResponse:
			continue
		case !named:
			q = quality[any]
		}
		if q > most {
			best, most = media, q
		}
	}
	return best
}

// receive takes from the network what there is of a request, and returns what reads it, and how much room that holds.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (read func() (*request, error), held int64, err error) {
	switch r.Method {
	case http.MethodGet:
		return func() (*request, error) { return queryRequest(r) }, 0, nil
	case http.MethodPost:
	default:
		return nil, 0, &httpError{status: http.StatusMethodNotAllowed, err: models.BadInput(nil, "send GraphQL by POST")}
	}
	if coding := strings.Join(r.Header.Values("Content-Encoding"), ","); coding != "" && !strings.EqualFold(coding, "identity") {
		w.Header().Set("Accept-Encoding", "identity")
		return nil, 0, &httpError{status: http.StatusUnsupportedMediaType, err: models.BadInput(nil, "the body must not be compressed")}
	}
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, named := parameters["charset"]
	if err != nil || media != typeJSON || named && !strings.EqualFold(charset, "utf-8") {
		return nil, 0, &httpError{status: http.StatusUnsupportedMediaType, err: models.BadInput(nil, "the body must be %s in UTF-8", typeJSON)}
	}
	body, held, err := s.readBody(w, r)
	return func() (*request, error) { return parseRequest(body) }, held, err
}

// queryRequest reads a request from the parameters of a URL.
func queryRequest(r *http.Request) (*request, error) {
	parameters := r.URL.Query()
	for name, values := range parameters {
		if len(values) > 1 {
			return nil, models.BadInput(models.At(name), "stands twice in the URL")
		}
	}
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
	var before, after bytes.Buffer
	before.WriteByte('{')
	member := func(to *bytes.Buffer, name string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			s.log.ErrorContext(ctx, "answer cannot be written", "error", err)
			text = []byte("null")
		}
		if before.Len() > 1 {
			to.WriteByte(',')
		}
		to.WriteString(`"` + name + `":`)
		to.Write(text)
	}
	if len(answer.errors) > 0 {
		member(&before, "errors", answer.errors)
	}
	data := answer.data
	if answer.refused {
		data = nil
	} else {
		if data == nil {
			data = []byte("null")
		}
		if before.Len() > 1 {
			before.WriteByte(',')
		}
		before.WriteString(`"data":`)
	}
	if len(answer.extensions) > 0 {
		member(&after, "extensions", answer.extensions)
	}
	after.WriteByte('}')
	header := w.Header()
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(before.Len()+len(data)+after.Len()))
	header.Add("Vary", "Accept")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	for _, part := range [][]byte{before.Bytes(), data, after.Bytes()} {
		if _, err := w.Write(part); err != nil {
			return // the client has left
		}
	}
}
