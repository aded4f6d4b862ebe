package main

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestRetrySendsTheSameBytes(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"server gone": {http.StatusBadGateway, "<html>"},
		"overloaded":  {http.StatusOK, `{"errors": [{"message": "busy", "extensions": {"code": "OVERLOADED", "retryable": true}}]}`},
	} {
		f, c := newFake(t)
		f.refuse = func(request) (int, string) {
			if len(f.asked) < 3 {
				return answer.status, answer.body
			}
			return 0, ""
		}
		id, err := c.startPipelineRun(t.Context(), "penguins", "key")
		if err != nil || id != "pipeline-run-3" {
			t.Errorf("%s: run %q (%v)", name, id, err)
		}
		if last := f.asked[2].body; f.asked[0].body != last || f.asked[1].body != last {
			t.Errorf("%s: the attempts differ", name)
		}
	}
}

func TestFloatStaysFloat(t *testing.T) {
	t.Parallel()
	for value, want := range map[float]string{1: "1.0", 0.5: "0.5", 1e22: "1e+22", -3: "-3.0"} {
		if got, err := json.Marshal(object{{"f", value}}); err != nil || string(got) != `{"f":`+want+`}` {
			t.Errorf("%v is written %s (%v)", float64(value), got, err)
		}
	}
}
