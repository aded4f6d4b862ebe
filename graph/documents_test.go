package graph_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

var documentBlock = regexp.MustCompile("(?s)```(graphql|json)\n(.*?)```")

// TestQueriesDocument sends the requests of docs/queries.md and compares the responses.
func TestQueriesDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/queries.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := documentBlock.FindAllStringSubmatch(string(text), -1)
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		known := map[string]string{}
		answers := 0
		var last map[string]any
		for _, block := range blocks {
			if block[1] == "graphql" {
				query := block[2]
				for name, value := range known {
					query = strings.ReplaceAll(query, "<"+name+">", value)
				}
				if last, _ = a.do(query, ""); last["errors"] != nil {
					t.Fatalf("%s\n%v", block[2], last["errors"])
				}
				continue
			}
			answers++
			if err := fits(last["data"], decode(t, []byte(block[2])), known); err != nil {
				got, _ := json.MarshalIndent(last["data"], "", " ")
				t.Errorf("%v\n%s\n%s", err, block[2], got)
			}
		}
		if answers < 6 {
			t.Errorf("only %d answers", answers)
		}
	})
}
