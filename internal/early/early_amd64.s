#include "textflag.h"

// enter is jumped to by the ELF entry, on the stack of the kernel's making: R12 is the function to call, R13 the ordinary
// entry. It gives the compiler's code what it finds everything by: the thread pointer, and below it a goroutine.
TEXT ·enter(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ SP, ·stack(SB)
	MOVQ R13, ·next(SB)
	MOVL $158, AX // arch_prctl(ARCH_SET_FS)
	MOVL $0x1002, DI
	LEAQ ·tls+2048(SB), SI
	SYSCALL
	LEAQ ·g(SB), R14
	MOVQ TLS, CX
	MOVQ R14, 0(CX)(TLS*1)
	MOVQ SP, AX
	MOVQ AX, 8(R14) // stack.hi
	SUBQ $(128<<10), AX
	MOVQ AX, 0(R14) // stack.lo
	ADDQ $1024, AX
	MOVQ AX, 16(R14) // stackguard0
	MOVQ AX, 24(R14) // stackguard1
	MOVB $1, ·running(SB)
	ANDQ $~15, SP
	CALL R12
	JMP ·escape(SB)

// escape goes on at the ordinary entry, as the kernel would have begun there.
TEXT ·escape(SB), NOSPLIT|NOFRAME, $0
	MOVB $0, ·running(SB)
	MOVQ ·stack(SB), SP
	MOVQ ·next(SB), AX
	XORL DX, DX
	JMP AX

// func trap()
TEXT ·trap(SB), NOSPLIT|NOFRAME, $0
	UNDEF
