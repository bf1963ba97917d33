// Package verb has what the verbs of box have in common. A verb is a first word
// such as doctor: what follows has ordinary options, which kong parses, here
// and nowhere else. Each family of verbs is a package below this one.
//
// All of it is on the ordinary side: main goes there before it calls Run. A
// verb returns its exit status, or an error that main reports. It writes to
// standard error through package say only.
package verb

import (
	"box/cmd/box/internal/say"

	"github.com/alecthomas/kong"
)

// Verb is a line of the table of verbs. Run is nil for run and bwrap, which
// main does itself, since they may run before the Go runtime.
type Verb struct {
	Name  string
	Group string // the title that it stands under in box help
	Args  string // what follows it, in box help
	Short string // what it does, a sentence
	Run   func(*Context) (int, error)
}

// Context is what a verb is called with: its arguments, and what only package
// main knows. Functions of package main come in it because no package can
// import main.
type Context struct {
	Words    []string // those after the verb
	Table    []Verb   // all verbs
	Reserved []string // words that will be verbs

	Help         func(mode string) error // prints the help of a verb without Run
	PrintVersion func() error            // prints what box --version prints
	Build        string                  // how this program starts
	Entry        bool                    // it has an entry before the Go runtime
	Try          func() error            // runs true(1) in a plain sandbox
	TryNetwork   func() error            // the same in one that reaches names
}

// Parse reads the arguments of a verb into flags, a struct with the tags of
// kong. It returns true if they asked for help, which has been printed then. An
// error is a *say.Message. kong ends the process after --help by itself; here
// that is noted instead.
func Parse(name, help string, flags any, words []string) (helped bool, err error) {
	exit := func(int) { helped = true }
	parser, err := kong.New(flags, kong.Name("box "+name), kong.Description(help), kong.Exit(exit))
	if err != nil {
		return false, err
	}
	if _, err := parser.Parse(words); err != nil && !helped {
		return false, say.Usagef("%s: %v", name, err).Hintf("box %s --help", name)
	}
	return helped, nil
}
