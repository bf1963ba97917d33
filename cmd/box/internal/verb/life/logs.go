package life

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/host"
	"box/register"
)

const logsHelp = "Prints what a box that was started with -d has written: its output on stdout, its errors on stderr, and on " +
	"stderr, too, what box has to say of it.\n\n" +
	"On a terminal control characters are shown as ^X, but for colours: --raw prints them as they are."

type logsFlags struct {
	Follow bool   `short:"f" name:"follow" help:"Go on with what is written, until the box ends."`
	Lines  int    `short:"n" name:"tail" default:"-1" help:"The last so many lines only."`
	Since  string `name:"since" placeholder:"WHEN" help:"What was written since then: 10m, or 2026-11-27T15:04:05Z."`
	Times  bool   `short:"t" name:"timestamps" help:"With the time of each line."`
	Raw    bool   `name:"raw" help:"Control characters as they are."`
	Name   string `arg:"" name:"name" help:"The box."`
}

// Logs prints the log of a box.
func Logs(c *verb.Context) (int, error) {
	var flags logsFlags
	if helped, err := verb.Parse("logs", logsHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	from, err := sinceWhen(flags.Since)
	if err != nil {
		return 0, err
	}
	return with(flags.Name, func(_ *register.Register, b *register.Box) (int, error) { return 0, printLog(b, &flags, from) })
}

// printLog prints the log of a box, and goes on with it if that was asked for.
func printLog(b *register.Box, flags *logsFlags, from time.Time) error {
	reader := &logReader{box: b}
	defer reader.close()
	if !reader.open() {
		return say.Usagef("box %s has no log: it was not started with -d, or with --log none", b.Name)
	}
	p := &logPrinter{flags: flags, from: from}
	p.shown[0], p.shown[1] = host.IsTerminal(1) && !flags.Raw, host.IsTerminal(2) && !flags.Raw
	if err := p.print(reader.rest()); err != nil || !flags.Follow {
		return errors.Join(err, p.flush())
	}
	for {
		up := b.State() == register.Up
		if err := errors.Join(p.print(reader.rest()), p.flush()); err != nil {
			return err
		}
		if !up {
			return nil
		}
		time.Sleep(followEvery)
	}
}

// followEvery is how often logs -f looks.
const followEvery = 100 * time.Millisecond

// sinceWhen returns the time that --since means: a duration before now, or a time. Zero is all.
func sinceWhen(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return time.Now().Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, say.Usagef("logs --since %s: not a duration such as 10m, and not a time such as 2026-11-27T15:04:05Z",
		say.Words([]string{text}))
}

// logReader reads the two files of a log, and goes on with the new one when the old one is full.
type logReader struct {
	box  *register.Box
	file *os.File // the one that is written
	old  *os.File // the one before, until it is read
	left []byte   // a record that was not whole
}

// open opens the files. It returns false if there is no log.
func (l *logReader) open() bool {
	l.old, _ = l.box.Open("log.1")
	l.file, _ = l.box.Open("log")
	return l.file != nil || l.old != nil
}

func (l *logReader) close() {
	for _, f := range []*os.File{l.old, l.file} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// rest returns the records that were not returned before, all of them whole.
func (l *logReader) rest() []byte {
	data := l.left
	if l.old != nil {
		data = append(data, all(l.old)...)
		_ = l.old.Close()
		l.old = nil
	}
	if l.file != nil {
		data = append(data, all(l.file)...)
	}
	if next := l.renewed(); next != nil {
		if l.file != nil {
			data = append(data, all(l.file)...) // what was written to it at last
			_ = l.file.Close()
		}
		l.file = next
		data = append(data, all(next)...)
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	l.left = bytes.Clone(data[end:])
	return data[:end]
}

// renewed opens the file that is written if it is another one than before.
func (l *logReader) renewed() *os.File {
	next, err := l.box.Open("log")
	if err != nil {
		return nil
	}
	if l.file != nil {
		was, err1 := l.file.Stat()
		is, err2 := next.Stat()
		if err1 != nil || err2 != nil || os.SameFile(was, is) {
			_ = next.Close()
			return nil
		}
	}
	return next
}

func all(f *os.File) []byte {
	data, _ := io.ReadAll(f)
	return data
}

// logPrinter prints records.
type logPrinter struct {
	flags *logsFlags
	from  time.Time
	shown [2]bool // control characters of stdout and stderr are shown
	begun [2]bool // a line of it has not ended
	out   [2]*bufio.Writer
}

// record is a line of a log, see package shim.
type logRecord struct {
	stamp, stream string
	whole         bool
	text          string
}

// parse takes a line of a log apart. A line of another form is shown as it is.
func parse(line string) logRecord {
	stamp, rest, ok1 := strings.Cut(line, " ")
	stream, rest, ok2 := strings.Cut(rest, " ")
	mark, text, ok3 := strings.Cut(rest, " ")
	if !ok1 || !ok2 || !ok3 || mark != "F" && mark != "P" {
		return logRecord{stream: "box", whole: true, text: line}
	}
	return logRecord{stamp, stream, mark == "F", text}
}

// print prints records: all, or those of the last lines the first time.
func (p *logPrinter) print(data []byte) error {
	var records []logRecord
	for line := range strings.Lines(string(data)) {
		r := parse(strings.TrimSuffix(line, "\n"))
		if !p.from.IsZero() && r.stamp != "" {
			if t, err := time.Parse(time.RFC3339Nano, r.stamp); err == nil && t.Before(p.from) {
				continue
			}
		}
		records = append(records, r)
	}
	if n := p.flags.Lines; n >= 0 {
		p.flags.Lines = -1
		at := len(records)
		for ; at > 0; at-- {
			if records[at-1].whole {
				if n == 0 {
					break
				}
				n--
			}
		}
		records = records[at:]
	}
	for i := range records {
		if err := p.printOne(&records[i]); err != nil {
			return err
		}
	}
	return nil
}

// printOne prints a record on the stream that it is of.
func (p *logPrinter) printOne(r *logRecord) error {
	to := 1
	if r.stream == "stdout" {
		to = 0
	}
	if p.out[to] == nil {
		p.out[to] = bufio.NewWriter([]*os.File{os.Stdout, os.Stderr}[to]) //nolint:forbidigo // what the box has written to its own
	}
	text := r.text
	if r.stream == "box" {
		text = "box: " + strings.TrimPrefix(say.Visible(text), "box: ") // what its processes say begins so
	} else if p.shown[to] {
		text = shown(text)
	}
	if p.flags.Times && !p.begun[to] {
		text = r.stamp + " " + text
	}
	p.begun[to] = !r.whole
	if r.whole {
		text += "\n"
	}
	if to == 1 && p.out[0] != nil {
		if err := p.out[0].Flush(); err != nil {
			return err
		}
	}
	_, err := p.out[to].WriteString(text)
	if to == 1 {
		err = errors.Join(err, p.out[1].Flush())
	}
	return err
}

func (p *logPrinter) flush() error {
	var err error
	for _, out := range p.out {
		if out != nil {
			err = errors.Join(err, out.Flush())
		}
	}
	return err
}

// shown returns a text with its control characters as ^X, and C1 as \x9b; tabs and colours stay: ESC [ numbers m.
func shown(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		c := text[i]
		switch n := colour(text[i:]); {
		case n > 0:
			out.WriteString(text[i : i+n])
			i += n
			continue
		case c == '\t':
			out.WriteByte(c)
		case c == '\r' && i == len(text)-1: // a terminal has ended its lines so
		case c < ' ':
			out.WriteString("^" + string(rune(c+'@')))
		case c == 0x7f:
			out.WriteString("^?")
		case c >= 0x80:
			end := i + 1
			for end < len(text) && text[end] >= 0x80 {
				end++
			}
			out.WriteString(say.Visible(text[i:end]))
			i = end
			continue
		default:
			out.WriteByte(c)
		}
		i++
	}
	return out.String()
}

// colour returns how long an escape sequence for colours at the beginning of a text is, or 0.
func colour(text string) int {
	if !strings.HasPrefix(text, "\x1b[") {
		return 0
	}
	for i := 2; i < len(text) && i < 32; i++ {
		switch c := text[i]; {
		case c == 'm':
			return i + 1
		case (c < '0' || c > '9') && c != ';' && c != ':':
			return 0
		}
	}
	return 0
}
