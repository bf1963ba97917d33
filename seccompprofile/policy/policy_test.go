package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// from gives the texts of a map to a policy that includes them.
func from(texts map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, ok := texts[name]
		if !ok {
			return nil, fmt.Errorf("no %s", name)
		}
		return []byte(text), nil
	}
}

// rulesOf returns what a text means on an architecture. It has no version line.
func rulesOf(t *testing.T, text string, a *Arch, included map[string]string) *Rules {
	t.Helper()
	p, err := Parse("test", []byte("version 1\n"+text), from(included))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	r, err := p.For(a)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// What is wrong with a text is told with the line, the word and the nearest word that is right.
func TestErrors(t *testing.T) {
	included := map[string]string{
		"loop": "version 1\ninclude loop2\ndefault kill\n", "loop2": "version 1\ninclude loop\n",
		"dir/a.policy": "version 1\ndefault kill\ninclude ../b.policy\n", "b.policy": "version 1\nallow raed\n",
		"kills": "version 1\ndefault kill\nallow read\n", "errs": "version 1\ndefault errno EPERM\nkill read\n",
		"amd64": "version 1\ndefault kill\narch x86_64\n", "empty": "",
	}
	for text, want := range map[string]string{
		"":                                       "p, line 1: the file is empty, and an empty policy is none: it has neither version nor default",
		"# nothing\n\n":                          "p, line 1: the file is empty, and an empty policy is none: it has neither version nor default",
		"default allow":                          "p, line 1: default: a policy begins with \"version 1\"",
		"version 2":                              "p, line 1: 2: this version of the format is not known: there is 1",
		"version":                                "p, line 1: version: needs one number",
		"version 1":                              "p, line 1: the policy has no default: add a line such as \"default errno ENOSYS\"",
		"version 1\nversion 1":                   "p, line 2: version: there is one already",
		"version 1\ndefault":                     "p, line 2: default: needs an action (nearest: )",
		"version 1\ndefault alow":                "p, line 2: alow: no such action (nearest: allow)",
		"version 1\ndefault kill\ndefault kill":  "p, line 3: the default: \"default kill\" contradicts \"default kill\" of p, line 2",
		"version 1\ndefault kill read":           "p, line 2: read: a default is an action alone",
		"version 1\nalow read":                   "p, line 2: alow: no such statement (nearest: allow)",
		"version 1\nnotify read":                 "p, line 2: notify: this action is reserved",
		"version 1\ndefault notify":              "p, line 2: notify: this action is reserved",
		"version 1\nerrno":                       "p, line 2: errno: needs the name of an errno, such as EPERM",
		"version 1\nerrno EPREM read":            "p, line 2: EPREM: no such errno (nearest: EPERM)",
		"version 1\nallow":                       "p, line 2: allow: needs a call",
		"version 1\nallow raed":                  "p, line 2: raed: no such call (nearest: read)",
		"version 1\nallow xyzzyxyzzyxyzzy":       "p, line 2: xyzzyxyzzyxyzzy: no such call",
		"version 1\nallow @mont":                 "p, line 2: @mont: no such group (nearest: @mount)",
		"version 1\nallow a=":                    "p, line 2: a=: no number of a call",
		"version 1\nallow A=500":                 "p, line 2: A=500: no name of a call",
		"version 1\nallow read=900":              "p, line 2: read=900: read has another number",
		"version 1\nallow 0x40000000":            "p, line 2: 0x40000000: no call has a number as high as this",
		"version 1\nallow -1":                    "p, line 2: -1: no such call",
		"version 1\ndefault kill\nallow 300":     "p, line 3: 300: this number is another call on each architecture: name it, or say one architecture with arch",
		"version 1\ndefault kill\nallow x=462":   "p, line 3: x=462: this is the number of mseal",
		"version 1\narch":                        "p, line 2: arch: needs the name of an architecture, such as x86_64",
		"version 1\narch x86-64":                 "p, line 2: x86-64: no such architecture (nearest: x86_64)",
		"version 1\narch amd64\narch arm64":      "p, line 3: arch: there is such a line already: one names all",
		"version 1\ninclude":                     "p, line 2: include: needs one name",
		"version 1\ninclude nothing":             "p, line 2: nothing: can't be included: no nothing",
		"version 1\ninclude empty":               "empty, line 1: the file is empty, and an empty policy is none: it has neither version nor default",
		"version 1\ninclude loop":                "loop2, line 2: loop: includes itself: p includes loop includes loop2 includes loop",
		"version 1\ninclude dir/a.policy":        "b.policy, line 2: raed: no such call (nearest: read)",
		"version 1\ninclude kills\ninclude errs": "errs, line 2: the default: \"default errno EPERM\" contradicts \"default kill\" of kills, line 2",
		"version 1\ndefault kill\ninclude kills\ninclude errs": "errs, line 3: read: \"kill read\" contradicts " +
			"\"allow read\" of kills, line 3",
		"version 1\narch i386\ninclude amd64":                                         "p, line 1: this policy and what it includes have no architecture in common",
		"version 1\ndefault kill\nallow read\n# no\nlog read":                         "p, line 5: read: \"log read\" contradicts \"allow read\" of p, line 3",
		"version 1\ndefault kill\nallow @mount\nkill @namespace":                      "p, line 4: pivot_root: \"kill @namespace\" contradicts \"allow @mount\" of p, line 3",
		"version 1\nallow read if":                                                    "p, line 2: if: needs a condition, such as \"arg0 == 1\"",
		"version 1\nallow read if arg6 == 1":                                          "p, line 2: arg6: no argument of a call (nearest: arg0)",
		"version 1\nallow read if arg0 < 1":                                           "p, line 2: <: there are no ordered comparisons: name the values with in, or the bits with &",
		"version 1\nallow read if arg0 = 1":                                           "p, line 2: =: no comparison",
		"version 1\nallow read if arg0":                                               "p, line 2: arg0: this is no condition: they are such as \"arg0 == 1\", \"arg1 in 1 2\", \"arg0 & 0xf == 2\"",
		"version 1\nallow read if arg0 == 1 2":                                        "p, line 2: arg0 == 1 2: this is no condition: they are such as \"arg0 == 1\", \"arg1 in 1 2\", \"arg0 & 0xf == 2\"",
		"version 1\nallow read if arg0 in":                                            "p, line 2: arg0 in: this is no condition: they are such as \"arg0 == 1\", \"arg1 in 1 2\", \"arg0 & 0xf == 2\"",
		"version 1\nallow read if arg0 == one":                                        "p, line 2: one: no number",
		"version 1\nallow read if arg0 == 0x10000000000000000":                        "p, line 2: 0x10000000000000000: does not fit into 64 bits",
		"version 1\nallow read if arg0 == 1 and":                                      "p, line 2: and: needs another condition",
		"version 1\nallow read if and arg0 == 1":                                      "p, line 2: and: stands between two conditions",
		"version 1\nallow read if arg0 & 6 == 8":                                      "p, line 2: 8: has bits that the mask leaves out: it is never equal",
		"version 1\ndefault kill\nallow getpid if arg0 == 1":                          "p, line 3: arg0: the call has no arguments: getpid",
		"version 1\ndefault kill\nallow close if arg1 == 1":                           "p, line 3: arg1: the call has 1 argument: close",
		"version 1\ndefault kill\nallow close if arg0 == 0x100000000":                 "p, line 3: arg0: of close has 32 bits, which can't hold 0x100000000",
		"version 1\ndefault kill\nallow chmod if arg1 & 0x10000 == 0":                 "p, line 3: arg1: of chmod has 16 bits, which can't hold 0x10000",
		"version 1\ndefault kill\nallow pread64 if arg3 == 0":                         "p, line 3: arg3: on i386 it is not in a register of its own: pread64",
		"version 1\ndefault kill\nallow 500 if arg0 == 0":                             "p, line 3: 500: there are conditions on the arguments of known calls only",
		"version 1\ndefault kill\nallow close if arg0 == 1\nlog close if arg0 in 2 1": "p, line 4: close: \"log close if arg0 in 2 1\" contradicts \"allow close if arg0 == 1\" of p, line 3",
		"version 1\ndefault kill\nallow close if arg0 & 1 == 1\nlog close if arg0 & 2 == 2": "p, line 4: close: \"log close if arg0 & 2 == 2\" contradicts " +
			"\"allow close if arg0 & 1 == 1\" of p, line 3",
	} {
		_, err := Parse("p", []byte(text), from(included))
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		want = strings.ReplaceAll(want, " (nearest: )", "")
		if err.Error() != want {
			t.Errorf("%q:\n got %s\nwant %s", text, err, want)
		}
		if e := (*Error)(nil); !errors.As(err, &e) {
			t.Errorf("%q: the error is a %T", text, err)
		}
	}
}

// A policy means what it says, whatever is in the bits of an argument that the kernel doesn't look at.
func TestMeaning(t *testing.T) {
	included := map[string]string{
		"base": "version 1\ndefault errno ENOSYS\nallow read socket if arg0 == 1\nerrno EPERM socket @mount\nallow write\n",
	}
	const high = 1 << 32
	for _, test := range []struct {
		text string
		arch *Arch
		call string
		args [6]uint64
		want string
	}{
		{"default kill\nallow read", AMD64, "read", [6]uint64{}, "allow"},
		{"default kill\nallow read", AMD64, "write", [6]uint64{}, "kill"},
		{"default errno EPERM\nlog read # and no more\n", ARM64, "read", [6]uint64{}, "log"},
		{"default kill\nallow socket if arg0 == 1\nerrno EPERM socket", AMD64, "socket", [6]uint64{1}, "allow"},
		{"default kill\nallow socket if arg0 == 1\nerrno EPERM socket", AMD64, "socket", [6]uint64{1 | high}, "allow"},
		{"default kill\nallow socket if arg0 == 1\nerrno EPERM socket", AMD64, "socket", [6]uint64{2}, "errno EPERM"},
		{"default kill\nallow socket if arg0 == 1", AMD64, "socket", [6]uint64{2}, "kill"},
		{"default kill\nallow mount if arg3 == 1", AMD64, "mount", [6]uint64{3: 1 | high}, "kill"},
		{"default kill\nallow mount if arg3 == 1", I386, "mount", [6]uint64{3: 1}, "allow"},
		{"default kill\nallow close if arg0 == -100", AMD64, "close", [6]uint64{0xffffff9c}, "allow"},
		{"default kill\nallow close if arg0 == -100", AMD64, "close", [6]uint64{^uint64(99)}, "allow"},
		{"default kill\nallow chmod if arg1 & 06000 == 0", AMD64, "chmod", [6]uint64{1: 1<<16 | 0o755}, "allow"},
		{"default kill\nallow chmod if arg1 & 06000 == 0", AMD64, "chmod", [6]uint64{1: 0o4755}, "kill"},
		{"default kill\nallow close if arg0 not in 1 2", AMD64, "close", [6]uint64{2 | high}, "kill"},
		{"default kill\nallow close if arg0 not in 1 2", AMD64, "close", [6]uint64{3}, "allow"},
		{"default kill\nallow socket if arg0 == 16 and arg2 != 0", AMD64, "socket", [6]uint64{16, 0, 1}, "allow"},
		{"default kill\nallow socket if arg0 == 16 and arg2 != 0", AMD64, "socket", [6]uint64{16, 0, high}, "kill"},
		// A name beats its group, and both beat what is included.
		{"default kill\nallow @mount\nerrno EPERM mount", AMD64, "mount", [6]uint64{}, "errno EPERM"},
		{"default kill\nallow @mount\nerrno EPERM mount", AMD64, "umount2", [6]uint64{}, "allow"},
		{"include base\nallow socket if arg0 == 2", AMD64, "socket", [6]uint64{2}, "allow"},
		{"include base\nallow socket if arg0 == 2", AMD64, "socket", [6]uint64{1}, "errno ENOSYS"},
		{"include base\nallow @mount", AMD64, "mount", [6]uint64{}, "allow"},
		{"include base\ndefault kill", AMD64, "fork", [6]uint64{}, "kill"},
		{"include base", AMD64, "write", [6]uint64{}, "allow"},
		// i386's own calls have the rules of those whose place they have, and others if they say so.
		{"default kill\nallow mmap", I386, "mmap2", [6]uint64{}, "allow"},
		{"default kill\nallow mmap\nlog mmap2", I386, "mmap2", [6]uint64{}, "log"},
		{"default kill\nallow fcntl if arg1 == 3", I386, "fcntl64", [6]uint64{1: 3}, "allow"},
		{"default kill\nallow fcntl if arg1 == 3", I386, "fcntl64", [6]uint64{1: 4}, "kill"},
		{"default kill\nallow setpriority if arg0 == 0", I386, "nice", [6]uint64{}, "kill"},
		{"default kill\nallow socket", I386, "socketcall", [6]uint64{1}, "kill"},
	} {
		r := rulesOf(t, test.text, test.arch, included)
		nr, ok := test.arch.Number(test.call)
		if !ok {
			t.Errorf("%s has no number on %s", test.call, test.arch.Name)
		}
		if got := r.Decide(nr, test.args).Action.String(); got != test.want {
			t.Errorf("%q: %s %#x on %s ends with %s, want %s", test.text, test.call, test.args, test.arch.Name, got, test.want)
		}
	}
}

// The numbers of another kernel end the process whatever the policy; -1, which a tracer writes to skip a call, doesn't.
func TestForeignNumbers(t *testing.T) {
	amd64, arm64 := rulesOf(t, "default allow", AMD64, nil), rulesOf(t, "default allow", ARM64, nil)
	for nr, want := range map[uint32]Action{
		1<<30 - 1: Allow, 1 << 30: Kill, 1<<30 + 1: Kill, 1 << 31: Kill, Minus1 - 1: Kill, Minus1: Allow,
	} {
		if got := amd64.Decide(nr, [6]uint64{}).Action; got != want {
			t.Errorf("%#x ends with %s, want %s", nr, got, want)
		}
		if got := arm64.Decide(nr, [6]uint64{}).Action; got != Allow {
			t.Errorf("%#x ends with %s on arm64", nr, got)
		}
	}
}

// Numbers are taken where they say the same on each architecture, and elsewhere with the name of one.
func TestNumbers(t *testing.T) {
	if got := rulesOf(t, "default kill\nallow new_call=600 601", I386, nil).Decide(600, [6]uint64{}); got.Action != Allow || got.Rule.Line != 3 {
		t.Errorf("600 ends with %+v", got)
	}
	if got := rulesOf(t, "arch x86_64\ndefault kill\nallow 0 write=1", AMD64, nil).Decide(0, [6]uint64{}); got.Action != Allow {
		t.Errorf("0 ends with %+v", got)
	}
	p, err := Parse("p", []byte("version 1\narch x86_64\ndefault kill\nallow 0\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.For(I386); err == nil || err.Error() != "p, line 2: arch x86_64: the policy is not for i386" {
		t.Errorf("another architecture: %v", err)
	}
}

// Lines of a flag come over a policy, and beside them it stays what it is.
func TestOver(t *testing.T) {
	p, err := Parse("p", []byte("version 1\ndefault kill\nallow read\nerrno EPERM ptrace\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	over, err := p.Over("--flag", "version 1\nallow ptrace\n")
	if err != nil {
		t.Fatal(err)
	}
	r, err := over.For(AMD64)
	if err != nil {
		t.Fatal(err)
	}
	for call, want := range map[string]Action{"ptrace": Allow, "read": Allow, "write": Kill} {
		nr, _ := AMD64.Number(call)
		if got := r.Decide(nr, [6]uint64{}).Action; got != want {
			t.Errorf("%s ends with %s, want %s", call, got, want)
		}
	}
}

// Each line of the table is whole, in order, and all names in groups are in it.
func TestTables(t *testing.T) {
	names := callNames()
	for i, c := range table() {
		if i > 0 && names[i-1] >= c.name {
			t.Errorf("%s is not behind %s", names[i-1], c.name)
		}
		if strings.Trim(c.args+c.args386, "silL") != "" || len(c.args) > 6 {
			t.Errorf("%s has the arguments %s and %s", c.name, c.args, c.args386)
		}
		if c.like != "" && callOf(c.like) == nil {
			t.Errorf("%s has the place of %s, which there isn't", c.name, c.like)
		}
	}
	if len(names) < 450 {
		t.Errorf("the table has %d calls only", len(names))
	}
	for _, g := range Groups() {
		for _, name := range Group(g) {
			if callOf(name) == nil {
				t.Errorf("%s has %s, which is no call", g, name)
			}
		}
	}
}

// Cubes that conditions are taken apart into have nothing in common and together are what the conditions say.
func TestCubes(t *testing.T) {
	sets := [][]Cond{
		{{Mask: ones(32), Values: []uint64{1, 2, 10}}},
		{{Mask: ones(32), Values: []uint64{1, 2, 10, 0x5412, 0x5423}, Not: true}},
		{{Mask: 0x7e020000, Values: []uint64{0}, Not: true}},
		{{Mask: 0xf, Values: []uint64{3, 5}}, {Mask: ones(32), Values: []uint64{5, 0x13}, Not: true}},
		{{Mask: 6, Values: []uint64{2}}, {Mask: 6, Values: []uint64{4}}},
		{{Mask: 0, Values: []uint64{0}, Not: true}},
		{{Mask: ^uint64(0), Values: []uint64{1 << 40}, Not: true}, {Mask: 1 << 40, Values: []uint64{1 << 40}}},
	}
	var probes []uint64
	for _, v := range []uint64{0, 1, 2, 3, 5, 10, 0x13, 0x5412, 0x5423, 0x7e020000, 0x02000000, 1 << 40} {
		probes = append(probes, v-1, v, v+1, v|1<<32, v|16, ^v)
	}
	for _, conds := range sets {
		cubes, err := Cubes(conds)
		if err != nil {
			t.Fatal(err)
		}
		for _, probe := range probes {
			in, want := 0, 1
			for _, c := range cubes {
				if probe&c.Mask == c.Value {
					in++
				}
			}
			for i := range conds {
				if !conds[i].Holds([6]uint64{probe}) {
					want = 0
				}
			}
			if in != want {
				t.Errorf("%+v: %#x is in %d cubes, want %d", conds, probe, in, want)
			}
		}
	}
}
