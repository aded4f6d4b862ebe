package sqllint

import "strings"

// exemption allows the functions with a prefix to send statements that reach several projects. onlyLookUp restricts it
// to statements that read rows without a lock, a join or a subquery, so that they can be sent to each node.
type exemption struct {
	prefix     string
	onlyLookUp bool
	reason     string
}

// exemptions are as few as possible.
var exemptions = []exemption{
	{"access.loadByID", true, "an owner's call that has nothing but the IDs of objects"},
	{"access.(*Tx).GroupByProject", true, "finds the projects of IDs, before statements that lock or join"},
	{"access.(*Tx).TablesWithID", true, "finds the type of an ID for node(id), and for the message of a wrong ID"},
	{"entries.ByID", true, "an owner's call that has nothing but the IDs of entries"},
	{"erasure.Find", true, "an owner's call that has nothing but the IDs of entries"},
	{"internal/store.(*Store).selectVersions", true, "finds the project of versions that an owner selects by ID"},
	{"internal/store.findReplay", true, "the scope of an idempotency key is any project of its caller"},
	{"expiry.", false, "maintenance deletes the expired idempotency keys of all projects"},
	{"bulk.", false, "an import compares its IDs with those of all projects"},
	{"engine.(*statistics).", false, "ANALYZE has no project"},
	{"engine.migrate", false, "migrations change the rows of all projects"},
}

// isExempt reports whether a statement of the functions, innermost first, is exempt.
func isExempt(functions []string, isLookUp bool) bool {
	for _, function := range functions {
		for _, one := range exemptions {
			if (isLookUp || !one.onlyLookUp) && strings.HasPrefix(function, one.prefix) {
				return true
			}
		}
	}
	return false
}
