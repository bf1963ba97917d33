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
	BL   ·command(SB)
	BRK  $0 // command does not return

// func poke(address uintptr, value uint32)
TEXT ·poke(SB), NOSPLIT|NOFRAME, $0-12
	MOVD  address+0(FP), R0
	MOVWU value+8(FP), R1
	MOVW  R1, (R0)
	RET

// func peek(address uintptr) uint32
TEXT ·peek(SB), NOSPLIT|NOFRAME, $0-12
	MOVD  address+0(FP), R0
	MOVWU (R0), R1
	MOVW  R1, ret+8(FP)
	RET

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

// func same(a, b, n uintptr) bool
TEXT ·same(SB), NOSPLIT|NOFRAME, $0-25
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	MOVD n+16(FP), R2
	MOVD $1, R3
next:
	CBZ  R2, end
	MOVBU (R0), R4
	MOVBU (R1), R5
	ADD  $1, R0
	ADD  $1, R1
	SUB  $1, R2
	CMP  R4, R5
	BEQ  next
	MOVD $0, R3
end:
	MOVB R3, ret+24(FP)
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
