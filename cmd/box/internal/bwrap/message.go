package bwrap

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"box/cmd/box/internal/bwraptext"
	"box/internal/early"
)

// print writes a line to stderr in the manners of bubblewrap.
//
//go:noinline
func (b *Line) print(level, format string, args ...any) {
	early.Ordinary()
	fmt.Fprintf(os.Stderr, level+"bwrap: "+format+"\n", args...)
}

// cText returns an error as strerror(3) has it.
//
//go:noinline
func cText(err error) string {
	early.Ordinary()
	return bwraptext.Reason(err)
}

//go:noinline
func printVersion(out io.Writer) error {
	early.Ordinary()
	_, err := fmt.Fprintf(out, "bubblewrap %s\n", version)
	return err
}

// Usage prints the usage text. Its options are looked for by callers.
//
//go:noinline
func Usage(file io.Writer, name string) {
	early.Ordinary()
	out := bufio.NewWriter(file)
	fmt.Fprintf(out, "usage: %s [OPTIONS...] [--] COMMAND [ARGS...]\n\n%s", name, helpText)
	_ = out.Flush()
}
