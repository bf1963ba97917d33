// Package say has the rules of output: errors are messages of a headline, a
// cause and a hint, each line beginning with the program's name; what others
// chose is escaped; nothing else writes to standard error but bubblewrap's
// words.
//
// All messages of box mode go through here, so that no file name or policy text
// can steer a terminal or forge a line. Functions that the early side calls
// begin with early.Ordinary; Tell, Left, Release and Forget do without the
// runtime.
package say

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/spec"
)

// Asked is what --help and --version return: they ask for something that is not
// about one command line. It is a string, so that a constant can be an error
// without being allocated.
type Asked string

func (a Asked) Error() string { return string(a) }

// Message is an error in the form in which users see it.
type Message struct {
	Headline string // what could not be done, in the user's words, and the reason
	Cause    string // only if it was looked for and found
	Hint     string // something to type or to change; two lines at most
	Status   int    // the exit status
}

func (m *Message) Error() string { return m.Headline }

// Hintf sets the hint. It returns the message itself, so that both can be made
// in one expression.
func (m *Message) Hintf(format string, args ...any) *Message {
	m.Hint = fmt.Sprintf(format, args...)
	return m
}

// Usagef returns the message for a command line that can't be meant. Its status
// is StatusBox.
//
//go:noinline
func Usagef(format string, args ...any) *Message {
	early.Ordinary()
	return &Message{Headline: fmt.Sprintf(format, args...), Status: StatusBox}
}

// Refuse returns the message for words that can't be meant. Without words, why
// stands alone.
//
//go:noinline
func Refuse(words []string, why string) error {
	early.Ordinary()
	if len(words) == 0 {
		return Usagef("%s", why)
	}
	return Usagef("%s: %s", Words(words), why)
}

// Bad returns what is wrong with the arguments of a flag. It has no words of
// the flag: Refused puts them in front.
//
//go:noinline
func Bad(what string) error {
	early.Ordinary()
	return errors.New(what)
}

// Badf is Bad with values in it.
//
//go:noinline
func Badf(format string, args ...any) error {
	early.Ordinary()
	return fmt.Errorf(format, args...)
}

// BadHint is Bad with a hint.
//
//go:noinline
func BadHint(what, hint string) error {
	early.Ordinary()
	return &hinted{what, hint}
}

// WithHint adds a hint to what Bad has returned, if there is one to add and none yet.
//
//go:noinline
func WithHint(err error, hint string) error {
	early.Ordinary()
	if h := (*hinted)(nil); hint == "" || errors.As(err, &h) {
		return err
	}
	return &hinted{err.Error(), hint}
}

// hinted is what is wrong with the arguments of a flag, and what may be right.
type hinted struct{ what, hint string }

func (e *hinted) Error() string { return e.what }

// Refused returns the message for an error of words: the error itself if it is one already.
//
//go:noinline
func Refused(words []string, err error) error {
	early.Ordinary()
	if m := (*Message)(nil); errors.As(err, &m) {
		return m
	}
	m := Usagef("%s: %v", Words(words), err)
	if h := (*hinted)(nil); errors.As(err, &h) {
		m.Hint = h.hint
	}
	return m
}

// About puts words in front of a message that does not have them.
//
//go:noinline
func About(words []string, err error) error {
	early.Ordinary()
	if m := (*Message)(nil); errors.As(err, &m) {
		about := *m
		about.Headline = Words(words) + ": " + m.Headline
		return &about
	}
	return Refused(words, err)
}

// Words returns words as a user would type them.
//
//go:noinline
func Words(words []string) string {
	early.Ordinary()
	return spec.Quote(words)
}

// Report prints a message to stderr, each line beginning with the program's
// name, and returns its exit status. It is written at once, so that lines of
// the command don't come between those of a message.
func Report(m *Message) int {
	var text lines
	text.add("", "", m.Headline)
	text.add(yellow, "cause: ", m.Cause)
	for hint := range strings.SplitSeq(m.Hint, "\n") {
		text.add(cyan, "hint: ", hint)
	}
	text.print()
	return m.Status
}

// Plain prints a text on stderr as it is. It is for the messages of bubblewrap, which callers compare by the byte.
func Plain(text string) { fmt.Fprint(os.Stderr, text) }

// colours reports whether stderr is a terminal that wants them, see no-color.org.
func colours() bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && host.IsTerminal(2)
}

// Notef prints a line about what box does differently than one may expect. It
// prints at once, and is for the ordinary side.
func Notef(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "box: %s\n", Visible(fmt.Sprintf(format, args...)))
}

// Tell is notice without the heap. Early the line is kept back: if the program
// goes the ordinary way after it, the same code tells it again, and it would be
// there twice. Start prints what was kept back.
func Tell(parts ...string) {
	var line early.Text
	line.Add("box: ")
	for _, part := range parts {
		addVisible(&line, part)
	}
	line.Add("\n")
	switch {
	case early.Running():
		told.Add(line.String())
	case !released: // else it has been said
		host.Say(line.String())
	}
}

// Left prints that processes of the command are left, if that is so. The
// sandbox has run: nothing can be kept back any more. A plain sandbox leaves
// none: with its pid namespace all of them end. They can be left with
// --share-pid.
func Left(some bool) {
	if some {
		host.Say("box: ended before all processes of the command were: ps shows what is left\n")
	}
}

// Release prints what Tell has kept back. Nothing can go the ordinary way any more.
func Release() {
	if text := told.String(); text != "" {
		released = true
		host.Say(text)
	}
}

// Forget forgets it: a command line begins.
func Forget() { told.Cut(0) }

// told is what is said when nothing can go the ordinary way any more; released
// reports whether it has been. A command line that is compiled again, for the
// message of a failure, says nothing twice. A text that is full takes no more:
// a note may be cut off, and nothing fails for it.
var (
	told     early.Text
	released bool
)
