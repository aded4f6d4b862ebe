package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
)

// A model classifies penguins by their k nearest neighbours in the training set. Its JSON form is the file that the
// pipeline stores: all that is needed to predict again.
type model struct {
	Features   []string    `json:"features"`
	K          int         `json:"k"`
	Means      []float64   `json:"means"`
	Deviations []float64   `json:"deviations"`
	Points     [][]float64 `json:"points"`
	Labels     []string    `json:"labels"`
}

// train fits a model to the named measures. Every measure is standardised by the mean and the deviation of the training
// set alone, so that grams do not outweigh millimetres and nothing is learnt from the test set.
func train(t table, features []string, k int) (*model, error) {
	if k < 1 || k > len(t) {
		return nil, fmt.Errorf("k is %d, not between 1 and the %d rows", k, len(t))
	}
	m := &model{Features: features, K: k}
	for _, p := range t {
		point, err := m.features(p)
		if err != nil {
			return nil, err
		}
		m.Points = append(m.Points, point)
		m.Labels = append(m.Labels, p.species)
	}
	for f := range features {
		mean, deviation := moments(m.Points, f)
		m.Means = append(m.Means, mean)
		m.Deviations = append(m.Deviations, deviation)
	}
	for _, point := range m.Points {
		m.standardise(point)
	}
	return m, nil
}

// features picks the model's measures of a penguin; each must be known.
func (m *model) features(p penguin) ([]float64, error) {
	point := make([]float64, len(m.Features))
	for i, name := range m.Features {
		column := slices.Index(measures, name)
		if column < 0 {
			return nil, fmt.Errorf("no measure is called %q", name)
		}
		point[i] = p.measures[column]
		if math.IsNaN(point[i]) {
			return nil, fmt.Errorf("a row has no %s", name)
		}
	}
	return point, nil
}

// moments returns the mean and the population standard deviation of one coordinate. A deviation of zero becomes one,
// because a constant measure must not divide by zero.
func moments(points [][]float64, coordinate int) (mean, deviation float64) {
	n := float64(len(points))
	for _, point := range points {
		mean += point[coordinate] / n
	}
	for _, point := range points {
		deviation += (point[coordinate] - mean) * (point[coordinate] - mean) / n
	}
	if deviation == 0 {
		return mean, 1
	}
	return mean, math.Sqrt(deviation)
}

// standardise scales a point in place.
func (m *model) standardise(point []float64) {
	for i := range point {
		point[i] = (point[i] - m.Means[i]) / m.Deviations[i]
	}
}

// predict names the species that most of the k nearest neighbours have. Among species with equally many, the nearest
// neighbour decides; among equally near neighbours, the earlier row.
func (m *model) predict(p penguin) (string, error) {
	point, err := m.features(p)
	if err != nil {
		return "", err
	}
	m.standardise(point)
	type neighbour struct {
		distance float64
		label    string
	}
	neighbours := make([]neighbour, len(m.Points))
	for i, other := range m.Points {
		neighbours[i] = neighbour{squaredDistance(point, other), m.Labels[i]}
	}
	slices.SortStableFunc(neighbours, func(a, b neighbour) int { return cmp.Compare(a.distance, b.distance) })

	votes := map[string]int{}
	for _, n := range neighbours[:m.K] {
		votes[n.label]++
	}
	best := neighbours[0].label
	for _, n := range neighbours[:m.K] {
		if votes[n.label] > votes[best] {
			best = n.label
		}
	}
	return best, nil
}

// squaredDistance is the square of the Euclidean distance, which orders neighbours in the same way.
func squaredDistance(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return sum
}

// readModel reads a model from its file.
func readModel(path string) (*model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &model{}
	return m, json.Unmarshal(data, m)
}
