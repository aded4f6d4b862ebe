package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// The steps that prepare the data: load, clean, split. Each reads the file that the step before it wrote.

// describe says what every table can say of itself: how large it is, where it lies, what is in it.
func describe(t table, file object) object {
	types, balance := object{}, object{}
	for _, c := range columns {
		types = append(types, field{c.name, asDType(c.dtype)})
	}
	for _, c := range t.speciesCounts() {
		balance = append(balance, field{c.name, c.n})
	}
	facts := object{
		{"row_count", len(t)},
		{"shape", asTuple(len(t), len(columns))},
		{"species", asSet(t.species())},
	}
	facts = append(facts, file...)
	return append(facts, field{"columns", types}, field{"class balance", balance})
}

// load stores the published table and describes it, before its version is saved: the server infers the one output.
func (r *run) load(ctx context.Context) error {
	return r.step(ctx, "load", nil, []string{rawArtifact}, func(ctx context.Context, s *step) (err error) {
		file, err := r.write("penguins_raw.csv", rawCSV)
		if err != nil {
			return err
		}
		t, err := readTable(r.file("penguins_raw.csv"))
		if err != nil {
			return err
		}
		gaps := object{}
		for _, c := range t.missingCounts() {
			gaps = append(gaps, field{c.name, c.n})
		}
		sum := sha256.Sum256(rawCSV)
		facts := append(describe(t, file),
			field{"sha256", hex.EncodeToString(sum[:])},
			field{"source", asURI(sourceURI)},
			field{"licence", "CC0-1.0"},
			field{"loaded_at", asTimestamp(time.Now())},
			field{"note", asMarkdown("**Palmer Penguins**, collected by Dr. Kristen Gorman and the Palmer Station LTER. " +
				"Please cite [Horst, Hill and Gorman (2020)](" + sourceURI + ").")},
			field{"missing values", gaps},
			field{"incomplete rows", object{
				{string(everyColumn), t.incomplete(everyColumn)},
				{string(everyMeasure), t.incomplete(everyMeasure)},
			}},
		)
		if err := s.log(ctx, toOnlyOutput(s.id), "facts", facts); err != nil {
			return err
		}
		r.raw, err = s.save(ctx, rawArtifact, "Dataset")
		return err
	})
}

// clean removes the rows with gaps or fills the gaps. Which of the two is decided by what the step before logged about
// the raw version, without reading a row.
func (r *run) clean(ctx context.Context) error {
	return r.step(ctx, "clean", []version{r.raw}, []string{cleanArtifact}, func(ctx context.Context, s *step) error {
		g, err := r.client.readGate(ctx, r.raw, r.parameters.require)
		if err != nil {
			return err
		}
		g.minKeep = r.parameters.minKeep
		raw, err := readTable(r.file("penguins_raw.csv"))
		if err != nil {
			return err
		}
		t, decision := r.applyGate(g, raw)
		file, err := r.write("penguins_clean.csv", t.encode())
		if err != nil {
			return err
		}
		facts := append(describe(t, file), field{"cleaning", decision})
		if err := s.log(ctx, toOnlyOutput(s.id), "facts", facts); err != nil {
			return err
		}
		r.cleaned, err = s.save(ctx, cleanArtifact, "Dataset")
		return err
	})
}

// applyGate cleans as the gate decides, and returns the decision with its reasons as a card.
func (r *run) applyGate(g gate, raw table) (table, object) {
	var t table
	var filled int
	// Null says that nothing was filled in, and that this is known.
	var with any
	decision := "drop incomplete rows"
	if g.drops() {
		t = drop(raw, r.parameters.require)
	} else {
		decision = "fill gaps"
		with = "median of the known values"
		t, filled = impute(raw)
	}
	return t, object{
		{"decision", decision},
		{"require", string(r.parameters.require)},
		{"keep_share_if_dropped", float(g.keepShare())},
		{"min_keep_share", float(g.minKeep)},
		{"decided_from", fmt.Sprintf("%s version %s: %d of %d rows incomplete",
			r.raw.Artifact, r.raw.Version, g.incomplete, g.rows)},
		{"rows_dropped", len(raw) - len(t)},
		{"values_filled", filled},
		{"filled_with", with},
	}
}

// split keeps a part of each species for the test. The facts of both outputs and of the step itself go in one batch:
// all of them or none. A step context may name an output or the artifact that it will become; both are shown.
func (r *run) split(ctx context.Context) error {
	artifacts := []string{trainArtifact, testArtifact}
	return r.step(ctx, "split", []version{r.cleaned}, artifacts, func(ctx context.Context, s *step) error {
		cleaned, err := readTable(r.file("penguins_clean.csv"))
		if err != nil {
			return err
		}
		trainSet, testSet, err := split(cleaned, r.parameters.testShare, r.parameters.seed)
		if err != nil {
			return err
		}
		trainFile, err := r.write("penguins_train.csv", trainSet.encode())
		if err != nil {
			return err
		}
		testFile, err := r.write("penguins_test.csv", testSet.encode())
		if err != nil {
			return err
		}
		err = r.client.logMetadataBatch(ctx, []object{
			{{"target", toOutput(s.id, "train")}, {"metadata", describe(trainSet, trainFile)}},
			{{"target", toOutput(s.id, testArtifact)}, {"metadata", describe(testSet, testFile)}},
			{{"target", toStepRun(s.id)}, {"metadata", object{
				{"seed", r.parameters.seed},
				{"test_share", float(r.parameters.testShare)},
				{"stratified_by", "species"},
			}}},
		}, s.id+"/facts")
		if err != nil {
			return err
		}
		if r.train, err = s.save(ctx, trainArtifact, "Dataset"); err != nil {
			return err
		}
		r.test, err = s.save(ctx, testArtifact, "Dataset")
		return err
	})
}
