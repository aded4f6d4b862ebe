package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// oracleConsumer is a step run that read a version.
type oracleConsumer struct {
	oracleProducer
	startedAt time.Time
}

// oracleConsumed returns the condition of a ConsumerFilter: one of the consumers matches the conditions.
func oracleConsumed(filter map[string]any) oracleTest {
	rest := maps.Clone(filter)
	delete(rest, "exists")
	matches := oracleProduced(rest)
	return func(s *oracleStanding) bool {
		exists, isSet := filter["exists"].(bool)
		if isSet && exists != (len(s.consumers) > 0) {
			return false
		}
		return len(rest) == 0 || slices.ContainsFunc(s.consumers, func(c oracleConsumer) bool {
			return matches(&oracleStanding{oracleVersion: &oracleVersion{producer: &c.oracleProducer}})
		})
	}
}

// oracleID returns the condition of an IDFilter.
func oracleID(filter map[string]any) oracleTest {
	return func(s *oracleStanding) bool {
		for name, operand := range filter {
			list, _ := operand.([]any)
			var holds bool
			switch name {
			case "eq":
				holds = operand == s.id
			case "ne":
				holds = operand != s.id
			case "in":
				holds = slices.Contains(list, any(s.id))
			case "notIn":
				holds = !slices.Contains(list, any(s.id))
			}
			if !holds {
				return false
			}
		}
		return true
	}
}

// consume starts step runs that read versions, one of them under two names.
func (l *loader) consume() {
	for range 6 {
		step := l.runs[l.rng.IntN(len(l.runs))]
		step.step = l.pick(sampleSteps)
		var inputs []any
		var read []*oracleVersion
		for i := range 12 {
			version := l.versions[l.rng.IntN(len(l.versions))]
			inputs = append(inputs, map[string]any{"name": fmt.Sprint("in", i), "artifactVersionId": version.id})
			read = append(read, version)
		}
		inputs = append(inputs, map[string]any{"name": "again", "artifactVersionId": read[0].id})
		started := l.mutate(`startStepRun`, `stepRun { id startedAt }`, map[string]any{
			"pipelineRunId": step.pipelineRun, "name": step.step, "inputs": inputs,
		})["stepRun"].(map[string]any)
		step.stepRun = started["id"].(string)
		for _, version := range read {
			version.consumers = append(version.consumers, oracleConsumer{step, l.instant(started["startedAt"])})
		}
	}
}

// drawIDFilter draws an IDFilter near the IDs of versions, with some text that is no ID.
func drawIDFilter(t *rapid.T) map[string]any {
	filter := map[string]any{}
	draw := func() any {
		n := drawIndex(t, 330, "version")
		return here(func(world *oracleWorld) string {
			if n >= len(world.versions) {
				return "no ID"
			}
			return world.versions[n].id
		})
	}
	for _, name := range drawConditions(t, []string{"eq", "in", "ne", "notIn"}) {
		if name == "eq" || name == "ne" {
			filter[name] = draw()
			continue
		}
		list := []any{}
		for range drawIndex(t, 5, "operands") {
			list = append(list, draw())
		}
		filter[name] = list
	}
	return filter
}

// drawConsumerFilter draws a ConsumerFilter.
func drawConsumerFilter(t *rapid.T) map[string]any {
	return drawRunFilter(t, func(version *oracleVersion) *oracleProducer {
		if len(version.consumers) == 0 {
			return nil
		}
		return &version.consumers[len(version.consumers)-1].oracleProducer
	})
}
