package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"box/launch"
)

// print writes a line to stderr in the manners of bubblewrap.
func (b *bwrap) print(level, format string, args ...any) {
	fmt.Fprintf(os.Stderr, level+"bwrap: "+format+"\n", args...)
}

// cText returns an error as strerror(3) has it.
func cText(err error) string { return launch.CText(err) }

func printBwrapVersion(out io.Writer) error {
	_, err := fmt.Fprintf(out, "bubblewrap %s\n", bwrapVersion)
	return err
}

// bwrapUsage prints the usage text. Its options are looked for by callers.
func bwrapUsage(file io.Writer, name string) {
	out := bufio.NewWriter(file)
	fmt.Fprintf(out, "usage: %s [OPTIONS...] [--] COMMAND [ARGS...]\n\n%s", name, bwrapHelp)
	_ = out.Flush()
}
