package process

import (
	"os"
	"runtime"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	got, err := parseStat("42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 1 0 100 1000 10\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := (stat{parent: 7, own: 2 * time.Second, ended: 500 * time.Millisecond}); got != want {
		t.Errorf("parseStat returns %+v, want %+v", got, want)
	}
	if _, err := parseStat("42 (a) S 7"); err == nil {
		t.Error("no error for a line that is too short")
	}
}

func TestDescendants(t *testing.T) {
	t.Parallel()
	all := map[int]stat{
		2: {parent: 1, own: 1, ended: 2}, 3: {parent: 2, own: 4}, 4: {parent: 9, own: 8}, 9: {parent: 5, own: 16},
	}
	if got := descendantsCPU(1, all); got != 7 {
		t.Errorf("the descendants have used %d, want 7", got)
	}
}

func TestOwnProcess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("this test needs Linux")
	}
	if rss, err := RSS(os.Getpid()); err != nil || rss < 1<<20 {
		t.Errorf("this process has %d bytes of memory: %v", rss, err)
	}
	begin, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for used := begin; used < begin+20*time.Millisecond; {
		if used, err = CPU(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
	if family, err := FamilyCPU(os.Getpid()); err != nil || family < begin+20*time.Millisecond {
		t.Errorf("the family has used %s: %v", family, err)
	}
}
