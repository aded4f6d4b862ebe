// Package deploy holds the files to deploy Placard. Its tests check them without a deployment.
package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/placard/placard/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// node is a YAML value.
type node struct{ value any }

// at returns the value at a path of member names and list indexes. It is empty if there is none.
func (n node) at(path ...any) node {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := n.value.(map[string]any)
			n = node{object[step]}
		case int:
			list, _ := n.value.([]any)
			if step >= len(list) {
				return node{}
			}
			n = node{list[step]}
		}
	}
	return n
}

func (n node) String() string { return fmt.Sprint(n.value) }

// readDocuments returns the documents of a YAML file. The test fails if a document has duplicate keys.
func readDocuments(t testing.TB, path string) []node {
	t.Helper()
	var documents []node
	for decoder := yaml.NewDecoder(strings.NewReader(read(t, path))); ; {
		var value any
		if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
			return documents
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		documents = append(documents, node{value})
	}
}

// checkEqual compares the printed forms of two values. name is for the error message.
func checkEqual(t *testing.T, name string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// TestDockerfile checks that the stages are complete, that copied files exist, that the Go version is the one of
// go.mod, and that the program needs no shared library, because the image has none.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(strings.ReplaceAll(read(t, "Dockerfile"), "\\\n", " "),
		"")
	known := []string{"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT"}
	made := map[string]bool{"/placard": true, "/empty": true, "/etc/ssl/certs/ca-certificates.crt": true}
	last := map[string]string{}
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "" {
			continue
		}
		if !slices.Contains(known, word) {
			t.Errorf("%q is an unexpected instruction", word)
		}
		last[word] = strings.TrimSpace(rest)
		if fields := strings.Fields(rest); word == "COPY" && fields[0] == "--from=build" {
			if source := fields[len(fields)-2]; !made[source] {
				t.Errorf("%s is copied, but no stage creates it", source)
			}
		} else if word == "COPY" {
			for _, source := range fields[:len(fields)-1] {
				if _, err := os.Stat(filepath.Join("..", source)); err != nil {
					t.Error(err)
				}
			}
		}
	}
	checkEqual(t, "the last stage", last["FROM"], "scratch")
	checkEqual(t, "the entry point", last["ENTRYPOINT"], `["/placard"]`)
	checkEqual(t, "the user", last["USER"], "65532:65532")
	if !strings.Contains(last["ENV"], "PLACARD_AUTH=keys") {
		t.Errorf("the image does not require API keys: %s", last["ENV"])
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "../go.mod"))[1]
	if !strings.Contains(text, "FROM golang:"+version+" AS build") {
		t.Errorf("the image does not build with Go %s, the version of go.mod", version)
	}
	if !strings.Contains(text, "\nRUN CGO_ENABLED=0 go build ") {
		t.Error("the program is built with cgo and needs shared libraries, which the image does not have")
	}
	list := harness.Command(t, 5*time.Minute, "go", "list", "-deps", "-f",
		"{{if .CgoFiles}}{{.ImportPath}}{{end}}{{with .Error}}{{.}}{{end}}", "..")
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := list.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("packages need cgo: %v: %s", err, out)
	}
}

// TestCompose checks that the file is valid YAML and that its references resolve.
func TestCompose(t *testing.T) {
	t.Parallel()
	file := readDocuments(t, "compose.yaml")[0]
	server := file.at("services", "placard")
	if _, err := os.Stat(filepath.Join(server.at("build", "context").String(),
		server.at("build", "dockerfile").String())); err != nil {
		t.Error(err)
	}
	checkEqual(t, "the condition of the dependency", server.at("depends_on", "postgres", "condition"),
		"service_healthy")
	if file.at("services", "postgres", "healthcheck", "test").value == nil {
		t.Error("PostgreSQL has no health check")
	}
	ports, _ := server.at("ports").value.([]any)
	for _, port := range ports {
		if !strings.HasPrefix(fmt.Sprint(port), "127.0.0.1:") {
			t.Errorf("the port %v is published on other addresses than loopback, without TLS", port)
		}
	}
	checkEqual(t, "PLACARD_AUTH", server.at("environment", "PLACARD_AUTH"), "keys")
	database := server.at("environment", "PLACARD_DATABASE_URL").String()
	if !strings.HasPrefix(database, "postgres://placard:") || !strings.Contains(database, "@postgres:5432/placard?") {
		t.Errorf("the database URL is %s", database)
	}
	volume, _, _ := strings.Cut(file.at("services", "postgres", "volumes", 0).String(), ":")
	volumes, _ := file.at("volumes").value.(map[string]any)
	if _, declared := volumes[volume]; !declared {
		t.Errorf("the volume %s is not declared", volume)
	}
}

// TestKubernetes checks that selectors match labels, that the probes use existing paths, and that the grace period is
// long enough.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	kinds := map[string]node{}
	for _, document := range readDocuments(t, "kubernetes.yaml") {
		kinds[document.at("kind").String()] = document
		checkEqual(t, "the name", document.at("metadata", "name"), "placard")
	}
	pod := kinds["Deployment"].at("spec", "template")
	labels := pod.at("metadata", "labels")
	for kind, selector := range map[string]node{
		"Deployment":          kinds["Deployment"].at("spec", "selector", "matchLabels"),
		"Service":             kinds["Service"].at("spec", "selector"),
		"PodDisruptionBudget": kinds["PodDisruptionBudget"].at("spec", "selector", "matchLabels"),
		"NetworkPolicy":       kinds["NetworkPolicy"].at("spec", "podSelector", "matchLabels"),
	} {
		checkEqual(t, "the selector of "+kind, selector, labels)
	}
	container := pod.at("spec", "containers", 0)
	checkEqual(t, "the startup probe", container.at("startupProbe", "httpGet", "path"), "/healthz")
	checkEqual(t, "the liveness probe", container.at("livenessProbe", "httpGet", "path"), "/healthz")
	checkEqual(t, "the readiness probe", container.at("readinessProbe", "httpGet", "path"), "/readyz")
	checkEqual(t, "the port of the service", kinds["Service"].at("spec", "ports", 0, "targetPort"),
		container.at("ports", 0, "name"))
	checkEqual(t, "the port of metrics", pod.at("metadata", "annotations", "prometheus.io/port"),
		container.at("ports", 1, "containerPort"))
	checkRollingUpdate(t, kinds["Deployment"])
	checkEqual(t, "runAsNonRoot", pod.at("spec", "securityContext", "runAsNonRoot"), true)
	checkEqual(t, "readOnlyRootFilesystem", container.at("securityContext", "readOnlyRootFilesystem"), true)
	var stop time.Duration
	environment, _ := container.at("env").value.([]any)
	for _, variable := range environment {
		name := (node{variable}).at("name").String()
		if name == "PLACARD_AUTH" {
			checkEqual(t, "PLACARD_AUTH", node{variable}.at("value"), "keys")
		}
		if strings.HasPrefix(name, "PLACARD_DRAIN_") {
			d, err := time.ParseDuration(node{variable}.at("value").String())
			if err != nil {
				t.Error(err)
			}
			stop += d
		}
	}
	grace, err := time.ParseDuration(pod.at("spec", "terminationGracePeriodSeconds").String() + "s")
	if err != nil || stop == 0 || grace <= stop {
		t.Errorf("the server needs %v to stop, and the grace period is %v (%v)", stop, grace, err)
	}
}

// checkRollingUpdate checks that a new pod migrates before it serves, with the same image and database, and that old
// pods serve until a new one is ready.
func checkRollingUpdate(t *testing.T, deployment node) {
	t.Helper()
	checkEqual(t, "the strategy", deployment.at("spec", "strategy", "type"), "RollingUpdate")
	checkEqual(t, "the number of pods that may be missing",
		deployment.at("spec", "strategy", "rollingUpdate", "maxUnavailable"), 0)
	pod := deployment.at("spec", "template", "spec")
	migration, server := pod.at("initContainers", 0), pod.at("containers", 0)
	checkEqual(t, "the init container", migration.at("args"), []any{"migrate", "up"})
	checkEqual(t, "the server", server.at("args"), []any{"serve", "--no-migrate"})
	for _, field := range []string{"image", "securityContext"} {
		checkEqual(t, "the "+field+" of the init container", migration.at(field), server.at(field))
	}
	checkEqual(t, "the database of the init container", migration.at("env", 0), server.at("env", 0))
	// A pod that the schema excludes must leave the service at the first failed probe.
	checkEqual(t, "the failure threshold of readiness", server.at("readinessProbe", "failureThreshold"), 1)
	if server.at("livenessProbe", "httpGet", "path").String() == "/readyz" {
		t.Error("the liveness probe restarts pods that the schema excludes, which does not help")
	}
}

// TestAlerts checks that docs/operations.md explains each alert and its metrics.
func TestAlerts(t *testing.T) {
	t.Parallel()
	operations := read(t, "../docs/operations.md")
	rules, _ := readDocuments(t, "alerts.yaml")[0].at("groups", 0, "rules").value.([]any)
	if len(rules) == 0 {
		t.Error("there are no rules")
	}
	for _, rule := range rules {
		name, expression := node{rule}.at("alert").String(), node{rule}.at("expr").String()
		if !strings.Contains(operations, "| "+name+" |") {
			t.Errorf("docs/operations.md does not explain the alert %s", name)
		}
		metrics := regexp.MustCompile(`placard_[a-z_]+`).FindAllString(expression, -1)
		for _, metric := range metrics {
			metric = strings.TrimSuffix(strings.TrimSuffix(metric, "_bucket"), "_count")
			if !strings.Contains(operations, "`"+metric+"`") {
				t.Errorf("%s uses %s, which docs/operations.md does not explain", name, metric)
			}
		}
		if strings.Count(expression, "(") != strings.Count(expression, ")") || len(metrics) == 0 {
			t.Errorf("the expression of %s is invalid: %s", name, expression)
		}
	}
}

// TestAlertRules checks alerts.yaml with promtool where it is installed. The controls are rules that it must reject.
func TestAlertRules(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("groups: [{name: a, rules: [{alert: A, expr: )}]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		command, path string
		valid         bool
	}{
		{"check", "alerts.yaml", true}, {"check", broken, false},
		{"test", "alerts_test.yaml", true}, {"test", silentAlerts(t), false},
	} {
		out, err := harness.Command(t, 2*time.Minute, promtool, c.command, "rules", c.path).CombinedOutput()
		if (err == nil) != c.valid {
			t.Errorf("promtool %s rules %s: %v: %s", c.command, c.path, err, out)
		}
	}
}

// silentAlerts copies alerts_test.yaml and alerts.yaml, delays the alerts by days, and returns the path of the tests.
func silentAlerts(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	silent := strings.ReplaceAll(read(t, "alerts.yaml"), "for: 5m", "for: 5d")
	err := errors.Join(os.WriteFile(filepath.Join(folder, "alerts.yaml"), []byte(silent), 0o600),
		os.WriteFile(filepath.Join(folder, "alerts_test.yaml"), []byte(read(t, "alerts_test.yaml")), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "alerts_test.yaml")
}
