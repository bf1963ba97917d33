package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The programs that box embeds must be what their texts say: none is stale, missing or left over. They are box's own and
// the same whatever the version of libseccomp that they were compared with.
func TestProgramsAreCurrent(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 10 {
		t.Fatalf("only %d files were made", len(want))
	}
	for name := range want {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil || !bytes.Equal(got, want[name]) {
			t.Errorf("%s is stale: make generate (%v)", name, err)
		}
	}
	there, err := filepath.Glob("../programs/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if want["programs/"+filepath.Base(path)] == nil {
			t.Errorf("%s is not made of any policy: make generate", path)
		}
	}
}
