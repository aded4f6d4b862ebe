// Package process builds and starts servers, and reads the CPU time and the memory of processes. It needs Linux.
package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticksPerSecond is the unit of /proc/PID/stat on Linux.
const ticksPerSecond = 100

// stat has fields of /proc/PID/stat.
type stat struct {
	parent int
	// own is the CPU time of the process, ended that of its children that have ended.
	own, ended time.Duration
}

// readStat reads /proc/PID/stat.
func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(text))
}

// parseStat parses /proc/PID/stat. The name of the process, in parentheses, may contain spaces and parentheses.
func parseStat(text string) (stat, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 {
		return stat{}, fmt.Errorf("malformed statistics of a process: %q", text)
	}
	var numbers [5]int64 // parent; user, system, user of children, system of children
	for i, field := range []int{1, 11, 12, 13, 14} {
		var err error
		if numbers[i], err = strconv.ParseInt(fields[field], 10, 64); err != nil {
			return stat{}, err
		}
	}
	ticks := func(n int64) time.Duration { return time.Duration(n) * time.Second / ticksPerSecond }
	return stat{parent: int(numbers[0]), own: ticks(numbers[1] + numbers[2]), ended: ticks(numbers[3] + numbers[4])}, nil
}

// CPU returns the CPU time of a process, user and system.
func CPU(pid int) (time.Duration, error) {
	s, err := readStat(pid)
	return s.own, err
}

// FamilyCPU returns the CPU time of a process and of its descendants, ended ones included. It returns 0 for the PID 0.
func FamilyCPU(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}
	for {
		before, err := readStat(pid)
		if err != nil {
			return 0, err
		}
		all, err := readAll()
		if err != nil {
			return 0, err
		}
		after, err := readStat(pid)
		if err != nil || after.ended == before.ended { // else a child has ended in the meantime and may be missing
			return after.own + after.ended + descendantsCPU(pid, all), err
		}
	}
}

// readAll reads the statistics of all processes.
func readAll() (map[int]stat, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	all := make(map[int]stat, len(paths))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the process has ended
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, err
		}
		if all[pid], err = parseStat(string(text)); err != nil {
			return nil, err
		}
	}
	return all, err
}

// descendantsCPU returns the CPU time of the children of a process, of their children, and so on.
func descendantsCPU(pid int, all map[int]stat) (total time.Duration) {
	for child, s := range all {
		if s.parent == pid {
			total += s.own + s.ended + descendantsCPU(child, all)
		}
	}
	return total
}

// OwnCPU returns the CPU time of this process.
func OwnCPU() (time.Duration, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err
}

// RSS returns the bytes of resident memory of a process.
func RSS(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, found := bytes.Cut(text, []byte("VmRSS:"))
	fields := bytes.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, fmt.Errorf("process %d has no resident memory", pid)
	}
	kilobytes, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return kilobytes << 10, err
}
