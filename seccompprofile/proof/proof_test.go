package proof

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"box/seccompprofile/bpf"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"

	"golang.org/x/sys/unix"
)

// check is CheckAll for one architecture, and all of its calls.
func check(r *policy.Rules, program []byte) error { return CheckAll(program, nil, r) }

func rulesOf(t *testing.T, name string, text []byte, a *policy.Arch) *policy.Rules {
	t.Helper()
	p, err := policy.Parse(name, text, policies.Include)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.For(a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A program that is changed in one place is found, whatever the place: each constant and each jump.
func TestChangesAreFound(t *testing.T) {
	text, _ := policies.Text("default")
	r := rulesOf(t, "default", text, policy.AMD64)
	program, err := bpf.Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := check(r, program); err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(i []byte){
		"its constant is higher": func(i []byte) { binary.LittleEndian.PutUint32(i[4:], binary.LittleEndian.Uint32(i[4:])+1) },
		"its constant is lower":  func(i []byte) { binary.LittleEndian.PutUint32(i[4:], binary.LittleEndian.Uint32(i[4:])-1) },
		"it jumps the other way": func(i []byte) { i[2], i[3] = i[3], i[2] },
		"it jumps farther":       func(i []byte) { i[2]++ },
		"it falls farther":       func(i []byte) { i[3]++ },
		"it allows":              func(i []byte) { copy(i, []byte{unix.BPF_RET, 0, 0, 0, 0, 0, 0xff, 0x7f}) },
	}
	tried := 0
	for at := 0; at < len(program); at += 8 {
		for what, change := range changes {
			changed := slices.Clone(program)
			change(changed[at : at+8])
			jumps := program[at]&7 == unix.BPF_JMP
			if slices.Equal(changed, program) || !jumps && !slices.Equal(changed[at+2:at+4], program[at+2:at+4]) {
				continue // only jumps jump
			}
			tried++
			if check(r, changed) == nil && !same(r, changed) {
				t.Errorf("instruction %d: not found: %s", at/8, what)
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d changes were tried", tried)
	}
}

// same reports whether a changed program still does what the rules say, since one jump more or less led to the same
// answer: it is asked for many calls that CheckAll doesn't try.
func same(r *policy.Rules, program []byte) bool {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200000 {
		d := bpf.Data{Number: random.Uint32N(600), Arch: r.Arch.Audit}
		if random.IntN(4) == 0 {
			d.Number = random.Uint32()
		}
		for i := range d.Args {
			d.Args[i] = random.Uint64() >> random.UintN(64)
		}
		if got, err := bpf.Run(program, d); err != nil || got != r.Decide(d.Number, d.Args).Action.Ret() {
			return false
		}
	}
	return true
}

// A program for one architecture isn't one for two, and one that doesn't look at the architecture is not even for one.
func TestArchitecturesAreChecked(t *testing.T) {
	text := []byte("version 1\ndefault errno EPERM\nallow read\n")
	amd64, i386 := rulesOf(t, "p", text, policy.AMD64), rulesOf(t, "p", text, policy.I386)
	both, err := bpf.Compile(amd64, i386)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckAll(both, nil, amd64, i386); err != nil {
		t.Error(err)
	}
	if check(amd64, both) == nil {
		t.Error("a program that lets i386 in is taken for one that ends it")
	}
	one, err := bpf.Compile(amd64)
	if err != nil {
		t.Fatal(err)
	}
	if CheckAll(one, nil, amd64, i386) == nil {
		t.Error("a program that ends i386 is taken for one that lets it in")
	}
	blind := slices.Clone(one)
	copy(blind[8:], []byte{unix.BPF_JMP | unix.BPF_JA, 0, 0, 0, 0, 0, 0, 0}) // instead of the comparison
	if check(amd64, blind) == nil {
		t.Error("a program that doesn't look at the architecture is taken")
	}
}

// The usual mistakes of filters are found: comparisons of all 64 bits where the kernel has 32, and of 32 where it has 64.
func TestWidthsAreChecked(t *testing.T) {
	narrow := rulesOf(t, "p", []byte("version 1\ndefault errno EPERM\nallow socket if arg0 == 1\n"), policy.AMD64)
	wide := rulesOf(t, "p", []byte("version 1\ndefault errno EPERM\nallow mount if arg3 == 1\n"), policy.AMD64)
	for _, r := range []*policy.Rules{narrow, wide} {
		wrong := *r
		wrong.Calls = slices.Clone(r.Calls)
		c := &wrong.Calls[0]
		c.Cases = []policy.Case{{Rule: c.Cases[0].Rule, Conds: slices.Clone(c.Cases[0].Conds)}}
		c.Cases[0].Conds[0].Mask ^= ^uint64(1<<32 - 1)
		program, err := bpf.Compile(&wrong)
		if err != nil {
			t.Fatal(err)
		}
		if check(r, program) == nil {
			t.Errorf("%s: a comparison of the wrong width is taken", c.Name)
		}
	}
}

// What the kernel would not load is not a program.
func TestNoPrograms(t *testing.T) {
	r := rulesOf(t, "p", []byte("version 1\ndefault allow\n"), policy.AMD64)
	for name, program := range map[string][]byte{
		"empty": nil, "part of an instruction": make([]byte, 7),
		"without an end": {unix.BPF_LD | unix.BPF_IMM, 0, 0, 0, 0, 0, 0, 0},
		"a far jump":     {unix.BPF_JMP, 0, 0, 0, 1, 0, 0, 0, unix.BPF_RET, 0, 0, 0, 0, 0, 0xff, 0x7f},
		"a load outside": {unix.BPF_LD | unix.BPF_ABS, 0, 0, 0, 64, 0, 0, 0, unix.BPF_RET, 0, 0, 0, 0, 0, 0xff, 0x7f},
		"a division":     {unix.BPF_ALU | unix.BPF_DIV, 0, 0, 0, 0, 0, 0, 0, unix.BPF_RET, 0, 0, 0, 0, 0, 0xff, 0x7f},
	} {
		if check(r, program) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
