package tests

import (
	"os"
	"testing"
)

// TestRoot runs what only root can try.
func TestRoot(t *testing.T) {
	if uid := os.Geteuid(); uid != 0 {
		t.Skipf("needs root, and this is user %d", uid)
	}
	runScripts(t, "testdata/root")
}
