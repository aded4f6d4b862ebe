package access

import (
	"errors"
	"slices"
	"testing"

	"github.com/placard/placard/models"
)

func TestSuggestions(t *testing.T) {
	t.Parallel()
	var failure *models.Error
	for _, c := range []struct {
		near []string
		want string
	}{
		{nil, `there is no artifact "a"`},
		{[]string{"b", `c"`}, `there is no artifact "a"; near are "b", "c\""`},
	} {
		err := AddSuggestions(models.NotFound(models.NewPath("name"), "there is no artifact %q", "a"), c.near)
		if !errors.As(err, &failure) || failure.Code != models.CodeNotFound || failure.Message != c.want ||
			!slices.Equal(failure.Path, []any{"name"}) || !slices.Equal(failure.Candidates, c.near) {
			t.Errorf("got %+v", failure)
		}
	}
}
