package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"box/seccompprofile/libseccomp"
)

// Packages that a plain start must not even link: their inits run at every start.
var tooDear = []string{
	"net", "net/http", "os/exec", "text/template", "crypto/tls", "debug/elf", "log",
	"github.com/rootless-containers/rootlesskit/v3",
}

func TestPlainStartLinksNothingDear(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal("go list:", err)
	}
	deps := strings.Fields(string(out))
	for _, p := range tooDear {
		if slices.Contains(deps, p) {
			t.Errorf("box links %s: its init would run at every start", p)
		}
	}
	if !slices.Contains(deps, "box/launch") {
		t.Error("go list says nothing of box/launch: this test looks at the wrong thing")
	}
}

// libseccomp is linked, for policies of the user's own. Its Go package wants to ask it something at each start, and isn't
// let: the start of this program, which has the same packages as box, is asked how often it tried.
func TestPlainStartRunsNoLibseccomp(t *testing.T) {
	const child = "BOX_TEST_ASKED"
	if os.Getenv(child) != "" {
		wanted, let := libseccomp.Asked()
		fmt.Printf("wanted: %t, let: %t\n", wanted > 0, let > 0)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "wanted: true, let: false\n") {
		t.Errorf("%s%v", out, err)
	}
}

// Of box's own packages none has anything to initialise, whatever the command line. The test
// program has the same packages as box, so it is asked itself.
func TestPlainStartInitialisesNothingOfBox(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	traced := false
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "init" {
			continue
		}
		traced = true
		if strings.HasPrefix(fields[1], "box/") && fields[1] != "box/cmd/box" {
			t.Errorf("%s has an init", fields[1])
		}
	}
	if !traced {
		t.Error("inittrace said nothing")
	}
}
