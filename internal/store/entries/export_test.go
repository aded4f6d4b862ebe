package entries

import "github.com/placard/placard/models"

// Relabel gives the cached state of a subject another revision, as a reader would do that reads revision and rows by two
// statements.
func (c *Cache) Relabel(project, subject models.ID, revision int64) {
	key := subjectKey{project, subject}
	relabelled := *c.get(key)
	relabelled.revision = revision
	c.put(key, &relabelled)
}
