package userns

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// The map covers every inside id once, from 0, and the caller's own id is what was asked for.
func TestRangesCoverAllIDsButTheCallers(t *testing.T) {
	table := filepath.Join(t.TempDir(), "subuid")
	uid := os.Getuid()
	text := fmt.Sprintf("other:1:5\n%d:100000:10\nbad\n%d:x:3\n%d:200000:5\n", uid, uid, uid)
	if err := os.WriteFile(table, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for inside, want := range map[uint32][]mapping{
		0:   {{0, 7, 1}, {1, 100000, 10}, {11, 200000, 5}},
		3:   {{3, 7, 1}, {0, 100000, 3}, {4, 100003, 7}, {11, 200000, 5}},
		12:  {{12, 7, 1}, {0, 100000, 10}, {10, 200000, 2}, {13, 200002, 3}},
		999: {{999, 7, 1}, {0, 100000, 10}, {10, 200000, 5}},
	} {
		got, err := rangesOf(table, inside, 7)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("inside %d: %v, %v, want %v", inside, got, err, want)
		}
	}
	if _, err := rangesOf(filepath.Join(t.TempDir(), "none"), 0, 7); err == nil {
		t.Error("no table: no error")
	}
}
