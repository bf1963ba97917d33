#include "textflag.h"

// func sys(nr, a, b, c, d, e, f uintptr) uintptr
TEXT ·sys(SB), NOSPLIT|NOFRAME, $0-64
	MOVD nr+0(FP), R8
	MOVD a+8(FP), R0
	MOVD b+16(FP), R1
	MOVD c+24(FP), R2
	MOVD d+32(FP), R3
	MOVD e+40(FP), R4
	MOVD f+48(FP), R5
	SVC
	MOVD R0, ret+56(FP)
	RET

// func spawn(flags, stack uintptr, m *machine) uintptr
// See sys_amd64.s. R19 survives the system call.
TEXT ·spawn(SB), NOSPLIT|NOFRAME, $0-32
	MOVD flags+0(FP), R0
	MOVD stack+8(FP), R1
	MOVD m+16(FP), R19
	MOVD $0, R2
	MOVD $0, R3
	MOVD $0, R4
	MOVD $220, R8 // clone
	SVC
	CBZ  R0, child
	MOVD R0, ret+24(FP)
	RET
child:
	SUB  $32, RSP
	MOVD R19, 8(RSP)
	MOVD $·command(SB), R0
	BL   (R0)
	BRK  $0 // command does not return

// func become(stack uintptr, m *machine)
TEXT ·become(SB), NOSPLIT|NOFRAME, $0-16
	MOVD stack+0(FP), R0
	MOVD m+8(FP), R1
	SUB  $32, R0
	MOVD R0, RSP
	MOVD R1, 8(RSP)
	MOVD $·child(SB), R0
	BL   (R0)
	BRK  $0 // child does not return

// func wipe(address, n uintptr)
TEXT ·wipe(SB), NOSPLIT|NOFRAME, $0-16
	MOVD address+0(FP), R0
	MOVD n+8(FP), R1
loop:
	CBZ  R1, done
	MOVB ZR, (R0)
	ADD  $1, R0
	SUB  $1, R1
	B    loop
done:
	RET

// func textStart() uintptr
TEXT ·textStart(SB), NOSPLIT, $0-8
	MOVD $runtime·text(SB), R0
	MOVD R0, ret+0(FP)
	RET

// func textEnd() uintptr
TEXT ·textEnd(SB), NOSPLIT, $0-8
	MOVD $runtime·etext(SB), R0
	MOVD R0, ret+0(FP)
	RET

// func dataEnd() uintptr
TEXT ·dataEnd(SB), NOSPLIT, $0-8
	MOVD $runtime·edata(SB), R0
	MOVD R0, ret+0(FP)
	RET
