package storetest

import (
	"fmt"
	"net/url"
	"os"
	"testing"
)

// Role is a user of one database who may read and write all its tables and change none of them.
type Role struct {
	Name string
	// URL is that of the database with this user.
	URL string
	// Execute runs a statement in the database as the owner of its tables.
	Execute func(statement string)
}

// NewRole makes a user of the database at databaseURL. It is dropped when the test ends.
func NewRole(t testing.TB, databaseURL string) Role {
	t.Helper()
	name := fmt.Sprintf("placard_role_%d_%d", os.Getpid(), cluster.n.Add(1))
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, name)
	role := Role{name, u.String(), func(statement string) {
		t.Helper()
		if err := executeAt(databaseURL, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}}
	role.Execute("CREATE ROLE " + name + " LOGIN PASSWORD '" + name + "'")
	t.Cleanup(func() { role.Execute("DROP OWNED BY " + name); role.Execute("DROP ROLE " + name) })
	role.Execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + name)
	role.Execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO " + name)
	return role
}
