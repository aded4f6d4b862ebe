package near

import (
	"fmt"
	"strings"
	"testing"
)

// TestNames checks the threshold: a third of the longer name, in code points, without regard to case.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		find       func(string, []string) []string
		name, want string
		candidates []string
	}{
		{Names, "modle", "[model]", []string{"report", "model"}},
		{Names, "MODEL", "[model]", []string{"model"}},
		{Names, "abc", "[abd]", []string{"abd", "ade"}},
		{Names, "äöü", "[äöx]", []string{"äöx", "äxx"}},
		{Names, "chrun_model", "[churn_model churn_modle]", []string{"churn_modle", "training_data", "churn_model"}},
		{Names, "13", "[]", []string{"12", "1"}},
		{Names, "", "[]", []string{"a"}},
		{Names, strings.Repeat("a", 5000), "[" + strings.Repeat("a", 5001) + "]", []string{strings.Repeat("a", 5001)}},
		{Identifiers, "createArtifact", "[createArtifactVersion]", []string{"deleteArtifact", "createArtifactVersion"}},
		{Identifiers, "createPipelineRun", "[]", []string{"deletePipelineRun", "startPipelineRun"}},
		{Identifiers, "artifactversion", "[artifactVersion artifactVersions]", []string{"artifactVersions", "artifactVersion"}},
		{Identifiers, "getArtifact", "[artifact]", []string{"artifact"}},
		{Identifiers, "logMetadta", "[logMetadata]", []string{"logMetadata"}},
		{Identifiers, "ä", "[]", []string{"artifactVersion"}},
		{Identifiers, "NAME", "[name]", []string{"name"}},
	} {
		if got := fmt.Sprint(c.find(c.name, c.candidates)); got != c.want {
			t.Errorf("%.20q: got %s, want %s", c.name, got, c.want)
		}
	}
	if got := Quote(First([]string{"b"}, []string{"a", "b"})); got != `"b", "a"` {
		t.Error(got)
	}
	if got := Quote(make([]string, 42)); !strings.HasSuffix(got, `"" and 2 more`) {
		t.Error(got)
	}
	if got := Truncate(strings.Repeat("ä", 101)); got != strings.Repeat("ä", 99)+"…" {
		t.Error(got)
	}
}
