package graph

import (
	"context"
	"net/http"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// RequireKeys makes the server ask every request for an API key, and returns the server. Without it, everyone may do
// everything.
func (s *Server) RequireKeys() *Server {
	s.keys = true
	return s
}

// LimitKeys bounds the cost of the operations of each API key in a minute on this server, 0 for no bound, and returns the
// server. All keys of a project together have projectBudgets times as much.
func (s *Server) LimitKeys(costPerMinute int64) *Server {
	s.rate.perMinute = costPerMinute
	return s
}

// features is the table of the names in serverInfo.features, in alphabetical order. A client checks for a name before it
// relies on the feature. Names never change; docs/reference/http.md describes them. A feature with a nil condition is always on.
var features = []struct {
	name string
	on   func(*Server) bool
}{
	{"apiKeys", func(s *Server) bool { return s.keys }},
	{"nullableFields", nil},
	{"pastIds", nil},
	{"persistedQueries", nil},
	{"rateLimit", func(s *Server) bool { return s.keys && s.rate.perMinute > 0 }},
	{"trustedDocuments", func(s *Server) bool { return s.trusted != nil }},
	{"viewer", nil},
}

// features returns the names of what this server offers.
func (s *Server) features() []string {
	names := []string{}
	for _, feature := range features {
		if feature.on == nil || feature.on(s) {
			names = append(names, feature.name)
		}
	}
	return names
}

// admit finds out who sends a request, before anything else of it is looked at, and gives its context the principal. It
// answers a request without a valid API key itself: with 401 where the media type allows a status.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, media string) (*http.Request, bool) {
	who, err := auth.Everyone, error(nil)
	if s.keys {
		who, err = s.authenticate(r)
	}
	if err == nil {
		return withSharer(r.WithContext(auth.With(r.Context(), who))), true
	}
	status := s.refusal(w, err, media)
	s.reply(r.Context(), w, media, status, s.refuse(r.Context(), gqlerror.List{s.presentRefusal(r.Context(), err)}))
	return nil, false
}

// admittedFor is how long a request may take to be there, and to get its turn, before its API key is looked up again.
const admittedFor = 250 * time.Millisecond

// stillAdmitted looks an API key up again when its request has taken its time since then: the key may have been revoked.
func (s *Server) stillAdmitted(w http.ResponseWriter, r *http.Request, admitted time.Time, media string) error {
	if !s.keys || time.Since(admitted) < admittedFor {
		return nil
	}
	_, err := s.authenticate(r)
	if err == nil {
		return nil
	}
	return &httpError{status: s.refusal(w, err, media), err: err}
}

// refusal is the status of a request whose API key is not good, or cannot be looked up.
func (s *Server) refusal(w http.ResponseWriter, err error, media string) int {
	status := http.StatusServiceUnavailable
	switch models.CodeOf(err) {
	case models.CodeUnauthenticated:
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Bearer realm="placard"`)
	case models.CodeOverloaded:
		w.Header().Set("Retry-After", "1")
		return status
	case models.CodeInternal:
		status = http.StatusInternalServerError
	}
	if media == typeJSON {
		status = http.StatusOK
	}
	return status
}

// authenticate is the principal of the API key of a request. UNAUTHENTICATED, which does not say what is wrong with a key.
func (s *Server) authenticate(r *http.Request) (who auth.Principal, err error) {
	secret, valid := auth.Bearer(r.Header.Values("Authorization"))
	if valid {
		seconds := float64(s.limits.ReadSeconds)
		ctx, cancel := context.WithTimeoutCause(r.Context(), time.Duration(seconds*float64(time.Second)), tooLong(seconds))
		defer cancel()
		id := addressOf(r)
		if err := enter(ctx, s.lookUps, id); err != nil {
			return who, s.interruption(ctx, err)
		}
		defer s.lookUps.Leave(id)
		if who, valid, err = s.store.Authenticate(ctx, secret); err != nil {
			err = s.interruption(ctx, err)
		}
	}
	if err == nil && !valid {
		err = &models.Error{Code: models.CodeUnauthenticated, Message: "this takes a valid API key: Authorization: Bearer plc_…"}
	}
	return who, err
}

func (q query) APIKeys(
	ctx context.Context, project *string, first *int32, after *string, last *int32, before *string,
) (*models.ApiKeyConnection, error) {
	_, page, err := q.pageIn(ctx, project, first, after, last, before)
	if err != nil {
		return nil, err
	}
	return q.store.ApiKeys(ctx, project, page)
}

func (q query) AuditEvents(
	ctx context.Context, project *string, first *int32, after *string, last *int32, before *string,
) (*models.AuditEventConnection, error) {
	_, page, err := q.pageIn(ctx, project, first, after, last, before)
	if err != nil {
		return nil, err
	}
	return q.store.AuditEvents(ctx, project, page)
}

func (m mutation) CreateAPIKey(ctx context.Context, in models.CreateApiKeyInput) (*models.CreateApiKeyPayload, error) {
	if !m.keys {
		// Whoever reaches the server now would keep a way in when it asks for keys.
		return nil, models.Forbidden("this server runs without API keys: `placard keys create` makes one on its machine")
	}
	if err := in.Check(input); err != nil {
		return nil, err
	}
	key, secret, err := m.store.CreateApiKey(ctx, input, in)
	return &models.CreateApiKeyPayload{APIKey: key, Secret: secret}, err
}

func (m mutation) RevokeAPIKey(ctx context.Context, in models.RevokeApiKeyInput) (*models.RevokeApiKeyPayload, error) {
	key, err := m.store.RevokeApiKey(ctx, input.In("apiKeyId"), in.APIKeyID)
	return &models.RevokeApiKeyPayload{APIKey: key}, err
}

// Viewer resolves Query.viewer. It reads nothing: the principal of the request has all but the project.
func (query) Viewer(ctx context.Context) (*models.Viewer, error) {
	who := auth.From(ctx)
	v := &models.Viewer{Name: who.Signature(), IsOwner: who.Owner}
	if !who.Owner {
		v.Role, v.ProjectID = &who.Role, who.Project
	}
	return v, nil
}

type viewer struct{}

func (viewer) Project(ctx context.Context, v *models.Viewer) (*models.Project, error) {
	return projectOf(ctx, v.ProjectID)
}

type apiKey struct{}

func (apiKey) Project(ctx context.Context, k *models.ApiKey) (*models.Project, error) {
	return projectOf(ctx, k.ProjectID)
}

type auditEvent struct{}

func (auditEvent) Project(ctx context.Context, e *models.AuditEvent) (*models.Project, error) {
	return projectOf(ctx, e.ProjectID)
}

// projectOf is the project with that ID, nil for none.
func projectOf(ctx context.Context, id models.ID) (*models.Project, error) {
	if id.IsZero() {
		return nil, nil
	}
	return load(ctx).project.of(ctx, id, id, none{})
}
