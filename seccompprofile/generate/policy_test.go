package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	seccomp "github.com/seccomp/libseccomp-golang"
)

// The programs that box embeds must be what their texts say. Another libseccomp may write another program for the same
// rules, so it is compared with the version that made them.
func TestProgramsAreCurrent(t *testing.T) {
	const madeWith = "2.5.4"
	major, minor, micro := seccomp.GetLibraryVersion()
	if got := version(major, minor, micro); got != madeWith {
		t.Skipf("the programs were made with libseccomp %s, and this is %s", madeWith, got)
	}
	dir := t.TempDir()
	if err := generate("..", dir); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(dir, "*.bpf"))
	if err != nil || len(made) == 0 {
		t.Fatal("nothing was made", err)
	}
	for _, path := range made {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", filepath.Base(path)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale: make generate (%v)", filepath.Base(path), err)
		}
	}
}

func version(major, minor, micro uint) string {
	digit := func(n uint) string { return string(rune('0' + n)) }
	return digit(major) + "." + digit(minor) + "." + digit(micro)
}

// Of the comparisons for an operator exactly one holds where the operator does, and none elsewhere.
func TestMasksMeanTheirOperator(t *testing.T) {
	values := []uint32{0, 1, 2, 10, 16, 0x5412, 0x5423, 0x541f, 1 << 31, ^uint32(0)}
	probes := []uint32{3, 9, 11, 15, 17, 0x5411, 0x5413, 0x7e020000, 0x7e020001, 0x02000000, 0x10000000 | 17}
	for _, v := range values {
		probes = append(probes, v, v-1, v+1)
	}
	operators := map[string]func(set []uint32, v uint32) bool{
		"in":      slices.Contains[[]uint32],
		"not-in":  func(set []uint32, v uint32) bool { return !slices.Contains(set, v) },
		"with":    func(set []uint32, v uint32) bool { return v&set[0] != 0 },
		"without": func(set []uint32, v uint32) bool { return v&set[0] == 0 },
	}
	for name, meaning := range operators {
		for _, set := range [][]uint32{values, values[:1], values[3:7], {0x7e020000}} {
			for _, probe := range probes {
				held := 0
				for _, m := range masks(name, set) {
					if probe&m.mask == m.value {
						held++
					}
				}
				want := 0
				if meaning(set, probe) {
					want = 1
				}
				if held != want {
					t.Errorf("%s %#x: %d comparisons hold for %#x, want %d", name, set, held, probe, want)
				}
			}
		}
	}
}
