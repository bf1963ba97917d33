package say

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"box/internal/early"
	"box/spec"
)

// unseen are the characters that a terminal obeys, or shows as nothing, so that
// a text looks like another one: the C1 controls (U+009B begins an escape
// sequence as ESC [ does), what turns the direction of text (CVE-2021-42574),
// ends of lines, and formats without a shape. Combining marks and variation
// selectors are not among them: they belong to what is before them. The ranges ascend, so
// that a search can end at the first whose last is not below a character.
var unseen = [...]struct{ first, last rune }{
	{0x80, 0x9f},       // C1
	{0xad, 0xad},       // soft hyphen
	{0x61c, 0x61c},     // Arabic letter mark
	{0x180e, 0x180e},   // Mongolian vowel separator
	{0x200b, 0x200f},   // zero width, marks of direction
	{0x2028, 0x202e},   // line and paragraph separator, embeddings and overrides of direction
	{0x2060, 0x206f},   // word joiner, invisible operators, isolates of direction
	{0xfeff, 0xfeff},   // byte order mark
	{0xfff9, 0xfffb},   // interlinear annotation
	{0x1bca0, 0x1bca3}, // shorthand format
	{0x1d173, 0x1d17a}, // musical format
	{0xe0000, 0xe007f}, // tags
}

// The joiners. Between characters beyond ASCII they are spelling: that of emoji, of Persian, of the scripts of India.
const zeroWidthNonJoiner, zeroWidthJoiner = 0x200c, 0x200d

// hides reports whether c must not be printed as it is after the character
// before. before is 0 at the beginning of a text.
func hides(c, before rune) bool {
	if c < 0x80 {
		return c < ' ' || c == 0x7f
	}
	if (c == zeroWidthNonJoiner || c == zeroWidthJoiner) && before >= 0x80 {
		return false
	}
	for i := range unseen {
		if c <= unseen[i].last {
			return c >= unseen[i].first
		}
	}
	return false
}

// Visible escapes what a terminal would obey or not show: parts of a message
// come from files and names that anybody may have chosen. Controls of ASCII and
// bytes that are not UTF-8 become \x9b, other characters \u202e. A newline is
// escaped, too: a name with one in it could forge a line of box's own.
func Visible(text string) string {
	var out strings.Builder
	s := sight{rest: text}
	for s.rest != "" {
		out.WriteString(s.next())
	}
	return out.String()
}

// VisibleText is visible for a text of several lines, which may have tabs.
func VisibleText(text string) string {
	var out strings.Builder
	for text != "" {
		end := strings.IndexAny(text, "\n\t")
		if end < 0 {
			break
		}
		out.WriteString(Visible(text[:end]) + text[end:end+1])
		text = text[end+1:]
	}
	return out.String() + Visible(text)
}

// ShellWords joins words to a line that a shell splits into the same words, and
// that can be printed: what visible would escape is written in
// dollar-single-quotes, in octal, see POSIX.1-2024, 2.2.4.
func ShellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = spec.Quote(words[i : i+1])
		if VisibleText(word) == word {
			continue
		}
		var out strings.Builder
		for s := (sight{rest: word}); s.rest != ""; {
			before := s.rest
			next := s.next()
			part := before[:len(before)-len(s.rest)]
			switch {
			case part == "'" || part == `\`:
				out.WriteString(`\` + part)
			case next == part:
				out.WriteString(part)
			default:
				for _, c := range []byte(part) {
					fmt.Fprintf(&out, `\%03o`, c)
				}
			}
		}
		quoted[i] = "$'" + out.String() + "'"
	}
	return strings.Join(quoted, " ")
}

// addVisible is visible without the heap: it appends to a text. It is for names
// in notes that are made before the Go runtime.
func addVisible(out *early.Text, text string) {
	s := sight{rest: text}
	for s.rest != "" {
		out.Add(s.next())
	}
}

// sight goes through a text. before is the character before the rest, as far as
// a joiner may follow it. buffer holds the escape that next returns.
type sight struct {
	rest   string
	before rune
	buffer [len(`\U000e0001`)]byte
}

// next takes a character off the rest, which is not empty, and returns how it
// is printed. The result holds until the next call.
func (s *sight) next() string {
	c, size := utf8.DecodeRuneInString(s.rest)
	part := s.rest[:size]
	s.rest = s.rest[size:]
	before := s.before
	s.before = 0 // of what is escaped, and of a joiner: no other one follows it
	switch {
	case c == utf8.RuneError && size == 1:
		return s.hex('x', uint32(part[0]), 2)
	case !hides(c, before):
		if c != zeroWidthNonJoiner && c != zeroWidthJoiner {
			s.before = c
		}
		return part
	case c < 0x80:
		return s.hex('x', uint32(c), 2)
	case c < 0x10000:
		return s.hex('u', uint32(c), 4)
	}
	return s.hex('U', uint32(c), 8)
}

// hex returns a number as \, a letter and so many digits.
func (s *sight) hex(letter byte, v uint32, digits int) string {
	s.buffer[0], s.buffer[1] = '\\', letter
	for i := digits + 1; i > 1; i-- {
		s.buffer[i] = "0123456789abcdef"[v&0xf]
		v >>= 4
	}
	return early.String(s.buffer[:digits+2])
}
