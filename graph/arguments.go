package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// pageArgs returns the arguments of a connection.
func pageArgs(first *int32, after *string, last *int32, before *string) models.PageArguments {
	return models.PageArguments{First: first, After: after, Last: last, Before: before}
}

// page checks the arguments of a connection and returns its page.
func (r *Resolver) page(ctx context.Context, args models.PageArguments) (models.Page, error) {
	return args.Page(r.limits.PageSize, graphql.FieldRequested(ctx, "totalCount"))
}

// projectPage checks the arguments of a connection of a project. It returns the name of the project and the page.
func (r *Resolver) projectPage(
	ctx context.Context, project *string, args models.PageArguments,
) (string, models.Page, error) {
	page, err := r.page(ctx, args)
	if err != nil {
		return "", page, err
	}
	name, err := projectName(ctx, project)
	return name, page, err
}

// projectName returns the name of the project of a call, and checks it.
func projectName(ctx context.Context, project *string) (string, error) {
	name := auth.FromContext(ctx).ResolveProject(project)
	return name, models.CheckName(models.NewPath("project"), name)
}

// queryArgs are the arguments of a list with a filter and an order.
type queryArgs struct {
	where   models.FilterInput
	orderBy []models.OrderInput
	asOf    *models.Time
}

// isPlain reports whether the list has neither a filter nor an order.
func (a queryArgs) isPlain() bool { return a.where == nil && a.orderBy == nil }

// listQuery checks the arguments of a list. view is the instant of the object that has the list, nil for now.
func (r *Resolver) listQuery(ctx context.Context, args queryArgs, view *models.Time) (models.ListQuery, error) {
	filter, err := models.ReadFilter(&r.limits, models.NewPath("where"), args.where)
	if err != nil {
		return models.ListQuery{}, err
	}
	order, err := models.ReadOrder(models.NewPath("orderBy"), args.orderBy)
	if err != nil {
		return models.ListQuery{}, err
	}
	instant, err := r.effectiveAsOf(ctx, models.NewPath("asOf"), args.asOf, view)
	if at := findField(models.NewPath("where"), args.where, "updatedAt"); err == nil && instant != nil && at != nil {
		err = models.BadInput(at, "has no history, so it cannot be used as of an instant")
	}
	return models.ListQuery{Filter: filter, Order: order, AsOf: instant}, err
}

// findField returns the path of a field that a filter uses, nil if it does not.
func findField(at *models.Path, filter models.FilterInput, name string) *models.Path {
	for field, value := range filter {
		var parts []models.FilterInput
		at := at.Child(field)
		switch value := value.(type) {
		case []models.FilterInput:
			parts = value
		case models.FilterInput:
			if field == name {
				return at
			}
			if field == "not" {
				if found := findField(at, value, name); found != nil {
					return found
				}
			}
		}
		for i, part := range parts {
			if found := findField(at.Child(i), part, name); found != nil {
				return found
			}
		}
	}
	return nil
}

// hasArgument reports whether the query passes the argument, even as null.
func hasArgument(ctx context.Context, argument string) bool {
	_, ok := graphql.GetFieldContext(ctx).Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)[argument]
	return ok
}

// inputHas reports whether the input of a mutation has a field, even as null.
func inputHas(ctx context.Context, field string) bool {
	arguments := graphql.GetFieldContext(ctx).Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	input, _ := arguments["input"].(map[string]any)
	_, ok := input[field]
	return ok
}

// cardFilter returns the filter of the argument `card`. An absent argument selects all entries, and null those without
// a card.
func cardFilter(ctx context.Context, card *string) (models.CardFilter, error) {
	if card == nil {
		return models.CardFilter{Only: hasArgument(ctx, "card")}, nil
	}
	if *card == "" {
		return models.CardFilter{}, emptyCardError(models.NewPath("card"))
	}
	return models.CardFilter{Only: true, Name: *card}, nil
}

func emptyCardError(path *models.Path) error {
	return models.BadInput(path, "must not be empty")
}

// checkKeys returns an error if a list of n keys exceeds the limit of a call.
func (r *Resolver) checkKeys(n int) error {
	if limit := int(r.limits.EntriesPerCall); n > limit {
		return models.LimitExceeded(models.NewPath("keys"), "keys in a list", int64(limit), int64(n))
	}
	return nil
}
