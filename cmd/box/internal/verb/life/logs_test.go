package life

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSinceWhen(t *testing.T) {
	if from, err := sinceWhen(""); err != nil || !from.IsZero() {
		t.Errorf("all: %v, %v", from, err)
	}
	if from, err := sinceWhen("10m"); err != nil || from.After(time.Now().Add(-10*time.Minute)) {
		t.Errorf("a duration: %v, %v", from, err)
	}
	for text, want := range map[string]time.Time{
		"2026-11-27T15:04:05Z":        time.Date(2026, 11, 27, 15, 4, 5, 0, time.UTC),
		"2026-11-27T15:04:05.5+01:00": time.Date(2026, 11, 27, 14, 4, 5, 5e8, time.UTC),
		"2026-11-27T15:04:05":         time.Date(2026, 11, 27, 15, 4, 5, 0, time.Local),
		"2026-11-27 15:04:05":         time.Date(2026, 11, 27, 15, 4, 5, 0, time.Local),
		"2026-11-27":                  time.Date(2026, 11, 27, 0, 0, 0, 0, time.Local),
	} {
		if from, err := sinceWhen(text); err != nil || !from.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", text, from, err, want)
		}
	}
	for _, text := range []string{"never", "-5m", "10", "2026-13-01", "\x1b[2J"} {
		if from, err := sinceWhen(text); err == nil {
			t.Errorf("%q: %v, %v", text, from, err)
		}
	}
}

func TestParse(t *testing.T) {
	for line, want := range map[string]logRecord{
		"2026-11-27T15:04:05Z stdout F text with  blanks": {"2026-11-27T15:04:05Z", "stdout", true, "text with  blanks"},
		"2026-11-27T15:04:05Z stderr P part":              {"2026-11-27T15:04:05Z", "stderr", false, "part"},
		"2026-11-27T15:04:05Z stdout F ":                  {"2026-11-27T15:04:05Z", "stdout", true, ""},
		"2026 y X z":                                      {"", "box", true, "2026 y X z"},
		"garbage":                                         {"", "box", true, "garbage"},
		"":                                                {"", "box", true, ""},
	} {
		if got := parse(line); got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}

// On a terminal control characters are shown, but for tabs, colours and what ends a line there.
func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"plain\tä":                              "plain\tä",
		"\x1b[31mred\x1b[0m":                    "\x1b[31mred\x1b[0m",
		"\x1b[38;5;1mred":                       "\x1b[38;5;1mred",
		"\x1b[38:2::1:2:3mred":                  "\x1b[38:2::1:2:3mred",
		"\x1b[2J":                               "^[[2J",
		"\x1b]0;title\a":                        "^[]0;title^G",
		"\x1b[31":                               "^[[31",
		"line\r":                                "line",
		"over\rwritten":                         "over^Mwritten",
		"\x7f":                                  "^?",
		"\xc2\x9b2J":                            `\u009b2J`,
		"\xff":                                  `\xff`,
		"\x1b[" + strings.Repeat("1", 40) + "m": "^[[" + strings.Repeat("1", 40) + "m",
	} {
		if got := shown(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// printed returns what a printer writes for records, to stdout and to stderr.
func printed(t *testing.T, p *logPrinter, data ...string) (out, err string) {
	t.Helper()
	var texts [2]strings.Builder
	for i := range p.out {
		p.out[i] = bufio.NewWriter(&texts[i])
	}
	for _, d := range data {
		if err := p.print([]byte(d)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.flush(); err != nil {
		t.Fatal(err)
	}
	return texts[0].String(), texts[1].String()
}

const records = "2026-11-27T15:00:00Z stdout F one\n" +
	"2026-11-27T15:00:01Z stderr F two\n" +
	"2026-11-27T15:00:02Z stdout P thr\n" +
	"2026-11-27T15:00:03Z stdout F ee\x1b[2J\n" +
	"2026-11-27T15:00:04Z box F its time is over\x1b\n"

func TestPrinter(t *testing.T) {
	for _, c := range []struct {
		name     string
		flags    logsFlags
		from     time.Time
		terminal bool
		out, err string
	}{
		{"all", logsFlags{Lines: -1}, time.Time{}, false, "one\nthree\x1b[2J\n", "two\nbox: its time is over\\x1b\n"},
		{"on a terminal", logsFlags{Lines: -1}, time.Time{}, true, "one\nthree^[[2J\n", "two\nbox: its time is over\\x1b\n"},
		{"the last one", logsFlags{Lines: 1}, time.Time{}, false, "", "box: its time is over\\x1b\n"},
		{"the last two, one in parts", logsFlags{Lines: 2}, time.Time{}, false, "three\x1b[2J\n", "box: its time is over\\x1b\n"},
		{"none", logsFlags{Lines: 0}, time.Time{}, false, "", ""},
		{
			"more than there are",
			logsFlags{Lines: 100},
			time.Time{},
			false,
			"one\nthree\x1b[2J\n", "two\nbox: its time is over\\x1b\n",
		},
		{
			"with times",
			logsFlags{Lines: -1, Times: true},
			time.Time{},
			false,
			"2026-11-27T15:00:00Z one\n2026-11-27T15:00:02Z three\x1b[2J\n",
			"2026-11-27T15:00:01Z two\n2026-11-27T15:00:04Z box: its time is over\\x1b\n",
		},
		{
			"since",
			logsFlags{Lines: -1},
			time.Date(2026, 11, 27, 15, 0, 3, 0, time.UTC), false,
			"ee\x1b[2J\n", "box: its time is over\\x1b\n",
		},
	} {
		p := &logPrinter{flags: &c.flags, from: c.from, shown: [2]bool{c.terminal, c.terminal}}
		if out, err := printed(t, p, records); out != c.out || err != c.err {
			t.Errorf("%s: %q and %q, want %q and %q", c.name, out, err, c.out, c.err)
		}
	}
	// What comes later is printed, whatever -n was.
	p := &logPrinter{flags: &logsFlags{Lines: 0}}
	if out, _ := printed(t, p, records, "2026-11-27T15:00:05Z stdout F later\n"); out != "later\n" {
		t.Errorf("later: %q", out)
	}
}

// A log goes on in a new file when the old one is full, and nothing is read twice or missed.
func TestReader(t *testing.T) {
	top := t.TempDir()
	_, b := madeIn(t, top, []string{"-d"}, []string{"true"})
	dir := top + "/state/box/boxes/web"
	l := &logReader{box: b}
	if l.open() {
		t.Fatal("there is a log")
	}
	write := func(file, text string) {
		t.Helper()
		f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		t.Helper()
		if got := string(l.rest()); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	write("log.1", "a\n")
	write("log", "b\n")
	if !l.open() {
		t.Fatal("there is no log")
	}
	defer l.close()
	expect("a\nb\n")
	expect("")
	write("log", "c\nhal")
	expect("c\n")
	write("log", "f\n")
	expect("half\n")
	write("log", "d\n")
	if err := os.Rename(filepath.Join(dir, "log"), filepath.Join(dir, "log.1")); err != nil {
		t.Fatal(err)
	}
	write("log", "e\n")
	expect("d\ne\n")
	write("log", "f\n")
	expect("f\n")
}
