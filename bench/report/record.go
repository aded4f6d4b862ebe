// Package report keeps the results of the bench as JSON lines, and shows them as tables and plots in a document.
package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/placard/placard/bench/measure"
)

// Machine describes the machine and the versions of the programs.
type Machine struct {
	CPU        string  `json:"cpu"`
	Cores      int     `json:"cores"`
	MemoryGiB  float64 `json:"memoryGiB"`
	System     string  `json:"system"`
	Go         string  `json:"go"`
	PostgreSQL string  `json:"postgresql,omitempty"`
	SQLite     string  `json:"sqlite,omitempty"`
}

// Run identifies a run of the bench. Each record contains it.
type Run struct {
	Kind    string    `json:"kind"`
	Date    time.Time `json:"date"`
	Commit  string    `json:"commit"`
	Machine Machine   `json:"machine"`
	// Settings are the number and duration of the turns and the sizes.
	Settings string `json:"settings"`
}

// OpenLoop is the latency at a fixed rate of requests, counted from the scheduled times, in milliseconds.
type OpenLoop struct {
	Rate float64 `json:"rate"`
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
}

// Record is one measured row.
type Record struct {
	Run
	Engine  string `json:"engine"`
	Row     string `json:"row"`
	Clients int    `json:"clients"`
	// Sides are the names of the two sides.
	Sides [2]string `json:"sides"`
	measure.Comparison
	// Open is the latency of the first side at 70 % of its peak.
	Open OpenLoop `json:"open"`
	// Goal is the smallest ratio that is accepted; 0 without one.
	Goal float64 `json:"goal,omitempty"`
}

// ThisMachine returns the description of this machine without the versions of databases.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		m.CPU = field(string(text), "model name")
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kilobytes float64
		if n, _ := fmt.Sscan(field(string(text), "MemTotal"), &kilobytes); n == 1 {
			m.MemoryGiB = float64(int(kilobytes/(1<<20)*10+0.5)) / 10
		}
	}
	return m
}

// field returns the value of the first line "name: value".
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Append adds a record to a file of JSON lines.
func Append(path string, record any) error {
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	return errors.Join(err, file.Close())
}

// Read returns the records of a file of JSON lines.
func Read[T any](path string) (records []T, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var record T
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		records = append(records, record)
	}
	return records, lines.Err()
}
