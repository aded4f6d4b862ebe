package command

import "testing"

// TestSecretsOfArguments: passwords are found in every form that a database URL has, whole, and nothing else is.
func TestSecretsOfArguments(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]string{
		"--database-url=postgres://placard:secret@db:5432/placard?sslmode=disable": "--database-url=postgres://placard:******@db:5432/placard?sslmode=disable",
		"postgres://placard:se@cr:et@db/placard":                                   "postgres://placard:********@db/placard",
		"postgres://placard:se/ret@db/placard":                                     "postgres://placard:******@db/placard",
		"postgres://:secret@db/placard":                                            "postgres://:******@db/placard",
		"postgres://db/placard?user=placard&password=se@ret&sslmode=disable":       "postgres://db/placard?user=placard&password=******&sslmode=disable",
		"postgres://placard@db/placard?password=se@ret":                            "postgres://placard@db/placard?password=******",
		"postgres://db/placard?sslpassword=secret":                                 "postgres://db/placard?sslpassword=******",
		"host=db user=placard password=secret port=1":                              "host=db user=placard password=****** port=1",
		`host=db Password = 'it\'s secret' port=1`:                                 `host=db Password = ************** port=1`,
		"password='secret":                         "password=*******",
		"postgres://placard@db:5432/placard":       "postgres://placard@db:5432/placard",
		"postgres://db:5432/placard":               "postgres://db:5432/placard",
		"sqlite:/var/lib/placard/placard.db":       "sqlite:/var/lib/placard/placard.db",
		"--public-url=https://placard.example.org": "--public-url=https://placard.example.org",
	} {
		got := []byte(argument)
		for _, secret := range secrets(argument) {
			for i := secret[0]; i < secret[1]; i++ {
				got[i] = '*'
			}
		}
		if string(got) != want {
			t.Errorf("%s: %s, want %s", argument, got, want)
		}
	}
}
