package life

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// printJSON prints a value, as people can read it. What others have chosen steers no terminal: what is no graphic character is
// escaped, which can stand in strings only.
func printJSON(value any) error {
	var text, shown strings.Builder
	out := json.NewEncoder(&text)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil {
		return err
	}
	for _, c := range text.String() {
		if c < utf8.RuneSelf || unicode.IsGraphic(c) {
			shown.WriteRune(c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			fmt.Fprintf(&shown, `\u%04x`, unit)
		}
	}
	_, err := os.Stdout.WriteString(shown.String())
	return err
}
