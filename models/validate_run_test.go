package models

import (
	"errors"
	"testing"
)

func TestClientID(t *testing.T) {
	t.Parallel()
	for text, valid := range map[string]bool{
		"01a2159e-ae50-7772-bf34-4eda708cc145":                             true,
		"0b7c2f0e-3c3a-4b6e-8f5d-0c1d2e3f4a5b":                             true,
		"0B7C2F0E-3C3A-4B6E-8F5D-0C1D2E3F4A5B":                             false, // upper case
		"0b7c2f0e-3c3a-1b6e-8f5d-0c1d2e3f4a5b":                             false, // version 1
		"0b7c2f0e-3c3a-8b6e-8f5d-0c1d2e3f4a5b":                             false, // version 8
		"0b7c2f0e-3c3a-4b6e-cf5d-0c1d2e3f4a5b":                             false, // another variant
		"0b7c2f0e3c3a4b6e8f5d0c1d2e3f4a5b":                                 false,
		"{0b7c2f0e-3c3a-4b6e-8f5d-0c1d2e3f4a5b}":                           false,
		"00000000-0000-0000-0000-000000000000":                             false,
		"01a2159e-ae50-7772-bf34-4eda708cc145@2026-01-02T03:04:05.000000Z": false,
		"": false, "run-1": false,
	} {
		err := (&StartPipelineRunInput{Pipeline: "p", ClientID: &text}).Check(NewPath("input"))
		if valid != (err == nil) {
			t.Errorf("%q: %v", text, err)
		}
		var failure *Error
		if !valid && (!errors.As(err, &failure) || failure.Code != CodeBadInput || failure.Path[1] != "clientId") {
			t.Errorf("%q: %+v", text, err)
		}
		for _, other := range []error{
			(&StartStepRunInput{Name: "s", ClientID: &text}).Check(NewPath("input")),
			(&CreateArtifactVersionInput{Artifact: "a", ClientID: &text}).Check(NewPath("input")),
		} {
			if valid != (other == nil) {
				t.Errorf("%q: %v", text, other)
			}
		}
	}
}
