#include "textflag.h"

// func sys(nr, a, b, c, d, e, f uintptr) uintptr
TEXT ·sys(SB), NOSPLIT|NOFRAME, $0-64
	MOVQ nr+0(FP), AX
	MOVQ a+8(FP), DI
	MOVQ b+16(FP), SI
	MOVQ c+24(FP), DX
	MOVQ d+32(FP), R10
	MOVQ e+40(FP), R8
	MOVQ f+48(FP), R9
	SYSCALL
	MOVQ AX, ret+56(FP)
	RET

// func spawn(flags, stack uintptr, m *machine) uintptr
// The child shares memory with its parent, which sleeps until it executes a program or ends (CLONE_VFORK). It has a
// stack of its own, so nothing of the parent's frames can be overwritten. R12 survives the system call.
TEXT ·spawn(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ flags+0(FP), DI
	MOVQ stack+8(FP), SI
	MOVQ m+16(FP), R12
	XORL DX, DX
	XORL R10, R10
	XORL R8, R8
	MOVL $56, AX // clone
	SYSCALL
	TESTQ AX, AX
	JEQ  child
	MOVQ AX, ret+24(FP)
	RET
child:
	SUBQ $32, SP
	MOVQ R12, 0(SP)
	LEAQ ·command(SB), AX
	CALL AX
	INT  $3 // command does not return

// func become(stack uintptr, m *machine)
TEXT ·become(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ m+8(FP), AX
	MOVQ stack+0(FP), SP
	SUBQ $32, SP
	MOVQ AX, 0(SP)
	LEAQ ·child(SB), AX
	CALL AX
	INT  $3 // child does not return

// func wipe(address, n uintptr)
TEXT ·wipe(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ address+0(FP), DI
	MOVQ n+8(FP), CX
	XORL AX, AX
	CLD
	REP; STOSB
	RET

// func textStart() uintptr
TEXT ·textStart(SB), NOSPLIT, $0-8
	LEAQ runtime·text(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func textEnd() uintptr
TEXT ·textEnd(SB), NOSPLIT, $0-8
	LEAQ runtime·etext(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func dataEnd() uintptr
TEXT ·dataEnd(SB), NOSPLIT, $0-8
	LEAQ runtime·edata(SB), AX
	MOVQ AX, ret+0(FP)
	RET
