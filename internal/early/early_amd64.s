#include "textflag.h"

// enter is jumped to by the ELF entry, on the stack of the kernel's making, which RLIMIT_STACK bounds: it takes another. R12 is the function to call, R13 the ordinary
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
	LEAQ ·buffer(SB), AX
	MOVQ AX, 0(R14) // stack.lo
	LEAQ 1024(AX), CX
	MOVQ CX, 16(R14) // stackguard0
	MOVQ CX, 24(R14) // stackguard1
	LEAQ (256<<10)(AX), SP
	ANDQ $~15, SP
	MOVQ SP, 8(R14) // stack.hi
	MOVB $1, ·running(SB)
	CALL R12
	JMP ·escape(SB)

// escape goes on at the ordinary entry, as the kernel would have begun there.
TEXT ·escape(SB), NOSPLIT|NOFRAME, $0
	MOVB $0, ·running(SB)
	CMPB ·masked(SB), $0
	JEQ  same
	MOVL $14, AX // rt_sigprocmask(SIG_SETMASK)
	MOVL $2, DI
	LEAQ ·mask(SB), SI
	XORL DX, DX
	MOVL $8, R10
	SYSCALL
same:
	MOVQ ·stack(SB), SP
	MOVQ ·next(SB), AX
	XORL DX, DX
	JMP AX

// func trap()
TEXT ·trap(SB), NOSPLIT|NOFRAME, $0
	UNDEF
