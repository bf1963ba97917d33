package say

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// Line prints a line about what happens while the command runs, or after that.
// It does without the runtime. On a terminal in raw mode the line ends in
// "\r\n".
//
// The command may have the same standard error, and fill it: whoever must not
// wait for a reader says so. Then nothing is printed if somebody would have to
// read first, and Line returns false. A pipe has room for this much if it has
// any, see PIPE_BUF in pipe(7).
func Line(raw, wait bool, parts ...string) bool {
	if !wait && !host.Pending(2, unix.POLLOUT) {
		return false
	}
	var line early.Text
	line.Add("box: ")
	for _, part := range parts {
		addVisible(&line, part)
	}
	if raw {
		line.Add("\r")
	}
	line.Add("\n")
	host.Say(line.String())
	return true
}

// Shell writes a word into a text as a shell reads it, and returns it. It is
// for a command that the user may copy, without the heap: what Visible escapes
// stays escaped, so the shell finds no such file.
func Shell(text *early.Text, word string) string {
	text.Cut(0)
	if plain(word) {
		addVisible(text, word)
		return text.String()
	}
	text.Add("'")
	for start := 0; start < len(word); {
		end := start
		for end < len(word) && word[end] != '\'' {
			end++
		}
		addVisible(text, word[start:end])
		if end < len(word) {
			text.Add(`'\''`)
		}
		start = end + 1
	}
	text.Add("'")
	return text.String()
}

// plain reports whether a shell takes a word as it is.
func plain(word string) bool {
	for i := range len(word) {
		switch c := word[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '/', c == '.', c == '-', c == '_', c == '+', c == ',', c == ':', c == '=', c == '@', c == '%':
		default:
			return false
		}
	}
	return word != ""
}
