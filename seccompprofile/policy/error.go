package policy

import "fmt"

// Error is what is wrong with the text of a policy.
type Error struct {
	File    string
	Line    int
	Word    string // the word that is wrong, empty if it is the line or the file
	Msg     string
	Nearest string // the valid word that is nearest to Word, empty if none is near
}

func (e *Error) Error() string {
	said := fmt.Sprintf("%s, line %d: %s", e.File, e.Line, e.Msg)
	if e.Word != "" {
		said = fmt.Sprintf("%s, line %d: %s: %s", e.File, e.Line, e.Word, e.Msg)
	}
	if e.Nearest != "" {
		said += fmt.Sprintf(" (nearest: %s)", e.Nearest)
	}
	return said
}

// contradiction is the error for two rules that say different things of one call.
func contradiction(a, b *Rule, call string) *Error {
	return &Error{
		File: b.File, Line: b.Line, Word: call,
		Msg: fmt.Sprintf("%q contradicts %q of %s, line %d", b.Text, a.Text, a.File, a.Line),
	}
}
