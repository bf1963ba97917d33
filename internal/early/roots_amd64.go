//go:build deadcode

package early

// What the ELF entry jumps to, for a search of code that nobody calls: see Makefile, lint.
func init() { enter() }
