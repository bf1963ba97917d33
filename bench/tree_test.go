package main

import (
	"os"
	"testing"
)

func TestStatWithAnyName(t *testing.T) {
	got, err := parseStat("12 (a) (b c) S 7 12 12 0 -1")
	if want := (process{12, 7, "a) (b c"}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, line := range []string{"", "12", "12 (a)", "12 (a) S", "x (a) S 7", "12 (a) S x"} {
		if _, err := parseStat(line); err == nil {
			t.Errorf("%q: no error", line)
		}
	}
}

func TestThisProcessIsBelowItsParent(t *testing.T) {
	for _, p := range descendants(os.Getppid()) {
		if p.pid == os.Getpid() {
			return
		}
	}
	t.Error("not found")
}
