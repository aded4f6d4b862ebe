package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// A model classifies penguins by their k nearest neighbours in the training set.
type model struct {
	features   []string
	k          int
	deviations []float64
	points     [][]float64
	labels     []string
}

// train returns a model. The standard deviation of each feature in the training set is its unit of distance.
func train(t table, features []string, k int) (*model, error) {
	m := &model{features: features, k: k}
	for _, row := range t {
		point, err := m.point(row)
		if err != nil {
			return nil, err
		}
		m.points, m.labels = append(m.points, point), append(m.labels, row[0])
	}
	for f := range features {
		mean, variance, n := 0.0, 0.0, float64(len(t))
		for _, point := range m.points {
			mean += point[f] / n
		}
		for _, point := range m.points {
			variance += (point[f] - mean) * (point[f] - mean) / n
		}
		m.deviations = append(m.deviations, math.Sqrt(variance))
	}
	return m, nil
}

// point returns the features of a row. All must be known.
func (m *model) point(row []string) (point []float64, err error) {
	point = make([]float64, len(m.features))
	for i, name := range m.features {
		if point[i], err = strconv.ParseFloat(row[slices.Index(columns, name)], 64); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return point, nil
}

// predict returns the most frequent species of the k nearest neighbours. The nearest neighbour wins a tie of species,
// the earlier row a tie of distances.
func (m *model) predict(row []string) (string, error) {
	point, err := m.point(row)
	if err != nil {
		return "", err
	}
	squares, order := make([]float64, len(m.points)), make([]int, len(m.points))
	for i, other := range m.points {
		order[i] = i
		for f := range other {
			squares[i] += math.Pow((point[f]-other[f])/m.deviations[f], 2)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(squares[a], squares[b]) })
	votes, best := map[string]int{}, m.labels[order[0]]
	for _, i := range order[:m.k] {
		votes[m.labels[i]]++
	}
	for _, i := range order[:m.k] {
		if votes[m.labels[i]] > votes[best] {
			best = m.labels[i]
		}
	}
	return best, nil
}
