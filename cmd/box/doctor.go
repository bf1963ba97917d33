package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"box/internal/kernel"
	"box/landlock"
	"box/launch"
	"box/plan"
	"box/spec"
	"box/userns"
)

// finding is what doctor says about one thing.
type finding struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Vital bool   `json:"vital"` // without it box can't work at all
	Found string `json:"found"`
	Mend  string `json:"mend,omitempty"` // what to type or to install
}

// examinations are made in this order.
var examinations = [...]func() finding{
	examineKernel, examineBuild, examineSandbox, examineLandlock, examineIDs, examineGroups, examineShares, examineTIOCSTI,
}

const doctorHelp = "Tells what this kernel and this machine allow, with what mends each lack.\n\n" +
	"Exit status 1 if box can't work here."

// doctor tells what this machine allows, and how to mend what it doesn't.
func doctor(words []string) (int, error) {
	var flags struct {
		JSON bool `name:"json" help:"Print the findings as JSON."`
	}
	if helped, err := parseVerb("doctor", doctorHelp, &flags, words); helped || err != nil {
		return 0, err
	}
	var findings []finding
	status := 0
	for _, examine := range examinations {
		f := examine()
		f.Found, f.Mend = visible(f.Found), visibleText(f.Mend)
		if f.Vital && !f.OK {
			status = 1
		}
		findings = append(findings, f)
	}
	if flags.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return status, out.Encode(findings)
	}
	return status, printFindings(os.Stdout, findings)
}

func printFindings(file io.Writer, findings []finding) error {
	out := bufio.NewWriter(file)
	for _, f := range findings {
		mark := "ok  "
		if !f.OK {
			mark = "lack"
		}
		fmt.Fprintf(out, "%s  %s: %s\n", mark, f.Name, f.Found)
		if f.Mend != "" {
			fmt.Fprintf(out, "      %s\n", strings.ReplaceAll(f.Mend, "\n", "\n      "))
		}
	}
	return out.Flush()
}

func examineKernel() finding {
	f := finding{Name: "kernel", OK: true, Vital: true, Found: "Linux " + kernel.Release()}
	for _, without := range kernel.Substituted() {
		f.Found += "; it has no " + without
	}
	if missing := kernel.Missing(); missing != "" {
		f.OK, f.Found = false, f.Found+" has no "+missing
		f.Mend = "box needs Linux " + kernel.Oldest + ", and an outer container that allows its system calls"
	}
	return f
}

func examineBuild() finding {
	f := finding{Name: "build", OK: true, Found: startsHow() + ": a plain command line begins before the Go runtime"}
	switch {
	case ordinary() == 0:
		f.Found = startsHow() + ": make build on amd64 makes one that takes about half of the time"
	case os.Getenv("BOX_NO_EARLY") != "":
		f.Found = startsHow() + ", which BOX_NO_EARLY turns off"
	}
	return f
}

// examineSandbox makes a sandbox and looks whether it starts.
func examineSandbox() finding {
	f := finding{Name: "sandbox", OK: true, Vital: true, Found: "starts"}
	b := &line
	b.begin(&plainRoom)
	b.ptyOff = true
	b.spec.Tree = []spec.Entry{{Kind: spec.Bind, RO: true, Source: "/usr", Dest: "/usr"}}
	err := b.finish([]string{"true"})
	if err == nil {
		err = launch.Compile(&builder, b.spec)
	}
	if err == nil {
		var code int
		code, err = b.start()
		if err == nil && code != 0 {
			err = fmt.Errorf("true ended with status %d", code)
		}
	}
	if err == nil {
		return f
	}
	m := launch.Explain(err, b.spec)
	if told, ok := errors.AsType[*message](err); ok {
		m = told.Message
	}
	f.OK, f.Found, f.Mend = false, m.Headline, m.Hint
	if m.Cause != "" {
		f.Found += "; cause: " + m.Cause
	}
	if kernel.AppArmorRestricts() {
		f.Mend = appArmorMend()
	}
	return f
}

// appArmorMend returns how to let box, and box alone, make user namespaces where AppArmor restricts them.
func appArmorMend() string {
	exe, err := os.Executable()
	if err != nil {
		exe = "/usr/local/bin/box"
	}
	return "as root, write to /etc/apparmor.d/box and run: apparmor_parser -r /etc/apparmor.d/box\n" +
		"abi <abi/4.0>,\nprofile box " + exe + " flags=(unconfined) {\n  userns,\n}"
}

func examineLandlock() finding {
	abi := plan.LandlockABI()
	f := finding{Name: "Landlock", OK: landlock.Rights(abi) != 0, Found: "ABI " + strconv.Itoa(abi)}
	if !f.OK {
		f.Found = kernel.WhyNoLandlock()
	}
	s := spec.New()
	s.Confine.Use = true
	s.New &^= spec.Net | spec.PID
	for _, left := range landlock.Left(s) {
		f.Found += "; " + left
	}
	return f
}

func examineIDs() finding {
	f := finding{Name: "subordinate ids (--map-ids auto)", OK: true, Found: "newuidmap, newgidmap and ranges are there"}
	s := spec.New()
	s.IDs.Ranges = true
	builder.Reset()
	if err := userns.Compile(&builder, s); err != nil {
		m := launch.Explain(err, s)
		f.OK, f.Found, f.Mend = false, strings.TrimPrefix(m.Headline, "cannot make the sandbox: "), m.Hint
	}
	return f
}

// strong are groups whose members can do about as much as root. A single-id map can't drop them.
var strong = [...]string{"docker", "sudo", "adm", "disk", "kvm", "lxd", "libvirt", "wheel"}

func examineGroups() finding {
	f := finding{Name: "groups", OK: true, Found: "none that is as good as root"}
	var found []string
	for _, name := range userns.GroupNames() {
		for _, s := range strong {
			if name == s {
				found = append(found, name)
			}
		}
	}
	if found != nil {
		f.OK, f.Found = false, "they stay effective for what is bound: "+strings.Join(found, ", ")
		f.Mend = "--map-ids auto drops them"
	}
	return f
}

// examineShares is about limits that all processes of a user have together.
func examineShares() finding {
	f := finding{Name: "inotify (user.max_inotify_*)", OK: true, Found: "a command gets a quarter of what the user has"}
	if kernel.SysctlsFixed() {
		f.OK, f.Found = false, "/proc/sys is read-only here: a command can use up the instances and watches of the user"
		f.Mend = "an outer container that may write /proc/sys: docker run --security-opt systempaths=unconfined, " +
			"podman run --security-opt unmask=/proc/sys"
	}
	return f
}

func examineTIOCSTI() finding {
	f := finding{Name: "terminal injection (dev.tty.legacy_tiocsti)", OK: true, Found: "the kernel refuses it"}
	if kernel.Sysctl("dev/tty/legacy_tiocsti") != "0" {
		f.Found = "the kernel allows it; the command has a terminal of its own and a policy that refuses it"
	}
	return f
}
