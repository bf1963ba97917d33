package bwraptext

import (
	"bufio"
	"fmt"
	"os"

	"box/internal/early"
)

// Version is the version of bubblewrap whose options these are. Its messages are those of 0.13.1 already.
const Version = "0.11.1"

// TextError is a message of bubblewrap, without its prefix.
type TextError struct{ text string }

func (e *TextError) Error() string { return e.text }

// Errorf returns an error with words in the places of format.
//
//go:noinline
func Errorf(format string, words ...string) error {
	early.Ordinary()
	args := make([]any, len(words))
	for i, word := range words {
		args[i] = word
	}
	return &TextError{fmt.Sprintf(format, args...)}
}

// Print writes a line to stderr; level is what --level-prefix puts in front of it.
//
//go:noinline
func Print(level, format string, args ...any) {
	early.Ordinary()
	fmt.Fprintf(os.Stderr, level+"bwrap: "+format+"\n", args...)
}

// PrintVersion prints what bwrap --version prints.
//
//go:noinline
func PrintVersion() error {
	early.Ordinary()
	_, err := fmt.Printf("bubblewrap %s\n", Version)
	return err
}

// Usage prints the usage text, on stderr for a line that can't be meant. Its options are looked for by callers.
//
//go:noinline
func Usage(wrong bool, name string) {
	early.Ordinary()
	file := os.Stdout
	if wrong {
		file = os.Stderr
	}
	out := bufio.NewWriter(file)
	fmt.Fprintf(out, "usage: %s [OPTIONS...] [--] COMMAND [ARGS...]\n\n%s", name, helpText)
	_ = out.Flush()
}
