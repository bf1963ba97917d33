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

// Packages that box does without: their inits would run at every ordinary start, and each is more than all that box has now.
var tooDear = []string{
	"net/http", "os/exec", "text/template", "crypto/tls", "debug/elf", "log", "gvisor.dev/gvisor", "github.com/google/gopacket",
	"github.com/gopacket/gopacket", "github.com/miekg/dns", "github.com/rootless-containers/rootlesskit/v3",
}

func TestPlainStartLinksNothingDear(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal("go list:", err)
	}
	deps := strings.Fields(string(out))
	for _, p := range tooDear {
		if slices.Contains(deps, p) || slices.ContainsFunc(deps, func(d string) bool { return strings.HasPrefix(d, p+"/") }) {
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

// An ordinary start runs the inits of all packages. How many there are and what they allocate is bounded, since both take time; the
// time itself is another one on each machine. The test program has the same packages as box and those of the tests, so it is asked
// itself. Of box's own packages none has anything to initialise.
func TestPlainStartInitialisesLittle(t *testing.T) {
	const mostInits, mostAllocations, mostBytes = 64, 1200, 180 << 10
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	inits, allocations, bytes, clock := 0, 0, 0, 0.0
	for line := range strings.Lines(string(out)) {
		var name string
		var at, took float64
		var size, count int
		n, _ := fmt.Sscanf(line, "init %s @%g ms, %g ms clock, %d bytes, %d allocs", &name, &at, &took, &size, &count)
		if n != 5 {
			continue
		}
		inits, allocations, bytes, clock = inits+1, allocations+count, bytes+size, clock+took
		if strings.HasPrefix(name, "box/") && name != "box/cmd/box" {
			t.Errorf("%s has an init", name)
		}
	}
	t.Logf("%d inits, %d allocations, %d bytes, %.2f ms", inits, allocations, bytes, clock)
	if inits == 0 {
		t.Error("inittrace said nothing")
	}
	if inits > mostInits || allocations > mostAllocations || bytes > mostBytes {
		t.Errorf("%d inits with %d allocations of %d bytes: more than box is to have at each start", inits, allocations, bytes)
	}
}
