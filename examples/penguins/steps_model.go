package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// The steps that make and judge the model: train, evaluate, and the choice of the best.

// The alias and the tag that mark the best model.
const (
	bestAlias = "best"
	bestTag   = "champion"
)

// fit trains the model. Its facts are logged while the step runs, before the model is saved.
func (r *run) fit(ctx context.Context) error {
	return r.step(ctx, "train", []version{r.train}, []string{modelArtifact}, func(ctx context.Context, s *step) error {
		t, err := readTable(r.file("penguins_train.csv"))
		if err != nil {
			return err
		}
		begin := time.Now()
		m, err := train(t, r.parameters.features, r.parameters.k)
		if err != nil {
			return err
		}
		took := time.Since(begin)
		data, err := json.Marshal(m)
		if err != nil {
			return err
		}
		file, err := r.write("penguins_model.json", data)
		if err != nil {
			return err
		}
		facts := object{
			{"algorithm", "k nearest neighbours"},
			{"species", asSet(t.species())},
			{"training_shape", asTuple(len(t), len(m.Features))},
			{"trained_at", asTimestamp(time.Now())},
			{"training_time", asDuration(took)},
		}
		facts = append(facts, file...)
		facts = append(facts, field{"parameters", r.parameters.card()}, field{"standardisation", m.scales()})
		if err := s.log(ctx, toOnlyOutput(s.id), "facts", facts); err != nil {
			return err
		}
		r.model, err = s.save(ctx, modelArtifact, "Model", "knn")
		return err
	})
}

// scales shows the mean and the deviation of each feature as a card.
func (m *model) scales() object {
	card := object{}
	for i, name := range m.Features {
		card = append(card, field{name, object{{"mean", float(m.Means[i])}, {"deviation", float(m.Deviations[i])}}})
	}
	return card
}

// evaluate tests the model on the rows that it has not seen. What it finds belongs to the model's version, which another
// step saved: it is selected once by its name and once by its ID.
func (r *run) evaluate(ctx context.Context) error {
	inputs := []version{r.test, r.model}
	return r.step(ctx, "evaluate", inputs, []string{evaluationArtifact}, func(ctx context.Context, s *step) error {
		truth, predicted, err := r.predictTestSet()
		if err != nil {
			return err
		}
		e := evaluate(truth, predicted, classes(truth, predicted))
		r.accuracy = e.accuracy
		if err := r.client.logEntries(ctx, toVersionID(r.model.ID), e.metrics(), s.id+"/metrics"); err != nil {
			return err
		}
		if err := s.log(ctx, toVersion(modelArtifact, r.model.Version), "classes", e.classCards()); err != nil {
			return err
		}
		lines := [][]string{{"species", "predicted"}}
		wrong := 0
		for i := range truth {
			lines = append(lines, []string{truth[i], predicted[i]})
			if truth[i] != predicted[i] {
				wrong++
			}
		}
		file, err := r.write("penguins_evaluation.csv", encodeCSV(lines))
		if err != nil {
			return err
		}
		facts := append(object{
			{"model_version", r.model.Version},
			{"row_count", len(truth)},
			{"wrong", wrong},
			{"accuracy", float(e.accuracy)},
			{"note", asMarkdown(fmt.Sprintf("The model of **%d** neighbours names **%d of %d** test penguins right.",
				r.parameters.k, len(truth)-wrong, len(truth)))},
		}, file...)
		if err := s.log(ctx, toOnlyOutput(s.id), "facts", facts); err != nil {
			return err
		}
		r.evaluation, err = s.save(ctx, evaluationArtifact, "Evaluation")
		return err
	})
}

// predictTestSet reads test set and model from their files and returns the true and the predicted species of each row.
func (r *run) predictTestSet() (truth, predicted []string, err error) {
	t, err := readTable(r.file("penguins_test.csv"))
	if err != nil {
		return nil, nil, err
	}
	m, err := readModel(r.file("penguins_model.json"))
	if err != nil {
		return nil, nil, err
	}
	for _, p := range t {
		guess, err := m.predict(p)
		if err != nil {
			return nil, nil, err
		}
		truth = append(truth, p.species)
		predicted = append(predicted, guess)
	}
	return truth, predicted, nil
}

// metrics is the card metrics as typed entries: each value names its kind by the field it is in.
func (e evaluation) metrics() []object {
	rows := []object{}
	for _, row := range e.confusion {
		cells := []object{}
		for _, n := range row {
			cells = append(cells, object{{"integer", n}})
		}
		rows = append(rows, object{{"list", cells}})
	}
	labels, total := []object{}, 0
	for _, s := range e.scores {
		labels = append(labels, object{{"string", s.class}})
		total += s.support
	}
	entry := func(key string, value object) object {
		return object{{"key", key}, {"card", "metrics"}, {"value", value}}
	}
	return []object{
		entry("accuracy", object{{"float", e.accuracy}}),
		entry("macro_f1", object{{"float", e.macroF1}}),
		entry("test_rows", object{{"integer", total}}),
		entry("confusion_labels", object{{"list", labels}}),
		entry("confusion_matrix", object{{"list", rows}}),
	}
}

// classCards is one card per class.
func (e evaluation) classCards() object {
	cards := object{}
	for _, s := range e.scores {
		cards = append(cards, field{"class " + s.class, object{
			{"precision", float(s.precision)},
			{"recall", float(s.recall)},
			{"f1", float(s.f1)},
			{"support", s.support},
		}})
	}
	return cards
}

// promote points the alias best at this run's model and moves the tag, unless the model there now, of an earlier
// invocation, is as good.
func (r *run) promote(ctx context.Context) error {
	champion, err := r.client.readChampion(ctx)
	if err != nil {
		return err
	}
	if champion.ID != "" && champion.accuracy >= r.accuracy {
		return nil
	}
	if err := r.client.promote(ctx, r.model.ID, bestAlias, bestTag); err != nil {
		return err
	}
	if champion.ID != "" {
		if err := r.client.demote(ctx, champion.ID, bestTag); err != nil {
			return err
		}
	}
	note := fmt.Sprintf("Best of %d runs by accuracy on its test set of unseen rows. A difference of **one or two "+
		"penguins** is within chance.", len(experiments))
	return r.client.logMetadata(ctx, toAlias(modelArtifact, bestAlias), object{{"note", asMarkdown(note)}}, r.id+"/promote")
}
