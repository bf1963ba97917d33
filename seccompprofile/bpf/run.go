package bpf

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Data is what a program sees of a call, a struct seccomp_data.
type Data struct {
	Number uint32
	Arch   uint32 // AUDIT_ARCH_*
	IP     uint64
	Args   [6]uint64
}

// word returns the 32 bits at an offset.
func (d *Data) word(at uint32) (uint32, error) {
	if at%4 != 0 || at >= dataSize {
		return 0, fmt.Errorf("there is nothing to load at %d", at)
	}
	var whole uint64
	switch {
	case at == atNumber:
		return d.Number, nil
	case at == atArch:
		return d.Arch, nil
	case at < atArgs:
		whole = d.IP
	default:
		whole = d.Args[(at-atArgs)/8]
	}
	if at%8 != 0 {
		whole >>= 32
	}
	return uint32(whole), nil
}

// Run runs a program for a call and returns what it returns. An error says that the kernel would not load the program: it
// has an instruction that is not for seccomp, or it leaves the program. How long it is doesn't matter here: libseccomp's
// may be too long to be loaded, and is compared all the same.
func Run(program []byte, d Data) (uint32, error) {
	if len(program) == 0 || len(program)%size != 0 {
		return 0, fmt.Errorf("%d bytes are no program", len(program))
	}
	var m machine
	for at := 0; at < len(program)/size; at++ { // jumps go forward only, so this ends
		i := decode(program, at)
		if i.code == ret {
			return i.k, nil
		}
		if i.code == unix.BPF_RET|unix.BPF_A {
			return m.a, nil
		}
		skip, err := m.step(i, &d)
		if err != nil {
			return 0, fmt.Errorf("instruction %d: %w", at, err)
		}
		if skip >= uint64(len(program)/size-at) {
			return 0, fmt.Errorf("instruction %d jumps out of the program", at)
		}
		at += int(skip)
	}
	return 0, fmt.Errorf("the program has no end")
}

// machine has the registers and the memory of a running program.
type machine struct {
	a, x   uint32
	memory [unix.BPF_MEMWORDS]uint32
}

// step makes an instruction and returns how many to skip after it.
func (m *machine) step(i instruction, d *Data) (skip uint64, err error) {
	switch i.code & 7 { // BPF_CLASS
	case unix.BPF_JMP:
		return m.jump(i)
	case unix.BPF_ALU:
		return 0, m.compute(i)
	}
	switch i.code {
	case load:
		m.a, err = d.word(i.k)
	case unix.BPF_LD | unix.BPF_W | unix.BPF_LEN:
		m.a = dataSize
	case unix.BPF_LDX | unix.BPF_W | unix.BPF_LEN:
		m.x = dataSize
	case unix.BPF_LD | unix.BPF_IMM:
		m.a = i.k
	case unix.BPF_LDX | unix.BPF_IMM:
		m.x = i.k
	case unix.BPF_MISC | unix.BPF_TAX:
		m.x = m.a
	case unix.BPF_MISC | unix.BPF_TXA:
		m.a = m.x
	case unix.BPF_LD | unix.BPF_MEM, unix.BPF_LDX | unix.BPF_MEM, unix.BPF_ST, unix.BPF_STX:
		if i.k >= unix.BPF_MEMWORDS {
			return 0, fmt.Errorf("there is no memory at %d", i.k)
		}
		switch cell := &m.memory[i.k]; i.code & 7 {
		case unix.BPF_LD:
			m.a = *cell
		case unix.BPF_LDX:
			m.x = *cell
		case unix.BPF_ST:
			*cell = m.a
		case unix.BPF_STX:
			*cell = m.x
		}
	default:
		err = fmt.Errorf("%#x is no instruction for seccomp", i.code)
	}
	return 0, err
}

// operand returns the constant or the register X.
func (m *machine) operand(i instruction) uint32 {
	if i.code&unix.BPF_X != 0 {
		return m.x
	}
	return i.k
}

func (m *machine) jump(i instruction) (skip uint64, err error) {
	b := m.operand(i)
	var holds bool
	switch i.code &^ unix.BPF_X {
	case jump:
		if i.code != jump {
			return 0, fmt.Errorf("%#x is no instruction for seccomp", i.code)
		}
		return uint64(i.k), nil
	case jumpEq:
		holds = m.a == b
	case jumpGe:
		holds = m.a >= b
	case unix.BPF_JMP | unix.BPF_JGT:
		holds = m.a > b
	case unix.BPF_JMP | unix.BPF_JSET:
		holds = m.a&b != 0
	default:
		return 0, fmt.Errorf("%#x is no instruction for seccomp", i.code)
	}
	if holds {
		return uint64(i.jt), nil
	}
	return uint64(i.jf), nil
}

func (m *machine) compute(i instruction) error {
	b := m.operand(i)
	switch i.code &^ unix.BPF_X {
	case and:
		m.a &= b
	case unix.BPF_ALU | unix.BPF_OR:
		m.a |= b
	case unix.BPF_ALU | unix.BPF_XOR:
		m.a ^= b
	case unix.BPF_ALU | unix.BPF_ADD:
		m.a += b
	case unix.BPF_ALU | unix.BPF_SUB:
		m.a -= b
	case unix.BPF_ALU | unix.BPF_MUL:
		m.a *= b
	case unix.BPF_ALU | unix.BPF_LSH:
		m.a <<= b & 31
	case unix.BPF_ALU | unix.BPF_RSH:
		m.a >>= b & 31
	case unix.BPF_ALU | unix.BPF_NEG:
		m.a = -m.a
	default: // division too: no compiler of filters makes it
		return fmt.Errorf("%#x is no instruction for seccomp", i.code)
	}
	return nil
}
