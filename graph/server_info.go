package graph

import (
	"context"

	"github.com/placard/placard/models"
)

// features are the names of serverInfo.features in alphabetical order. A client checks for a name before it uses the
// feature. Names never change; docs/reference/http.md describes them. A feature with a nil condition is always on.
var features = []struct {
	name string
	isOn func(Options) bool
}{
	{"apiKeys", func(o Options) bool { return o.RequireAPIKey }},
	{"nullableFields", nil},
	{"pastIds", nil},
	{"persistedQueries", nil},
	{"rateLimit", func(o Options) bool { return o.RequireAPIKey && o.LimitRates }},
	{"trustedDocuments", func(o Options) bool { return o.TrustDocuments }},
	{"viewer", nil},
	{"warnings", nil},
}

func (q query) ServerInfo(context.Context) (*models.ServerInfo, error) {
	limits := q.limits
	info := &models.ServerInfo{Version: q.options.Version, Limits: &limits, Features: []string{}}
	for _, feature := range features {
		if feature.isOn == nil || feature.isOn(q.options) {
			info.Features = append(info.Features, feature.name)
		}
	}
	return info, nil
}
