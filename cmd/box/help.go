package main

import (
	"bufio"
	"fmt"
	"io"

	"box/cmd/box/internal/native"
	"box/cmd/box/internal/verb/table"
)

// helpHead and helpTail stand before and behind the tables of verbs and flags.
const helpHead = `usage: box [flags] [--] COMMAND [ARG...]
       box VERB ...

Runs COMMAND in a sandbox: namespaces of its own, no network, no privilege, a default system call policy, and of the
files of this machine only those that the flags bring. Without a file flag it sees the system and the working
directory, both read-only. Flags end at the first word that is no flag.

`

const helpTail = `
Exit status: that of the command, 128 + n if signal n ended it; 125 if there is no sandbox, 126 if the command was
found but can't run, 127 if it was not found.

    box --ro-bind /usr /usr sh      a shell with nothing but the system's programs
    box --scratch make              build what is here without touching it
    box -w make                     the same, with results
`

// help prints all flags in groups. Everything between head and tail is made of the tables that the program itself works
// by, so it can't be out of date.
func help(file io.Writer) error {
	out := bufio.NewWriter(file)
	fmt.Fprint(out, helpHead, "Verbs (box help VERB says more; box run and box -- run a program that is called as one):\n")
	for _, v := range table.Verbs {
		fmt.Fprintf(out, "  %-28s %s\n", v.Name, v.Short)
	}
	for _, group := range native.Groups {
		fmt.Fprintf(out, "\n%s:\n", group)
		for _, f := range native.Flags {
			if f.Group == group {
				fmt.Fprintf(out, "  %-28s %s\n", f.Title(), f.Help)
			}
		}
	}
	fmt.Fprint(out, helpTail)
	return out.Flush()
}
