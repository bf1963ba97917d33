package tests

import "testing"

// TestAlone runs scripts that use up what the user has in common: nothing else of the user may want it meanwhile.
func TestAlone(t *testing.T) { runAlone(t, "testdata/alone") }
