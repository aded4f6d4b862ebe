package auth

import (
	"context"
	"strings"
	"testing"

	"github.com/placard/placard/models"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		secret := NewSecret()
		if len(secret) != 47 || seen[secret] {
			t.Fatalf("%s", secret)
		}
		seen[secret] = true
		if read, ok := Bearer([]string{"Bearer " + secret}); !ok || read != secret {
			t.Fatalf("%s is read as %s (%v)", secret, read, ok)
		}
	}
	secret := NewSecret()
	if Prefix(secret) != secret[:8] || string(Hash(secret)) == string(Hash(NewSecret())) {
		t.Error("the prefix is wrong, or two keys have the same hash")
	}
	for _, values := range [][]string{
		nil, {}, {""}, {"Bearer"}, {"Bearer "}, {secret}, {"Basic " + secret}, {"Bearer " + secret + "x"},
		{"Bearer " + secret[1:]},
		{"Bearer " + secret + " "}, {"Bearer " + strings.ToUpper(secret)}, {"Bearer " + secret, "Bearer " + secret},
		{"Bearer " + secret + ", Bearer " + secret},
	} {
		if _, ok := Bearer(values); ok {
			t.Errorf("%q is accepted", values)
		}
	}
	if _, ok := Bearer([]string{"bearer  " + secret}); !ok {
		t.Error("the scheme must be compared without case")
	}
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	own, other := models.NewID(), models.NewID()
	in := func(role models.ApiKeyRole) Principal { return Principal{Project: own, Role: role} }
	for _, c := range []struct {
		principal  Principal
		own, other string
	}{
		{Principal{}, "", ""},
		{Principal{Project: own}, "", ""},
		{in(models.ApiKeyRoleReader), "r", ""},
		{in(models.ApiKeyRoleWriter), "rw", ""},
		{in(models.ApiKeyRoleAdmin), "rwa", ""},
		{in("SOMETHING"), "", ""},
		{Anonymous, "rwa", "rwa"},
	} {
		for project, want := range map[models.ID]string{own: c.own, other: c.other, {}: c.other} {
			got := ""
			for letter, role := range map[string]models.ApiKeyRole{"r": models.ApiKeyRoleReader,
				"w": models.ApiKeyRoleWriter, "a": models.ApiKeyRoleAdmin} {
				if c.principal.HasRole(role, project) {
					got += letter
				}
				if strings.Contains(c.own, letter) != c.principal.HasRoleInAnyProject(role) {
					t.Errorf("%+v anywhere as %s", c.principal, role)
				}
			}
			if c.principal.CanRead(project) != (want != "") {
				t.Errorf("%+v may read: %v", c.principal, c.principal.CanRead(project))
			}
			if len(got) != len(want) || strings.Trim(got, want) != "" {
				t.Errorf("%+v may %q, want %q", c.principal, got, want)
			}
		}
	}
	if FromContext(context.Background()) != (Principal{}) || FromContext(NewContext(context.Background(), Anonymous)) != Anonymous {
		t.Error("a context without a principal must return the zero principal")
	}
}

func TestResolveProject(t *testing.T) {
	t.Parallel()
	other := "other"
	for _, c := range []struct {
		principal Principal
		absent    string
	}{
		{Anonymous, models.DefaultProject},
		{Principal{Owner: true, Name: "owner"}, models.DefaultProject},
		{Principal{Project: models.NewID(), ProjectName: "own", Role: models.ApiKeyRoleReader}, "own"},
		{Principal{}, models.DefaultProject},
	} {
		if got := c.principal.ResolveProject(nil); got != c.absent {
			t.Errorf("%+v: an absent project is %q, want %q", c.principal, got, c.absent)
		}
		if got := c.principal.ResolveProject(&other); got != other {
			t.Errorf("%+v: %q is %q", c.principal, other, got)
		}
	}
}
