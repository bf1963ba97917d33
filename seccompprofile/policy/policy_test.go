package policy

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
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

// What is wrong with a text is reported with the line, the word and the nearest word that is right.
func TestErrors(t *testing.T) {
	included := map[string]string{
		"loop": "version 1\ninclude loop2\ndefault kill\n", "loop2": "version 1\ninclude loop\n",
		"dir/a.policy": "version 1\ndefault kill\ninclude ../b.policy\n", "b.policy": "version 1\nallow raed\n",
		"kills": "version 1\ndefault kill\nallow read\n", "errs": "version 1\ndefault errno EPERM\nkill read\n",
		"amd64": "version 1\ndefault kill\narch x86_64\n", "empty": "",
	}
	data, err := os.ReadFile("testdata/errors.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(data), "----\n")[1:]
	if len(cases) < 50 {
		t.Fatalf("there are only %d texts", len(cases))
	}
	for _, c := range cases {
		text, want, _ := strings.Cut(c, "=> ")
		_, err := Parse("p", []byte(text), from(included))
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		if err.Error()+"\n" != want {
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
	r := rulesOf(t, "default kill\nallow new_call=600 601", I386, nil)
	if got := r.Decide(600, [6]uint64{}); got.Action != Allow || got.Rule.Line != 3 {
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

// A text has the place of a built-in one wherever that is included, and no other: what a file says itself stays.
func TestInstead(t *testing.T) {
	included := map[string]string{
		"part": "version 1\ndefault kill\nerrno EPERM chmod if arg1 == 1\nallow chmod creat\nerrno EACCES open\n",
		"deep": "version 1\ndefault kill\ninclude part\nallow read\n",
	}
	p, err := Parse("p", []byte("version 1\ninclude deep\nerrno EACCES creat\n"), from(included))
	if err != nil {
		t.Fatal(err)
	}
	other, err := p.Instead("part", "--flag", "version 1\ndefault kill\nallow chmod creat open\n")
	if err != nil {
		t.Fatal(err)
	}
	wants := map[*Policy]map[string]Action{
		p:     {"chmod": Errno(unix.EPERM), "creat": Errno(unix.EACCES), "open": Errno(unix.EACCES), "read": Allow, "write": Kill},
		other: {"chmod": Allow, "creat": Errno(unix.EACCES), "open": Allow, "read": Allow, "write": Kill},
	}
	for p, want := range wants {
		r, err := p.For(AMD64)
		if err != nil {
			t.Fatal(err)
		}
		for call, action := range want {
			nr, _ := AMD64.Number(call)
			if got := r.Decide(nr, [6]uint64{1: 1}).Action; got != action {
				t.Errorf("%s: %s ends with %s, want %s", p.Name, call, got, action)
			}
		}
	}
	if _, err := p.Instead("part", "--flag", "version 1\ndefault kill\nallow nothing\n"); err == nil {
		t.Error("a text with a mistake is taken")
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
