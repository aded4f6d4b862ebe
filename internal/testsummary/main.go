// Testsummary reads the events of go test -json from its standard input. It prints a line per package, the output of
// failed tests, and at the end one line with counts and with what this machine lacks to run the skipped tests.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

func main() {
	ok, err := summarize(os.Stdin, os.Stdout, time.Now())
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// An event is a line of go test -json. A build error has an ImportPath in place of Package.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// need begins the message of a test that is skipped because of the machine: see storetest.Lacks.
const need = "this test needs "

// summarize reports whether at least one package passed and nothing failed.
func summarize(in io.Reader, out io.Writer, start time.Time) (bool, error) {
	outputs := map[string]*strings.Builder{} // by package and test, until the test ends
	counts := map[string]int{}               // of tests by action
	failed, passed := 0, 0                   // packages
	missing := map[string]int{}              // skipped tests by need
	decoder := json.NewDecoder(bufio.NewReader(in))
	for {
		var e event
		if err := decoder.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return false, err
		}
		key := e.Package + " " + e.Test
		if outputs[key] == nil {
			outputs[key] = &strings.Builder{}
		}
		switch e.Action {
		case "output":
			outputs[key].WriteString(e.Output)
			continue
		case "build-output":
			fmt.Fprint(out, e.Output)
			continue
		case "pass", "fail", "skip":
		default:
			continue
		}
		text := outputs[key].String()
		delete(outputs, key)
		if e.Action == "fail" {
			fmt.Fprint(out, text)
		}
		if e.Test != "" {
			counts[e.Action]++
			if _, rest, found := strings.Cut(text, need); found && e.Action == "skip" {
				what, _, _ := strings.Cut(rest, "\n")
				missing[what]++
			}
			continue
		}
		switch e.Action {
		case "pass":
			passed++
			fmt.Fprintf(out, "ok    %s\t%.1fs\n", e.Package, e.Elapsed)
		case "fail":
			failed++
			fmt.Fprintf(out, "FAIL  %s\t%.1fs\n", e.Package, e.Elapsed)
		}
	}
	fmt.Fprintf(out, "%d tests in %d packages passed, %d tests in %d packages failed, in %.0f s; %s\n", counts["pass"], passed,
		counts["fail"], failed, time.Since(start).Seconds(), describe(missing))
	return passed > 0 && failed == 0, nil
}

// describe lists the needs of skipped tests.
func describe(missing map[string]int) string {
	if len(missing) == 0 {
		return "nothing is left to CI"
	}
	var parts []string
	for what, n := range missing {
		parts = append(parts, fmt.Sprintf("%s (%d)", what, n))
	}
	slices.Sort(parts)
	return "left to CI, because this machine lacks: " + strings.Join(parts, ", ")
}
