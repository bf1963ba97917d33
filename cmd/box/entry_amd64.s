#include "textflag.h"

// note is found in the file when box is built: its first word is a mark, the second what becomes the ELF entry, and into the third
// goes what was the entry before.
DATA ·note+0(SB)/8, $0x7972746e65786f62 // "boxentry"
DATA ·note+8(SB)/8, $·entry(SB)
DATA ·note+16(SB)/8, $0
GLOBL ·note(SB), NOPTR, $24

// entry is the ELF entry.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ $·begin(SB), R12
	MOVQ ·note+16(SB), R13
	JMP box∕internal∕early·enter(SB)

// func ordinary() uintptr
TEXT ·ordinary(SB), NOSPLIT, $0-8
	MOVQ ·note+16(SB), AX
	MOVQ AX, ret+0(FP)
	RET
