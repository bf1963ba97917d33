package failure

import (
	"strings"
	"testing"

	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// No test can use up all terminals of the machine: others run at the same time.
func TestExplainWantOfTerminals(t *testing.T) {
	call := plan.Call{Nr: unix.SYS_OPENAT2, For: spec.Terminal, Why: plan.WhyTerminal}
	f := &launch.Failure{Call: call, Step: 1, Errno: unix.ENOSPC}
	m := Explain(f, spec.New())
	if !strings.HasPrefix(m.Headline, "cannot make a terminal ") || !strings.Contains(m.Hint, "--pty off") {
		t.Errorf("%+v", m)
	}
}

func TestHintsNameOnlyProgramsOfTheSystem(t *testing.T) {
	for name, want := range map[string]bool{
		"/bin/sh": true, "/usr/bin/env": true, "/usr/./bin/../bin/env": true,
		"/usr/lib/os-release": false, "/usr/bin": false, "/usr/../etc/passwd": false, "/proc/self/exe": false, "bin/sh": false,
		"/usrx": false, "/dev/null": false, "": false,
	} {
		if got := ofSystem(name); got != want {
			t.Errorf("ofSystem(%q) = %v", name, got)
		}
	}
}

func TestShebangIsWhatTheKernelReads(t *testing.T) {
	for head, want := range map[string]string{
		"#!/bin/sh\n": "/bin/sh", "#! \t/bin/sh -x\n": "/bin/sh", "#!/bin/sh": "/bin/sh", "#!/bin/sh\x00x": "/bin/sh",
		"#!/bin/sh\r\n": "/bin/sh\r", "#!/bin/a\u2028b\n": "/bin/a\u2028b",
		"#!\n/bin/sh": "", "#!  \n": "", " #!/bin/sh\n": "", "": "",
	} {
		if got := shebang([]byte(head)); got != want {
			t.Errorf("shebang(%q) = %q, want %q", head, got, want)
		}
	}
}
