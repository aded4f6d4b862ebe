package graph

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

type metadataKeyUsage struct{}

func (metadataKeyUsage) LastEntry(ctx context.Context, u *models.MetadataKeyUsage) (*models.MetadataEntry, error) {
	return loadersFrom(ctx).entry.Load(ctx, u.ProjectID, u.LastEntryID, toMicros(u.AsOf))
}

// keyArgs are the arguments of a list of metadata keys.
type keyArgs struct {
	search *string
	kinds  []models.MetadataKind
	first  *int32
	after  *string
}

// keyPage is a page of metadata keys.
type keyPage struct {
	store.KeyQuery
	models.Page
}

// keyPage checks the arguments of a list of metadata keys and returns its page, with the figures that the query
// selects.
func (r *Resolver) keyPage(ctx context.Context, args keyArgs) (keyPage, error) {
	page, err := r.page(ctx, pageArgs(args.first, args.after, nil, nil))
	if err != nil {
		return keyPage{}, err
	}
	query := store.KeyQuery{OfKinds: args.kinds != nil}
	if query.Search, err = checkSearch(args.search); err != nil {
		return keyPage{}, err
	}
	names := make([]string, len(args.kinds))
	for i, kind := range args.kinds {
		names[i] = string(kind)
	}
	slices.Sort(names)
	query.Kinds = strings.Join(slices.Compact(names), ",")
	for _, figures := range []struct {
		figures store.Figures
		fields  []string
	}{
		{store.FigureCounts, []string{"versionCount", "coverage", "min", "max"}},
		{store.FigureKinds, []string{"kinds"}},
		{store.FigureLastEntries, []string{"lastEntry"}},
	} {
		for _, field := range figures.fields {
			if graphql.AnyFieldRequested(ctx, "nodes."+field, "edges.node."+field) {
				query.Figures |= figures.figures
			}
		}
	}
	return keyPage{query, page}, nil
}

// checkSearch checks the argument `search` and returns its text.
func checkSearch(search *string) (string, error) {
	if search == nil {
		return "", nil
	}
	return *search, models.CheckText(models.NewPath("search"), "a search", *search, models.MaxNameCharacters)
}
