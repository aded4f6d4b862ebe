package main

import (
	"strings"
	"testing"
	"time"
)

func TestSummarize(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events string
		want   string
		ok     bool
	}{
		"passed": {`{"Action":"start","Package":"a"}
			{"Action":"output","Package":"a","Test":"TestOne","Output":"noise\n"}
			{"Action":"pass","Package":"a","Test":"TestOne"}
			{"Action":"output","Package":"a","Test":"TestTwo","Output":"    a_test.go:1: this test needs strace\n"}
			{"Action":"skip","Package":"a","Test":"TestTwo"}
			{"Action":"output","Package":"a","Test":"TestThree","Output":"    a_test.go:2: runs in a process of its own\n"}
			{"Action":"skip","Package":"a","Test":"TestThree"}
			{"Action":"pass","Package":"a","Elapsed":1.5}
			{"Action":"skip","Package":"no/tests"}`,
			"ok    a\t1.5s\n" +
				"1 tests in 1 packages passed, 0 tests in 0 packages failed, in 0 s; left to CI, because this machine lacks: strace (1)\n", true},
		"failed": {`{"Action":"output","Package":"a","Test":"TestOne","Output":"    a_test.go:1: wrong\n"}
			{"Action":"fail","Package":"a","Test":"TestOne"}
			{"Action":"fail","Package":"a","Elapsed":2}
			{"Action":"build-output","ImportPath":"b","Output":"b.go:1: syntax error\n"}
			{"Action":"fail","Package":"b"}`,
			"    a_test.go:1: wrong\nFAIL  a\t2.0s\nb.go:1: syntax error\nFAIL  b\t0.0s\n" +
				"0 tests in 0 packages passed, 1 tests in 2 packages failed, in 0 s; nothing is left to CI\n", false},
		"nothing": {"", "0 tests in 0 packages passed, 0 tests in 0 packages failed, in 0 s; nothing is left to CI\n", false},
	} {
		var out strings.Builder
		ok, err := summarize(strings.NewReader(c.events), &out, time.Now())
		if err != nil || ok != c.ok || out.String() != c.want {
			t.Errorf("%s: %v %v\n%s", name, ok, err, out.String())
		}
	}
}
