package bpf

import (
	"fmt"
	"strings"
	"testing"

	"box/seccompprofile/policy"

	"golang.org/x/sys/unix"
)

// Each instruction that a filter may have does in the interpreter what linux/filter.h says.
func TestInstructions(t *testing.T) {
	d := Data{Number: 7, Arch: 62, IP: 5<<32 | 6, Args: [6]uint64{1<<32 | 2, 3, 4, 5, 6, 0xaa<<32 | 0xbb}}
	const (
		retA  = unix.BPF_RET | unix.BPF_A
		imm   = unix.BPF_LD | unix.BPF_IMM
		immX  = unix.BPF_LDX | unix.BPF_IMM
		txa   = unix.BPF_MISC | unix.BPF_TXA
		tax   = unix.BPF_MISC | unix.BPF_TAX
		alu   = unix.BPF_ALU | unix.BPF_K
		aluX  = unix.BPF_ALU | unix.BPF_X
		jmp   = unix.BPF_JMP | unix.BPF_K
		jmpX  = unix.BPF_JMP | unix.BPF_X
		first = 100 // where a condition holds
	)
	answers := []instruction{{code: ret, k: first}, {code: ret, k: first + 1}}
	for name, test := range map[string]struct {
		program []instruction
		want    uint32
	}{
		"number":     {[]instruction{{code: load, k: 0}, {code: retA}}, 7},
		"arch":       {[]instruction{{code: load, k: 4}, {code: retA}}, 62},
		"ip":         {[]instruction{{code: load, k: 8}, {code: retA}}, 6},
		"ip, high":   {[]instruction{{code: load, k: 12}, {code: retA}}, 5},
		"arg0":       {[]instruction{{code: load, k: low(0)}, {code: retA}}, 2},
		"arg0, high": {[]instruction{{code: load, k: high(0)}, {code: retA}}, 1},
		"arg5, high": {[]instruction{{code: load, k: high(5)}, {code: retA}}, 0xaa},
		"length":     {[]instruction{{code: unix.BPF_LD | unix.BPF_W | unix.BPF_LEN}, {code: retA}}, 64},
		"txa":        {[]instruction{{code: unix.BPF_LDX | unix.BPF_W | unix.BPF_LEN}, {code: txa}, {code: retA}}, 64},
		"memory": {[]instruction{
			{code: imm, k: 9}, {code: unix.BPF_ST, k: 3}, {code: imm, k: 1}, {code: unix.BPF_LD | unix.BPF_MEM, k: 3}, {code: retA},
		}, 9},
		"memory, X": {[]instruction{
			{code: immX, k: 9},
			{code: unix.BPF_STX, k: 15},
			{code: unix.BPF_LDX | unix.BPF_MEM, k: 15},
			{code: txa},
			{code: retA},
		}, 9},
		"tax":  {[]instruction{{code: imm, k: 5}, {code: tax}, {code: aluX | unix.BPF_MUL}, {code: retA}}, 25},
		"add":  {[]instruction{{code: imm, k: 5}, {code: alu | unix.BPF_ADD, k: ^uint32(0)}, {code: retA}}, 4},
		"sub":  {[]instruction{{code: imm, k: 5}, {code: alu | unix.BPF_SUB, k: 6}, {code: retA}}, ^uint32(0)},
		"and":  {[]instruction{{code: imm, k: 5}, {code: alu | unix.BPF_AND, k: 6}, {code: retA}}, 4},
		"or":   {[]instruction{{code: imm, k: 5}, {code: alu | unix.BPF_OR, k: 6}, {code: retA}}, 7},
		"xor":  {[]instruction{{code: imm, k: 5}, {code: alu | unix.BPF_XOR, k: 6}, {code: retA}}, 3},
		"lsh":  {[]instruction{{code: imm, k: 5}, {code: alu | unix.BPF_LSH, k: 1}, {code: retA}}, 10},
		"rsh":  {[]instruction{{code: imm, k: 5}, {code: alu | unix.BPF_RSH, k: 1}, {code: retA}}, 2},
		"neg":  {[]instruction{{code: imm, k: 5}, {code: alu | unix.BPF_NEG}, {code: retA}}, ^uint32(4)},
		"ja":   {append([]instruction{{code: jump, k: 1}}, answers...), first + 1},
		"jeq":  {append([]instruction{{code: imm, k: 5}, {code: jmp | unix.BPF_JEQ, jf: 1, k: 5}}, answers...), first},
		"jgt":  {append([]instruction{{code: imm, k: 5}, {code: jmp | unix.BPF_JGT, jf: 1, k: 5}}, answers...), first + 1},
		"jge":  {append([]instruction{{code: imm, k: 1 << 31}, {code: jmp | unix.BPF_JGE, jf: 1, k: 5}}, answers...), first},
		"jset": {append([]instruction{{code: imm, k: 5}, {code: jmp | unix.BPF_JSET, jf: 1, k: 2}}, answers...), first + 1},
		"jeq, X": {append([]instruction{
			{code: imm, k: 5}, {code: immX, k: 5}, {code: jmpX | unix.BPF_JEQ, jf: 1, k: 6},
		}, answers...), first},
	} {
		got, err := Run(encode(test.program), d)
		if err != nil || got != test.want {
			t.Errorf("%s: %#x and %v, want %#x", name, got, err, test.want)
		}
	}
}

func rulesOf(t *testing.T, text string) *policy.Rules {
	t.Helper()
	p, err := policy.Parse("p", []byte("version 1\n"+text), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.For(policy.AMD64)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A call without conditions is decided without its arguments, else the kernel would run the program each time.
func TestPlainCallsLoadNoArguments(t *testing.T) {
	program, err := Compile(rulesOf(t, "default errno ENOSYS\nallow read ioctl getppid\nerrno EPERM ioctl if arg1 == 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	for nr, looks := range map[uint32]bool{0: false, 1: false, 16: true, 110: false, 500: false} {
		loads := 0
		for at, left := 0, true; left; at++ {
			i := decode(program, at)
			d := Data{Number: nr, Arch: policy.AMD64.Audit, Args: [6]uint64{1: 3}}
			m := machine{a: nr}
			if at < 2 {
				m.a = d.Arch
			}
			if i.code == load && i.k >= atArgs {
				loads++
			}
			left = i.code != ret
			if i.code&7 == unix.BPF_JMP && loads == 0 {
				skip, err := m.step(i, &d)
				if err != nil {
					t.Fatal(err)
				}
				at += int(skip)
			}
		}
		if (loads > 0) != looks {
			t.Errorf("call %d: %d arguments are loaded", nr, loads)
		}
	}
}

// Calls that end alike share the conditions on their arguments, whether or not they are beside each other.
func TestLikeCallsShareConditions(t *testing.T) {
	const text = "default allow\nerrno EPERM %s if arg1 & 06000 != 0\n"
	one, err := Compile(rulesOf(t, fmt.Sprintf(text, "chmod")))
	if err != nil {
		t.Fatal(err)
	}
	two, err := Compile(rulesOf(t, fmt.Sprintf(text, "chmod fchmod")))
	if err != nil {
		t.Fatal(err)
	}
	four, err := Compile(rulesOf(t, fmt.Sprintf(text, "chmod fchmod creat mknod")))
	if err != nil {
		t.Fatal(err)
	}
	loads := 0
	for at := range len(four) / size {
		if i := decode(four, at); i.code == load && i.k >= atArgs {
			loads++
		}
	}
	if len(two) > len(one)+2*size || loads != 1 {
		t.Errorf("%d instructions for one call, %d for two; %d loads for four", len(one)/size, len(two)/size, loads)
	}
}

// A program that the kernel would not take is an error.
func TestTooLong(t *testing.T) {
	text := strings.Builder{}
	text.WriteString("default kill\n")
	for nr := 1000; nr < 9000; nr += 2 {
		fmt.Fprintf(&text, "allow %d\n", nr)
	}
	if program, err := Compile(rulesOf(t, text.String())); err == nil {
		t.Errorf("a program of %d instructions is taken", len(program)/size)
	}
}
