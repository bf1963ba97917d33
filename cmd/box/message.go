package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/spec"
)

// message is an error in the form in which users see it. Headline, cause, hint: see launch.Message.
type message struct{ launch.Message }

func (m *message) Error() string { return m.Headline }

// hint adds a hint.
func (m *message) hint(format string, args ...any) *message {
	m.Hint = fmt.Sprintf(format, args...)
	return m
}

// usage returns the message for a command line that can't be meant.
//
//go:noinline
func usage(format string, args ...any) *message {
	early.Ordinary()
	return &message{launch.Message{Headline: fmt.Sprintf(format, args...), Status: launch.StatusBox}}
}

// refuse returns the message for words that can't be meant.
//
//go:noinline
func refuse(words []string, why string) error {
	early.Ordinary()
	if len(words) == 0 {
		return usage("%s", why)
	}
	return usage("%s: %s", joined(words), why)
}

// bad returns what is wrong with the words of a flag.
//
//go:noinline
func bad(what string) error {
	early.Ordinary()
	return errors.New(what)
}

// joined returns words as a user would type them.
//
//go:noinline
func joined(words []string) string {
	early.Ordinary()
	return spec.Quote(words)
}

// report prints a message to stderr, each line beginning with the program's name, and returns its exit status.
func report(m launch.Message) int {
	var text strings.Builder
	line := func(colour, label, s string) {
		if s == "" {
			return
		}
		if label != "" && colours() {
			label = "\x1b[" + colour + "m" + label + "\x1b[0m"
		}
		fmt.Fprintf(&text, "box: %s%s\n", label, visible(s))
	}
	line("", "", m.Headline)
	line("33", "cause: ", m.Cause)
	for hint := range strings.SplitSeq(m.Hint, "\n") {
		line("36", "hint: ", hint)
	}
	fmt.Fprint(os.Stderr, text.String())
	return m.Status
}

// colours says whether stderr is a terminal that wants them, see no-color.org.
func colours() bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && host.IsTerminal(2)
}

// notice prints a line about what box does differently than one may expect.
func notice(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "box: %s\n", visible(fmt.Sprintf(format, args...)))
}

// tell is notice without the heap.
func tell(parts ...string) {
	var line early.Text
	line.Add("box: ")
	for _, part := range parts {
		addVisible(&line, part)
	}
	line.Add("\n")
	switch {
	case early.Running():
		told.Add(line.String())
	case !early.Again(): // else it has been said
		host.Say(line.String())
	}
}

// told is what is said when nothing can go the ordinary way any more.
var told early.Text
