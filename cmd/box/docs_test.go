package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each place that docs/architecture.md and CONTRIBUTING.md name exists.
func TestDocumentedPlacesExist(t *testing.T) {
	const root = "../.."
	places := 0
	for _, file := range []string{"docs/architecture.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`([A-Za-z0-9_.]+/[^` ]*)`").FindAllStringSubmatch(string(text), -1) {
			place := m[1]
			if strings.Contains(place, "…") {
				continue
			}
			places++
			found, err := filepath.Glob(filepath.Join(root, place))
			if err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which does not exist", file, place)
			}
		}
	}
	if places < 40 {
		t.Errorf("only %d places found", places)
	}
}
