package oci

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"box/seccompprofile/policy"
)

var amd64 = Target{Arch: policy.AMD64, Kernel: [2]int{6, 1}}

// imported reads a profile and what came out of it.
func imported(t *testing.T, profile string, target Target) (*policy.Rules, string, []string) {
	t.Helper()
	text, notes, err := Import([]byte(profile), target)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("imported.txt", text, nil)
	if err != nil {
		t.Fatalf("what came out is no policy: %v\n%s", err, text)
	}
	rules, err := p.For(target.Arch)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return rules, string(text), notes
}

// decided returns what becomes of a call.
func decided(t *testing.T, r *policy.Rules, call string, args ...uint64) string {
	t.Helper()
	nr, ok := r.Arch.Number(call)
	if !ok {
		t.Fatal("no call", call)
	}
	var all [6]uint64
	copy(all[:], args)
	return r.Decide(nr, all).Action.String()
}

const depends = "which of the two holds depends on the library that reads them"

const template = `{
	"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
	"archMap": [
		{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
		{"architecture": "SCMP_ARCH_RISCV64", "subArchitectures": null}
	],
	"syscalls": [
		{"names": ["read", "write", "chown32", "riscv_flush_icache"], "action": "SCMP_ACT_ALLOW"},
		{"name": "close", "action": "SCMP_ACT_ALLOW", "comment": "the older form"},
		{"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
		{"names": ["mseal"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "6.10"}},
		{"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32"]}},
		{"names": ["set_tls"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm", "arm64"]}},
		{"names": ["mount", "clone"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
		{"names": ["clone"], "action": "SCMP_ACT_ALLOW",
			"args": [{"index": 0, "value": 2114060288, "op": "SCMP_CMP_MASKED_EQ"}],
			"excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390", "s390x"]}},
		{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
		{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 12, "op": "SCMP_CMP_LT"}]},
		{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 13, "op": "SCMP_CMP_EQ"}]},
		{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 14, "op": "SCMP_CMP_EQ"}]}
	]
}`

// A profile in Docker's form, whose rules depend on the machine and the capabilities.
func TestTemplate(t *testing.T) {
	r, text, notes := imported(t, template, amd64)
	for _, c := range []struct {
		call string
		args []uint64
		want string
	}{
		{"read", nil, "allow"},
		{"close", nil, "allow"},
		{"ptrace", nil, "allow"},
		{"mseal", nil, "errno EPERM"},
		{"arch_prctl", nil, "allow"},
		{"mount", nil, "errno EPERM"},
		{"clone", []uint64{0x1200011}, "allow"},
		{"clone", []uint64{0x10000000}, "errno EPERM"},
		{"clone3", nil, "errno ENOSYS"},
		{"socket", []uint64{11}, "allow"},
		{"socket", []uint64{12}, "errno EPERM"},
		{"socket", []uint64{14}, "allow"},
		{"socket", []uint64{40}, "errno EPERM"},
		{"socket", []uint64{1<<32 | 40}, "errno EPERM"},
		{"reboot", nil, "errno EPERM"},
	} {
		if got := decided(t, r, c.call, c.args...); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.call, c.args, got, c.want)
		}
	}
	want := []string{
		`the architectures beside x86_64: ["SCMP_ARCH_X86" "SCMP_ARCH_X32"]`,
		"rules for Linux 6.10 and later: this is 6.1",
		"calls for a program with a capability: clone (CAP_SYS_ADMIN), mount (CAP_SYS_ADMIN)",
		"calls that x86_64 does not have: chown32",
		"calls that are not known: riscv_flush_icache",
	}
	if !slices.Equal(notes, want) {
		t.Errorf("notes: %q\nwant:  %q", notes, want)
	}
	if !strings.Contains(text, "allow socket if arg0 in 13 14\n") {
		t.Errorf("values of the same argument are not on one line:\n%s", text)
	}

	admin := amd64
	admin.Caps = []string{"CAP_SYS_ADMIN"}
	r, _, _ = imported(t, template, admin)
	for call, want := range map[string]string{"mount": "allow", "clone": "allow", "clone3": "errno EPERM"} {
		if got := decided(t, r, call, 0x10000000); got != want {
			t.Errorf("with CAP_SYS_ADMIN %s: %s, want %s", call, got, want)
		}
	}
	arm := amd64
	arm.Arch = policy.ARM64
	r, _, _ = imported(t, template, arm)
	if got := decided(t, r, "read"); got != "allow" {
		t.Errorf("aarch64: read: %s", got)
	}
}

// A whole configuration of a container has its profile as linux.seccomp.
func TestConfiguration(t *testing.T) {
	r, _, notes := imported(t, `{"ociVersion": "1.0.2", "linux": {"seccomp": {
		"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "flags": ["SECCOMP_FILTER_FLAG_LOG"],
		"syscalls": [
			{"names": ["reboot"], "action": "SCMP_ACT_KILL"},
			{"names": ["uname"], "action": "SCMP_ACT_LOG"},
			{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}
		]}}}`, amd64)
	for call, want := range map[string]string{"reboot": "kill", "uname": "log", "swapon": "errno EPERM", "read": "allow"} {
		if got := decided(t, r, call); got != want {
			t.Errorf("%s: %s, want %s", call, got, want)
		}
	}
	want := []string{`its flags: ["SECCOMP_FILTER_FLAG_LOG"]`, "that SCMP_ACT_KILL ends a thread only: it ends the process"}
	if !slices.Equal(notes, want) {
		t.Errorf("notes: %q", notes)
	}
}

// Every comparison, alone and beside others, means what it means in the profile.
func TestComparisons(t *testing.T) {
	meanings := map[string]func(x, v uint64) bool{
		"SCMP_CMP_EQ": func(x, v uint64) bool { return x == v }, "SCMP_CMP_NE": func(x, v uint64) bool { return x != v },
		"SCMP_CMP_LT": func(x, v uint64) bool { return x < v }, "SCMP_CMP_LE": func(x, v uint64) bool { return x <= v },
		"SCMP_CMP_GT": func(x, v uint64) bool { return x > v }, "SCMP_CMP_GE": func(x, v uint64) bool { return x >= v },
		"SCMP_CMP_MASKED_EQ": func(x, v uint64) bool { return x&v == 0 },
	}
	for _, call := range []struct {
		name string
		arg  int
		ones uint64
	}{{"socket", 0, 1<<32 - 1}, {"mmap", 1, 1<<64 - 1}} {
		values := []uint64{0, 1, 2, 3, 7, 8, 12, 40, 1 << 20, 0x7fffffff, 0x80000000, call.ones - 1, call.ones}
		for op, holds := range meanings {
			for _, v := range values {
				args := fmt.Sprintf(`[{"index": %d, "value": %d, "op": %q}]`, call.arg, v, op)
				r, text, _ := imported(t, fmt.Sprintf(`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
					{"names": [%q], "action": "SCMP_ACT_ALLOW", "args": %s}]}`, call.name, args), amd64)
				for _, x := range values {
					for _, x := range []uint64{x - 1, x, x + 1} {
						x &= call.ones
						var given [6]uint64
						given[call.arg] = x
						want := "errno EPERM"
						if holds(x, v) {
							want = "allow"
						}
						if got := decided(t, r, call.name, given[:]...); got != want {
							t.Errorf("%s %s with %#x: %s, want %s\n%s", call.name, args, x, got, want, text)
						}
					}
				}
			}
		}
	}
}

// Comparisons of different arguments must all hold. Of two about the same argument one is enough: that is how runc reads them.
func TestTogether(t *testing.T) {
	r, _, _ := imported(t, `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
		{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [
			{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 4, "op": "SCMP_CMP_LT"}]},
		{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [
			{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]}`, amd64)
	for _, c := range []struct {
		call string
		args []uint64
		want string
	}{
		{"socket", []uint64{16, 3, 3}, "allow"},
		{"socket", []uint64{16, 3, 4}, "errno EPERM"},
		{"socket", []uint64{2, 3, 3}, "errno EPERM"},
		{"personality", []uint64{0}, "allow"},
		{"personality", []uint64{8}, "allow"},
		{"personality", []uint64{4}, "errno EPERM"},
	} {
		if got := decided(t, r, c.call, c.args...); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.call, c.args, got, c.want)
		}
	}
}

// What can't be said in a policy is refused, with the reason.
func TestRefused(t *testing.T) {
	rules := func(list string) string {
		return `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [` + list + `]}`
	}
	arg := func(arg string) string {
		return rules(`{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [` + arg + `]}`)
	}
	for _, c := range []struct{ profile, want string }{
		{"", "the file is empty, and a profile must have a default"},
		{"{}", "defaultAction: is missing, and a profile must have a default"},
		{"[]", "line 1: the kind array is no profile"},
		{"{\n\"defaultAction\": 7}", "line 2: defaultAction: can't be of the kind number"},
		{"{\n\"defaultAction\": }", "line 2: invalid character '}' looking for beginning of value"},
		{`{"defaultAction": "SCMP_ACT_ALLOW", "syscals": []}`, `unknown field "syscals"`},
		{`{"linux": {}}`, "linux.seccomp: is missing"},
		{`{"defaultAction": "SCMP_ACT_TRAP"}`, "defaultAction: SCMP_ACT_TRAP: a policy has no signal for refused calls; " +
			"SCMP_ACT_ERRNO or SCMP_ACT_KILL_PROCESS refuses them"},
		{`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 0}`, "defaultAction: errnoRet 0 is no errno"},
		{
			`{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_S390X"]}`,
			`architectures: the profile is not for x86_64: ["SCMP_ARCH_S390X"]`,
		},
		{rules(`{"action": "SCMP_ACT_ERRNO"}`), "syscalls[0]: names: is empty"},
		{rules(`{"names": ["read"]}`), `syscalls[0] ("read"): action: is missing`},
		{rules(`{"names": ["read"], "action": "SCMP_ACT_DENY"}`), `syscalls[0] ("read"): action: "SCMP_ACT_DENY": no such action`},
		{
			rules(`{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}`),
			`syscalls[0] ("read"): action: SCMP_ACT_NOTIFY: there is nobody who would answer`,
		},
		{
			rules(`{"names": ["raed", "write"], "action": "SCMP_ACT_ERRNO"}`),
			`syscalls[0] ("raed", …): "raed": no such call, so that it can't be refused, and the default allows it`,
		},
		{
			rules(`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "includes": {"minKernel": "new"}}`),
			`syscalls[0] ("read"): minKernel: "new" is no version such as 4.8`,
		},
		{arg(`{"value": 1, "op": "SCMP_CMP_EQ"}`), `syscalls[0] ("socket"): args[0]: index: no argument of a call: 0 to 5`},
		{
			arg(`{"index": 3, "value": 1, "op": "SCMP_CMP_EQ"}`),
			`syscalls[0] ("socket"): args[0]: socket: the call has no argument 3`,
		},
		{
			arg(`{"index": 0, "value": 4294967296, "op": "SCMP_CMP_LT"}`),
			`syscalls[0] ("socket"): args[0]: socket: argument 0 has 32 bits, which can't hold 0x100000000`,
		},
		{
			arg(`{"index": 0, "value": 6, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}`),
			`syscalls[0] ("socket"): args[0]: socket: valueTwo 0x1 has bits that the mask 0x6 leaves out`,
		},
		{
			rules(`{"names": ["mmap"], "action": "SCMP_ACT_ERRNO", "args": [` +
				`{"index": 0, "value": 18446744073709551615, "op": "SCMP_CMP_LT"},` +
				`{"index": 1, "value": 18446744073709551615, "op": "SCMP_CMP_LT"}]}`),
			`syscalls[0] ("mmap"): args: mmap: ordered comparisons of so many arguments together need more than 1024 lines`,
		},
		{arg(`{"index": 0, "value": 1, "op": "=="}`), `syscalls[0] ("socket"): args[0]: socket: op: "==": no such comparison`},
		{
			rules(`{"names": ["read"], "action": "SCMP_ACT_ERRNO"}, {"names": ["read"], "action": "SCMP_ACT_KILL_PROCESS"}`),
			`syscalls[1] ("read"): read: another rule says errno EPERM: ` + depends,
		},
		{
			rules(`{"names": ["socket"], "action": "SCMP_ACT_KILL_PROCESS"},
			{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}`),
			`syscalls[1] ("socket"): socket: another rule says kill: ` + depends,
		},
	} {
		_, _, err := Import([]byte(c.profile), amd64)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s\nis refused with %v\nwant           %s", c.profile, err, c.want)
		}
	}
}

// A name of the profile can't become a line of the policy.
func TestNamesStayNames(t *testing.T) {
	profile, err := json.Marshal(map[string]any{
		"defaultAction": "SCMP_ACT_ERRNO", "flags": []string{"a\nallow ptrace"},
		"syscalls": []any{
			map[string]any{"names": []string{"x\nallow ptrace"}, "action": "SCMP_ACT_ALLOW"},
			map[string]any{
				"names": []string{"x\rallow ptrace"}, "action": "SCMP_ACT_ALLOW",
				"includes": map[string]any{"caps": []string{"y\nallow ptrace"}},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, text, _ := imported(t, string(profile), amd64)
	if got := decided(t, r, "ptrace"); got != "errno EPERM" {
		t.Errorf("ptrace: %s\n%s", got, text)
	}
}

// Whatever is read, what comes out is a policy, or an error.
func FuzzImport(f *testing.F) {
	f.Add([]byte(template))
	f.Add([]byte(`{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["socket"],` +
		`"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":12,"op":"SCMP_CMP_GT"},` +
		`{"index":1,"value":3,"op":"SCMP_CMP_LE"}]}]}}}`))
	f.Fuzz(func(t *testing.T, profile []byte) {
		text, _, err := Import(profile, amd64)
		if err != nil {
			return
		}
		if _, err := policy.Parse("imported.txt", text, nil); err != nil {
			if strings.Contains(err.Error(), "contradicts") || strings.Contains(err.Error(), "too complex") {
				return // the profile's own fault, reported with both lines
			}
			t.Errorf("%v\n%s", err, text)
		}
	})
}

// Podman's own profile, which gives errnos by name beside their numbers, allows setns(2) and refuses it to who lacks a capability,
// and says one thing twice.
func TestPodman(t *testing.T) {
	profile, err := os.ReadFile("testdata/podman.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		caps []string
		call string
		args []uint64
		want string
	}{
		{nil, "read", nil, "allow"},
		{nil, "setns", nil, "errno EPERM"},
		{[]string{"CAP_SYS_ADMIN"}, "setns", nil, "allow"},
		{nil, "kexec_load", nil, "errno EPERM"},
		{nil, "io_uring_setup", nil, "errno ENOSYS"},
		{nil, "socket", []uint64{16, 3, 9}, "errno EINVAL"},
		{nil, "socket", []uint64{16, 3, 0}, "allow"},
		{nil, "socket", []uint64{2, 1, 9}, "allow"},
		{[]string{"CAP_AUDIT_WRITE"}, "socket", []uint64{16, 3, 9}, "allow"},
		{nil, "personality", []uint64{0x20008}, "allow"},
		{nil, "personality", []uint64{1}, "errno ENOSYS"},
	} {
		r, _, notes := imported(t, string(profile), Target{Arch: policy.AMD64, Kernel: [2]int{6, 1}, Caps: c.caps})
		if got := decided(t, r, c.call, c.args...); got != c.want {
			t.Errorf("%s%v with %v: %s, want %s", c.call, c.args, c.caps, got, c.want)
		}
		want := "that setns is allowed: another rule refuses it to a program without CAP_SYS_ADMIN"
		if got := slices.Contains(notes, want); got == slices.Contains(c.caps, "CAP_SYS_ADMIN") {
			t.Errorf("with %v: %q", c.caps, notes)
		}
	}
}

// The refusal of a call to who lacks a capability holds whichever of two rules comes first. Other contradictions have no meaning,
// and nor has an errno whose name and number differ.
func TestRefusedForLackOfACapability(t *testing.T) {
	const allow = `{"names": ["read", "setns"], "action": "SCMP_ACT_ALLOW"}`
	const refuse = `{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "errno": "EPERM",
		"excludes": {"caps": ["CAP_SYS_ADMIN"]}}`
	for _, rules := range []string{allow + "," + refuse, refuse + "," + allow} {
		r, text, _ := imported(t, `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOSYS", "syscalls": [`+rules+`]}`, amd64)
		if a, b := decided(t, r, "setns"), decided(t, r, "read"); a != "errno EPERM" || b != "allow" {
			t.Errorf("setns: %s, read: %s\n%s", a, b, text)
		}
	}
	for rules, want := range map[string]string{
		allow + `,{"names": ["setns"], "action": "SCMP_ACT_ERRNO"}`:                         depends,
		`{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2, "errno": "EPERM"}`: "errnoRet 2 is not EPERM",
		`{"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errno": "EEVIL"}`:                `errno: "EEVIL" is no errno`,
		`{"names": ["setns"], "action": "SCMP_ACT_ALLOW", "errno": "EPERM"}`:                "has no meaning for SCMP_ACT_ALLOW",
	} {
		_, _, err := Import([]byte(`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [`+rules+`]}`), amd64)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", rules, err, want)
		}
	}
}
