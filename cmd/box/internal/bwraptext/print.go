package bwraptext

import (
	"fmt"
	"os"

	"box/cmd/box/internal/say"
	"box/internal/early"
)

// Version is the version of bubblewrap whose options and messages these are.
// Callers ask for it to learn which options there are.
const Version = "0.13.1"

// assumedKernel is the Linux that bubblewrap is built for on Debian: what is
// newer it can do without.
const assumedKernel = "5.10.0"

// TextError is a message of bubblewrap, without its prefix. It is a type of its
// own so that tests can tell it from an error that nobody has put into words.
type TextError struct{ text string }

func (e *TextError) Error() string { return e.text }

// Errorf returns an error with words in the places of format. It takes strings
// and not values of any type: those would be put on the heap by the caller, who
// may run before the Go runtime.
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

// Print writes a line to stderr; level is what --level-prefix puts in front of
// it. Nothing is escaped: bubblewrap escapes nothing, and callers compare
// bytes. Where a link leads, which anybody may have chosen, is made harmless by
// fill.
//
//go:noinline
func Print(level, format string, args ...any) {
	early.Ordinary()
	say.Plain(level + "bwrap: " + fmt.Sprintf(format, args...) + "\n")
}

// PrintVersion prints what bwrap --version prints. The name is bubblewrap's,
// since callers parse it.
//
//go:noinline
func PrintVersion() error {
	early.Ordinary()
	_, err := fmt.Printf("bubblewrap %s\n", Version)
	return err
}

// PrintKernel prints what bwrap --debug-opt=print-assumed-kernel prints.
//
//go:noinline
func PrintKernel() error {
	early.Ordinary()
	_, err := fmt.Println(assumedKernel)
	return err
}

// Usage prints the usage text, on stderr for a line that can't be meant. Its
// options are looked for by callers. name is argv[0] as it was given. An error
// of the write is dropped: there is nobody left to tell.
//
//go:noinline
func Usage(wrong bool, name string) {
	early.Ordinary()
	text := "usage: " + name + " [OPTIONS...] [--] COMMAND [ARGS...]\n\n" + helpText
	if wrong {
		say.Plain(text)
		return
	}
	_, _ = os.Stdout.WriteString(text)
}
