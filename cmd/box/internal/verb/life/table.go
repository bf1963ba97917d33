package life

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"box/cmd/box/internal/say"
)

// table prints rows with a space of three between columns; the last one is not filled up. All of it is made visible: names and
// arguments are what others chose.
func table(file io.Writer, rows [][]string) error {
	var width []int
	for _, row := range rows {
		for i := range row {
			row[i] = say.Visible(row[i])
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	out := bufio.NewWriter(file)
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", width[i]+3-utf8.RuneCountInString(cell)))
			}
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
	}
	return out.Flush()
}

// moment returns a time of the register, nanoseconds since 1970; zero if text is not one.
func moment(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

// since returns how long ago a time was, as people say it.
func since(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	d := max(time.Since(t), 0)
	for _, u := range [...]struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		switch n := int(d / u.size); {
		case n == 1:
			return "1 " + u.name
		case n > 1 || u.size == time.Second:
			return strconv.Itoa(n) + " " + u.name + "s"
		}
	}
	return ""
}

// cut shortens a text for a column.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-3]) + "..."
}
