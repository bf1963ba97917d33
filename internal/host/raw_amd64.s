#include "textflag.h"

// func raw(nr, a, b, c uintptr) uintptr
TEXT ·raw(SB), NOSPLIT, $0-40
	MOVQ nr+0(FP), AX
	MOVQ a+8(FP), DI
	MOVQ b+16(FP), SI
	MOVQ c+24(FP), DX
	XORL R10, R10
	XORL R8, R8
	XORL R9, R9
	SYSCALL
	MOVQ AX, ret+32(FP)
	RET
