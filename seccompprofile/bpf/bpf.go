// Package bpf compiles the rules of a policy to a short program, and runs programs as the kernel does, see seccomp(2).
package bpf

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// instruction is a struct sock_filter, see linux/filter.h.
type instruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

// size is that of an instruction in bytes.
const size = 8

// What instructions programs are made of.
const (
	load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	and    = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	jump   = unix.BPF_JMP | unix.BPF_JA
	jumpEq = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jumpGe = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	ret    = unix.BPF_RET | unix.BPF_K
)

// Where things are in a struct seccomp_data, see linux/seccomp.h.
const (
	atNumber = 0
	atArch   = 4
	atArgs   = 16
	dataSize = 64
)

// low returns where the lower half of an argument is, and high where the upper half is. All architectures that box knows
// are little-endian.
func low(arg int) uint32  { return uint32(atArgs + 8*arg) }
func high(arg int) uint32 { return low(arg) + 4 }

// encode returns the bytes of a program, and decode the program of bytes.
func encode(program []instruction) []byte {
	raw := make([]byte, 0, len(program)*size)
	for _, i := range program {
		raw = binary.LittleEndian.AppendUint16(raw, i.code)
		raw = append(raw, i.jt, i.jf)
		raw = binary.LittleEndian.AppendUint32(raw, i.k)
	}
	return raw
}

func decode(raw []byte, at int) instruction {
	raw = raw[at*size:]
	return instruction{
		code: binary.LittleEndian.Uint16(raw), jt: raw[2], jf: raw[3], k: binary.LittleEndian.Uint32(raw[4:]),
	}
}
