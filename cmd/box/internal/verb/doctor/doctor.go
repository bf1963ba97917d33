// Package doctor reports what this machine allows a sandbox, and how to get what it doesn't.
//
// Each examination is about one thing, finds out by trying where it can, and
// says what to type if it fails. It changes nothing on the machine. A finding
// that is not required lowers what box can do or keep away, and leaves the
// status at 0.
package doctor

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/kernel"
	"box/landlock"
	"box/plan"
	"box/spec"
	"box/userns"
)

// finding is what doctor says about one thing.
type finding struct {
	Name     string `json:"name"`
	OK       bool   `json:"ok"`
	Required bool   `json:"required"` // box can't work without it
	Detail   string `json:"detail"`
	Fix      string `json:"fix,omitempty"` // what to type or to install
}

// report is the document of --json. Schema changes when a member loses its meaning or its place.
type report struct {
	Schema   int       `json:"schema"`
	Findings []finding `json:"findings"`
}

// examinations are made in this order.
var examinations = [...]func(*verb.Context) finding{
	examineKernel, examineBuild, examineSandbox, examineNetwork, examineResolver,
	examineLandlock, examineIDs, examineGroups, examineShares, examineTIOCSTI, examineBoxes,
}

const help = "Reports what this kernel and this machine allow, and how to get what they don't.\n\n" +
	"Exit status 1 if box can't work here."

// Run examines the machine and prints what was found.
func Run(c *verb.Context) (int, error) {
	var flags struct {
		JSON bool `name:"json" help:"Print the findings as JSON."`
	}
	if helped, err := verb.Parse("doctor", help, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	var findings []finding
	status := 0
	for _, examine := range examinations {
		f := examine(c)
		f.Detail, f.Fix = say.Visible(f.Detail), say.VisibleText(f.Fix)
		if f.Required && !f.OK {
			status = 1
		}
		findings = append(findings, f)
	}
	if flags.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return status, out.Encode(report{Schema: 1, Findings: findings})
	}
	return status, printFindings(os.Stdout, findings)
}

// printFindings prints a line for each, and below it what to do, indented.
func printFindings(file io.Writer, findings []finding) error {
	out := bufio.NewWriter(file)
	for _, f := range findings {
		mark := "ok"
		switch {
		case !f.OK && f.Required:
			mark = "FAIL"
		case !f.OK:
			mark = "missing"
		}
		fmt.Fprintf(out, "%-8s %s: %s\n", mark, f.Name, f.Detail)
		if f.Fix != "" {
			fmt.Fprintf(out, "         %s\n", strings.ReplaceAll(f.Fix, "\n", "\n         "))
		}
	}
	return out.Flush()
}

// examineKernel looks for the system calls that have no substitute, and names
// those that are missing or refused and have one.
func examineKernel(*verb.Context) finding {
	f := finding{Name: "kernel", OK: true, Required: true, Detail: "Linux " + kernel.Release()}
	for _, without := range kernel.Substituted() {
		f.Detail += "; it " + without
	}
	if missing := kernel.Missing(); missing != "" {
		f.OK, f.Detail = false, f.Detail+" has no "+missing
		f.Fix = "box needs Linux " + kernel.Oldest + ", and an outer container that allows its system calls"
	}
	return f
}

// examineBuild reports whether this program begins before the Go runtime. It is
// never a failure: the other way is only slower.
func examineBuild(c *verb.Context) finding {
	f := finding{Name: "build", OK: true, Detail: c.Build + ": a plain command line begins before the Go runtime"}
	switch {
	case !c.Entry:
		f.Detail = c.Build + ": make build on amd64 makes one that takes about half of the time"
	case os.Getenv("BOX_NO_EARLY") != "":
		f.Detail = c.Build + ", which BOX_NO_EARLY turns off"
	}
	return f
}

// examineSandbox makes a sandbox and looks whether it starts. It is the one
// sure answer to whether box works here; all others only explain it.
func examineSandbox(c *verb.Context) finding {
	f := finding{Name: "sandbox", OK: true, Required: true, Detail: "starts"}
	err := c.Try()
	if err == nil {
		return f
	}
	f.OK, f.Detail = false, err.Error()
	if m, ok := errors.AsType[*say.Message](err); ok {
		if f.Fix = m.Hint; m.Cause != "" {
			f.Detail += "; cause: " + m.Cause
		}
	}
	if kernel.AppArmorRestricts() {
		f.Fix = appArmorFix()
	}
	return f
}

// appArmorFix returns how to let box, and box alone, make user namespaces where AppArmor restricts them.
func appArmorFix() string {
	exe, err := os.Executable()
	if err != nil {
		exe = "/usr/local/bin/box"
	}
	return "as root, write to /etc/apparmor.d/box and run: apparmor_parser -r /etc/apparmor.d/box\n" +
		"abi <abi/4.0>,\nprofile box " + exe + " flags=(unconfined) {\n  userns,\n}"
}

// examineNetwork makes a sandbox with a route that makes all addresses its own,
// a name server and the process outside that carries connections.
func examineNetwork(c *verb.Context) finding {
	f := finding{Name: "networks by name (--allow)", OK: true, Detail: "start"}
	if err := c.TryNetwork(); err != nil {
		f.OK, f.Detail = false, err.Error()
		return f
	}
	switch abi := plan.LandlockABI(); {
	case landlock.Rights(abi) == 0:
		f.Detail += "; without Landlock the process that carries connections is bounded by its policy alone"
	case abi < landlock.FirstPorts:
		f.Detail += "; before Landlock ABI 4 (Linux 6.7) the ports of the process that carries connections are not bounded"
	}
	return f
}

// examineResolver looks for who is asked for names of the outside.
func examineResolver(*verb.Context) finding {
	f := finding{Name: "resolver (/etc/resolv.conf)"}
	data, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		f.Detail = "can't be read: " + failure.Reason(err) + "; --allow NAME asks 127.0.0.1"
		return f
	}
	var servers []string
	for line := range strings.Lines(string(data)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "nameserver" {
			servers = append(servers, words[1])
		}
	}
	if f.OK = servers != nil; !f.OK {
		f.Detail = "names no server; --allow NAME asks 127.0.0.1"
		return f
	}
	f.Detail = strings.Join(servers, ", ")
	return f
}

// examineLandlock says which ABI the kernel has, and what that leaves open in a
// sandbox that shares network and processes.
func examineLandlock(*verb.Context) finding {
	abi := plan.LandlockABI()
	f := finding{Name: "Landlock", OK: landlock.Rights(abi) != 0, Detail: "ABI " + strconv.Itoa(abi)}
	if !f.OK {
		f.Detail = kernel.WhyNoLandlock()
	}
	s := spec.New()
	s.Confine.Use = true
	s.New &^= spec.Net | spec.PID
	for _, left := range landlock.Left(s) {
		f.Detail += "; " + left
	}
	return f
}

// examineIDs writes a part of a plan that needs the helpers and the ranges, and
// starts nothing.
func examineIDs(*verb.Context) finding {
	f := finding{Name: "subordinate ids (--map-ids auto)", OK: true, Detail: "newuidmap, newgidmap and ranges are there"}
	s := spec.New()
	s.IDs.Ranges = true
	b := new(plan.Builder)
	b.Reset()
	if err := userns.Compile(b, s); err != nil {
		m := failure.Explain(err, s)
		f.OK, f.Detail, f.Fix = false, strings.TrimPrefix(m.Headline, "cannot make the sandbox: "), m.Hint
	}
	return f
}

// strong are groups whose members can do about as much as root. A single-id map can't drop them.
var strong = [...]string{"docker", "sudo", "adm", "disk", "kvm", "lxd", "libvirt", "wheel"}

// examineGroups names groups of the caller that would be dangerous in a
// sandbox: setgroups(2) is forbidden in a user namespace that an ordinary user
// has mapped, see user_namespaces(7).
func examineGroups(*verb.Context) finding {
	f := finding{Name: "groups", OK: true, Detail: "none that is as good as root"}
	var found []string
	for _, name := range userns.GroupNames() {
		for _, s := range strong {
			if name == s {
				found = append(found, name)
			}
		}
	}
	if found != nil {
		f.OK, f.Detail = false, "they stay effective for what is bound: "+strings.Join(found, ", ")
		f.Fix = "--map-ids auto drops them"
	}
	return f
}

// examineShares is about limits that all processes of a user have together.
func examineShares(*verb.Context) finding {
	f := finding{Name: "inotify (user.max_inotify_*)", OK: true, Detail: "a command gets a quarter of what the user has"}
	if kernel.SysctlsFixed() {
		f.OK, f.Detail = false, "/proc/sys is read-only here: a command can use up the instances and watches of the user"
		f.Fix = "an outer container that may write /proc/sys: docker run --security-opt systempaths=unconfined, " +
			"podman run --security-opt unmask=/proc/sys"
	}
	return f
}

// examineTIOCSTI is never a failure, since box does not depend on the sysctl
// (Linux 6.2).
func examineTIOCSTI(*verb.Context) finding {
	f := finding{Name: "terminal injection (dev.tty.legacy_tiocsti)", OK: true, Detail: "the kernel refuses it"}
	if kernel.Sysctl("dev/tty/legacy_tiocsti") != "0" {
		f.Detail = "the kernel allows it; the command has a terminal of its own and a policy that refuses it"
	}
	return f
}
