package say

import (
	"os/exec"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"box/internal/early"
)

func TestVisibleEscapesWhatATerminalObeysOrHides(t *testing.T) {
	for text, want := range map[string]string{
		"a\x1b[31mb\n\t\x7f\x00": `a\x1b[31mb\x0a\x09\x7f\x00`,
		"\x9b31m":                `\x9b31m`, // an 8-bit CSI
		"\u009b31m":              `\u009b31m`,
		"a\xffb\xc3":             `a\xffb\xc3`,
		"\xed\xa0\x80":           `\xed\xa0\x80`, // a surrogate
		"\xc0\xaf":               `\xc0\xaf`,     // overlong
		"user\u202etxt.sh":       `user\u202etxt.sh`,
		"\u200e\u200f\u061c":     `\u200e\u200f\u061c`,
		"\u2066a\u2069\u2068":    `\u2066a\u2069\u2068`,
		"a\u2028b\u2029":         `a\u2028b\u2029`,
		"us\u200br\ufeff\u00ad":  `us\u200br\ufeff\u00ad`,
		"us\u200dr":              `us\u200dr`,
		"us\u200cr":              `us\u200cr`,
		"\U000e0041":             `\U000e0041`,
		// What people write stays as it is.
		"Grüße, naïve café":       "Grüße, naïve café",
		"e\u0301":                 "e\u0301",
		"日本語　한국어 中文":              "日本語　한국어 中文",
		"שלום العربية":            "שלום العربية",
		"می\u200cخواهم क्\u200dष": "می\u200cخواهم क्\u200dष",
		"👍🏽 👨\u200d👩\u200d👧 1️⃣":  "👍🏽 👨\u200d👩\u200d👧 1️⃣",
		"\ufffd": "\ufffd",
		`\x1b`:   `\x1b`,
		"":       "",
	} {
		if got := Visible(text); got != want {
			t.Errorf("Visible(%+q) = %+q, want %+q", text, got, want)
		}
	}
	if got, want := VisibleText("a\tb\x1b\n\u202e\n"), "a\tb\\x1b\n\\u202e\n"; got != want {
		t.Errorf("visibleText: %q, want %q", got, want)
	}
}

// Of all characters, what is left is printable, a space or a mark, but for the joiners and what Unicode has no use for yet.
func TestVisibleKnowsTheFormatsOfUnicode(t *testing.T) {
	shapes := map[rune]bool{} // formats that are seen: signs of Arabic, Syriac and Kaithi, hieroglyphs' joiners
	for _, r := range []rune{0x6dd, 0x70f, 0x890, 0x891, 0x8e2, 0x110bd, 0x110cd} {
		shapes[r] = true
	}
	for r := range rune(unicode.MaxRune + 1) {
		if !utf8.ValidRune(r) {
			continue
		}
		if r >= 0xe0000 && r <= 0xe007f || r == 0x2065 { // not all of these are assigned
			continue
		}
		hidden := unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
		if shapes[r] || r >= 0x600 && r <= 0x605 || r >= 0x13430 && r <= 0x1343f {
			hidden = false
		}
		if hidden != hides(r, 'a') {
			t.Errorf("hides(%U) = %v", r, !hidden)
		}
	}
}

func FuzzVisible(f *testing.F) {
	for _, text := range []string{"a", "\x9b", "\u202e", "👨\u200d👩", "\xe2\x80", "a\u200d\u200db"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Visible(text)
		if !utf8.ValidString(got) || got != Visible(got) {
			t.Errorf("Visible(%+q) = %+q, and that is %+q", text, got, Visible(got))
		}
		var early early.Text
		if addVisible(&early, text); !early.Full() && early.String() != got {
			t.Errorf("addVisible(%+q): %+q, want %+q", text, early.String(), got)
		}
	})
}

// A shell makes the same words of what is printed, and a terminal sees nothing that it obeys.
func TestShellWordsAreTheWords(t *testing.T) {
	words := []string{"a b", "it's", "x\x1b[31m'\\n\u202e1\x9b2", "two\nlines\t", "", "Grüße 👨\u200d👩", `\`}
	line := ShellWords(words)
	if VisibleText(line) != line {
		t.Errorf("%+q is not visible", line)
	}
	out, err := exec.Command("bash", "-c", `printf '%s\0' `+line).Output()
	if want := strings.Join(words, "\x00") + "\x00"; err != nil || string(out) != want {
		t.Errorf("%s\n%v: %q, want %q", line, err, out, want)
	}
}
