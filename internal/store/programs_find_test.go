package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// sought is a value of a key, or a tag.
type sought struct{ card, key, sortKey, tag string }

// mapToAny are IDs by the name of their list.
type mapToAny map[string]map[models.ID]bool

func (o mapToAny) add(list string, id models.ID) {
	if o[list] == nil {
		o[list] = map[models.ID]bool{}
	}
	o[list][id] = true
}

// findProblems compares what searches find with the entries and tags, now and as of now, and lists the differences.
func (db *migrated) findProblems(s *store.Store) (problems []string) {
	db.Helper()
	wanted := map[sought]mapToAny{}
	db.readTags(wanted)
	db.readEntries(wanted)
	if len(wanted) < 4 && db.count("artifact_versions") > 0 {
		db.Fatalf("only %d values and tags are looked for", len(wanted))
	}
	later := models.Time{Time: time.Now().Add(time.Hour)}
	for what, want := range wanted {
		for _, asOf := range []*models.Time{nil, &later} {
			found, err := search(s, what, asOf)
			if err != nil {
				db.Fatal(err)
			}
			for _, list := range []string{"versions", "steps", "runs"} {
				if fmt.Sprint(sorted(found[list])) != fmt.Sprint(sorted(want[list])) {
					problems = append(problems, fmt.Sprintf("%s with %+v (asOf %v): found %v, wanted %v", list, what, asOf != nil,
						sorted(found[list]), sorted(want[list])))
				}
			}
		}
	}
	return problems
}

func sorted(ids map[models.ID]bool) (texts []string) {
	for id := range ids {
		texts = append(texts, id.String())
	}
	slices.Sort(texts)
	return texts
}

func (db *migrated) count(table string) (n int) {
	db.Helper()
	if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
		db.Fatal(err)
	}
	return n
}

// readTags adds the versions with each tag. A tag that was removed has no version.
func (db *migrated) readTags(wanted map[sought]mapToAny) {
	db.each("SELECT tag, artifact_version_id, true FROM tags UNION ALL SELECT tag, artifact_version_id, false FROM tag_moves", func(rows *sql.Rows) error {
		var tag string
		var version models.ID
		var tagged bool
		err := rows.Scan(&tag, &version, &tagged)
		if wanted[sought{tag: tag}] == nil {
			wanted[sought{tag: tag}] = mapToAny{}
		}
		if tagged {
			wanted[sought{tag: tag}].add("versions", version)
		}
		return err
	})
}

// readEntries adds the objects whose last entry of a key has the value, for each value that the key ever had.
func (db *migrated) readEntries(wanted map[sought]mapToAny) {
	last := map[[3]string]func(){}
	db.each(`SELECT e.subject_id, e.card, e.key, e.kind, e.value, v.id, s.id, r.id FROM metadata_entries e
		LEFT JOIN artifact_versions v ON v.subject_id = e.subject_id LEFT JOIN step_runs s ON s.id = e.subject_id
		LEFT JOIN pipeline_runs r ON r.id = e.subject_id ORDER BY e.seq`, func(rows *sql.Rows) error {
		var subject, version, step, run models.ID
		var what sought
		var kind, value sql.NullString
		if err := rows.Scan(&subject, &what.card, &what.key, &kind, &value, &version, &step, &run); err != nil {
			return err
		}
		slot := [3]string{subject.String(), what.card, what.key}
		if last[slot] = func() {}; !kind.Valid {
			return nil
		}
		form, err := models.DecodeSearchKeys(models.MetadataKind(kind.String), value.String)
		if err != nil {
			return err
		}
		what.sortKey = form.SortKey
		if wanted[what] == nil {
			wanted[what] = mapToAny{}
		}
		last[slot] = func() {
			for list, id := range map[string]models.ID{"versions": version, "steps": step, "runs": run} {
				if !id.IsZero() {
					wanted[what].add(list, id)
				}
			}
		}
		return nil
	})
	for _, add := range last {
		add()
	}
}

func (db *migrated) each(query string, read func(rows *sql.Rows) error) {
	db.Helper()
	rows, err := db.Query(query)
	if err != nil {
		db.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := read(rows); err != nil {
			db.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		db.Fatal(err)
	}
}

// search returns the objects with a value or a tag.
func search(s *store.Store, what sought, asOf *models.Time) (mapToAny, error) {
	found, page := mapToAny{}, models.Page{Size: 100}
	question := models.ListQuery{Filter: metadata(what.card, what.key, models.ValueCondition{In: []string{what.sortKey}}),
		AsOf: asOf}
	if what.tag != "" {
		question.Filter = &models.Filter{Field: "tag", Conditions: []models.FieldCondition{{Op: "eq", Values: []any{what.tag}}}}
	}
	versions, err := s.SearchVersions(everyone, "default", question, page)
	if err != nil {
		return nil, err
	}
	for _, v := range versions.Nodes() {
		found.add("versions", v.ID)
	}
	if what.tag != "" {
		return found, nil
	}
	steps, err := s.SearchStepRuns(everyone, "default", question, page)
	if err != nil {
		return nil, err
	}
	for _, step := range steps.Nodes() {
		found.add("steps", step.ID)
	}
	question.AsOf = nil // searches of pipeline runs have no past
	runs, err := s.SearchPipelineRuns(everyone, "default", question, page)
	if err != nil {
		return nil, err
	}
	for _, run := range runs.Nodes() {
		found.add("runs", run.ID)
	}
	return found, nil
}
