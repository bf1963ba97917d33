package main

import (
	"fmt"
	"os"

	"box/cmd/box/internal/bwraptext"
	"box/cmd/box/internal/enter"
	"box/cmd/box/internal/verb"
	"box/cmd/box/internal/verb/table"
	"box/spec"
)

// helpOf prints the help of box in one of its modes: what box --help or bwrap --help prints.
func helpOf(name string) error {
	switch name {
	case "bwrap":
		bwraptext.Usage(false, "bwrap")
		return nil
	case "exec":
		_, err := os.Stdout.WriteString(enter.Help)
		return err
	}
	return help(os.Stdout)
}

// contextOf returns what a verb is called with. Entry is true in a build that has an entry before the Go runtime.
func contextOf(words []string) *verb.Context {
	return &verb.Context{
		Words: words, Table: table.Verbs[:], Reserved: table.Reserved[:], Help: helpOf, PrintVersion: printVersion,
		Build: startsHow(), Entry: ordinary() != 0,
		Try:        func() error { return trySandbox(spec.NetNone) },
		TryNetwork: func() error { return trySandbox(spec.NetNames) },
	}
}

// trySandbox runs true(1) in a sandbox with that network. It uses the one command line of the process, which a verb does not need
// otherwise.
func trySandbox(mode spec.NetMode) error {
	code, err := one.native.Try(&one.session, mode, "true")
	if err == nil && code != 0 {
		err = fmt.Errorf("true ended with status %d", code)
	}
	return err
}
