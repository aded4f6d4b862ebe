package transfer_test

import (
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// execute runs statements in the database of the source. Each must change a row.
func (s *source) execute(query string, args ...any) {
	s.Helper()
	db := openDB(s, s.url)
	defer func() { _ = db.Close() }()
	done, err := db.Exec(query, args...)
	if err != nil {
		s.Fatalf("%s: %v", query, err)
	}
	if n, err := done.RowsAffected(); n == 0 || err != nil {
		s.Fatalf("%s changed no rows (%v)", query, err)
	}
}

// addPeople adds authors, descriptions and times of changes.
func (s *source) addPeople(version models.ID) {
	s.Helper()
	described := must[*models.ArtifactVersion](s)(s.ArtifactVersion(everyone, models.ArtifactVersionRef{ID: ref(version.String())}, nil))
	_, _, err := s.UpdateProject(everyone, store.Call{}, nil,
		models.UpdateProjectInput{ProjectID: described.ProjectID.String(), Description: ref("# Churn\n\"who\" <leaves> 🦆")})
	must[any](s)(nil, err)
	_, _, err = s.UpdateArtifact(everyone, store.Call{}, nil,
		models.UpdateArtifactInput{ArtifactID: described.ArtifactID.String(), Description: ref("of an artifact\n")})
	must[any](s)(nil, err)
	_, _, err = s.UpdateArtifactVersion(everyone, store.Call{}, nil, models.UpdateArtifactVersionInput{
		ArtifactVersionSelector: storetest.Select(version), Description: ref("of a version"),
	})
	must[any](s)(nil, err)
	s.execute("UPDATE artifacts SET created_by = 'ci'")
	s.execute("UPDATE artifact_versions SET created_by = 'ann' WHERE id = $1", version)
	s.execute("UPDATE pipeline_runs SET created_by = 'ci', updated_at = started_at + 3")
	s.execute("UPDATE step_runs SET created_by = 'ann', updated_at = started_at + 2")
	s.execute("UPDATE alias_moves SET moved_by = 'bob' WHERE alias = 'prod'")
	s.execute("UPDATE tag_moves SET moved_by = 'bob' WHERE tag = 'a'")
	s.execute("UPDATE events SET created_by = 'bob' WHERE kind IN ('ALIAS_SET', 'TAG_ADDED')")
}

// erase erases a value that is not the latest of its key, one that is, and the reason of a retraction of a version.
func (s *source) erase(version models.ID) {
	s.Helper()
	target := models.MetadataTarget{ArtifactVersionID: ref(version.String())}
	s.log(target, `{"secret": "hunter3", "taken back": 1}`)
	s.log(target, `{"secret": "hunter3"}`)
	must[any](s)(nil, s.retract(version, "taken back", "hunter4"))
	s.eraseEntries(s.entryIDs("key = 'secret' OR reason = 'hunter4'"))
}

// entryIDs returns the IDs of the entries for which a condition holds.
func (s *source) entryIDs(where string) (ids []string) {
	db := openDB(s, s.url)
	defer func() { _ = db.Close() }()
	rows, err := db.Query("SELECT id FROM metadata_entries WHERE " + where + " ORDER BY seq")
	must[any](s)(nil, err)
	for rows.Next() {
		var id models.ID
		must[any](s)(nil, rows.Scan(&id))
		ids = append(ids, id.String())
	}
	must[any](s)(nil, rows.Err())
	return ids
}

func (s *source) eraseEntries(ids []string) {
	s.Helper()
	_, _, err := s.EraseMetadata(everyone, store.Call{}, nil, models.EraseMetadataInput{EntryIDs: ids, Reason: ref("private")})
	must[any](s)(nil, err)
}

// retract retracts a key of a version.
func (s *source) retract(version models.ID, key, reason string) error {
	_, _, err := s.RetractMetadata(everyone, store.Call{}, nil, store.Retraction{
		Target: models.MetadataTarget{ArtifactVersionID: ref(version.String())}, Keys: []models.MetadataKeyInput{{Key: key}},
		Reason: &reason,
	})
	return err
}

// reuse adds a step with the outputs "cached", which re-uses a version and has a waiting fact, and "lost", which
// re-used a deleted version.
func (s *source) reuse(version models.ID) {
	s.Helper()
	step, _, err := s.StartStepRun(everyone, store.Call{}, nil, models.StartStepRunInput{
		PipelineRunID: s.run.ID.String(), Name: "load", Outputs: []models.StepOutputDeclaration{{Name: "cached"}, {Name: "lost"}},
	})
	must[any](s)(nil, err)
	s.log(models.MetadataTarget{StepContext: &models.StepContext{StepRunID: step.ID.String(), ArtifactName: ref("cached")}},
		`{"waits": true}`)
	const bind = "UPDATE step_outputs SET bound_at = $1, reused_subject_id = $2, artifact_version_id = $3 WHERE name = $4"
	s.execute(bind, step.StartedAt.UnixMicro()+1, version, version, "cached")
	s.execute(bind, step.StartedAt.UnixMicro()+2, models.NewID(), nil, "lost")
}
