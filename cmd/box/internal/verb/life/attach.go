package life

import (
	"errors"
	"os"
	"os/signal"
	"strings"
	"time"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/host"
	"box/register"
	"box/shim"

	"golang.org/x/sys/unix"
)

const attachHelp = "Shows what a box that was started with -d writes from now on, and gives it what is typed, if it was started " +
	"with -t or -i.\n\n" +
	"It ends with the status of the box. The detach keys end attach alone; ^P is sent on if no ^Q follows within half a second. " +
	"Without a terminal ^C ends attach alone, too."

// Attach joins the caller's terminal to a box's.
func Attach(c *verb.Context) (int, error) {
	var flags struct {
		Keys string `name:"detach-keys" default:"ctrl-p,ctrl-q" placeholder:"KEYS" help:"Keys that end attach; none is \"\"."`
		Name string `arg:"" name:"name" help:"The box."`
	}
	if helped, err := verb.Parse("attach", attachHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	keys, err := detachKeys(flags.Keys)
	if err != nil {
		return 0, err
	}
	return with(flags.Name, func(r *register.Register, b *register.Box) (int, error) { return attach(r, b, keys) })
}

// attach attaches to a box that is up.
func attach(r *register.Register, b *register.Box, keys []byte) (int, error) {
	client, err := dial(r, b)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	answer, _, err := client.Ask(shim.Record{Kind: shim.Attach})
	switch {
	case errors.Is(err, unix.ENOTTY):
		return 0, say.Usagef("box %s runs in the foreground of another terminal", b.Name).Hintf("box exec %s sh", b.Name)
	case err != nil:
		return 0, unheard(b, err)
	}
	a := &attached{client: client, box: b, terminal: answer.Value == 1, input: answer.Extra == 1, keys: keys}
	if a.terminal && !host.IsTerminal(0) {
		return 0, say.Usagef("box %s has a terminal, and standard input is not one", b.Name).
			Hintf("box logs -f %s shows what it writes", b.Name)
	}
	return a.run()
}

// detachKeys reads a list such as ctrl-p,ctrl-q: each is a letter, or ctrl- and a letter or one of @ [ \ ] ^ _.
func detachKeys(list string) ([]byte, error) {
	var keys []byte
	if list == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(list, ",") {
		key, ctrl := strings.CutPrefix(strings.ToLower(word), "ctrl-")
		switch {
		case len(key) != 1, ctrl && (key[0] < '@' || key[0] > '_') && (key[0] < 'a' || key[0] > 'z'), key[0] <= ' ' || key[0] > '~':
			return nil, say.Usagef("attach --detach-keys %s: %s is no key", say.Words([]string{list}), say.Words([]string{word})).
				Hintf("--detach-keys ctrl-p,ctrl-q")
		case ctrl:
			keys = append(keys, key[0]&0x1f)
		default:
			keys = append(keys, word[0])
		}
	}
	return keys, nil
}

// attached is a terminal, or what stands in its place, joined to a box.
type attached struct {
	client   *shim.Client
	box      *register.Box
	terminal bool // the box has one
	input    bool // the command can be given input
	keys     []byte
	held     int // so many of the keys have been typed, and are not sent yet
	before   *unix.Termios
}

// run copies until the box ends, or the user detaches. It returns the status of the box, or 0.
func (a *attached) run() (int, error) {
	if a.terminal {
		a.enter()
		defer a.leave()
	}
	asked := make(chan os.Signal, 8)
	signal.Notify(asked, unix.SIGWINCH)
	if a.terminal {
		signal.Notify(asked, unix.SIGTERM, unix.SIGHUP)
	}
	a.size()
	done := make(chan ending, 1)
	go func() { done <- a.hear() }()
	typed := make(chan []byte)
	if a.input {
		go read(typed)
	}
	for {
		var wait <-chan time.Time
		if a.held > 0 {
			wait = time.After(holdKeys)
		}
		select {
		case e := <-done:
			a.leave()
			if e.err == nil && a.box.Rests() {
				say.Notef("%s is started again: box attach %s comes back", a.box.Name, a.box.Name)
			}
			return e.status, e.err
		case s := <-asked:
			if s == unix.SIGWINCH {
				a.size()
				continue
			}
			return 0, nil
		case data, more := <-typed:
			switch {
			case !more:
				typed = nil
				_ = a.client.Send(shim.Record{Kind: shim.InputEnds}, nil)
			case a.give(data):
				a.leave()
				say.Notef("detached from %s: box attach %s comes back", a.box.Name, a.box.Name)
				return 0, nil
			}
		case <-wait:
			a.send(a.keys[:a.held])
			a.held = 0
		}
	}
}

// holdKeys is how long the first of the detach keys waits for the next.
const holdKeys = 500 * time.Millisecond

// read reads what is typed.
func read(typed chan<- []byte) {
	for {
		buffer := make([]byte, 1024)
		n, err := os.Stdin.Read(buffer)
		if n > 0 {
			typed <- buffer[:n]
		}
		if err != nil {
			close(typed)
			return
		}
	}
}

// give sends what was typed, and reports whether it was the detach keys.
func (a *attached) give(data []byte) (detached bool) {
	var out []byte
	for _, c := range data {
		if a.terminal && len(a.keys) > 0 {
			if c == a.keys[a.held] {
				if a.held++; a.held == len(a.keys) {
					a.send(out)
					return true
				}
				continue
			}
			out = append(out, a.keys[:a.held]...)
			if a.held > 0 && c == a.keys[0] { // the second ^P sends the first
				a.held = 1
				continue
			}
			a.held = 0
		}
		out = append(out, c)
	}
	a.send(out)
	return false
}

func (a *attached) send(data []byte) {
	for len(data) > 0 {
		n := min(len(data), shim.Most)
		_ = a.client.Send(shim.Record{Kind: shim.Input}, data[:n])
		data = data[n:]
	}
}

// ending is how it ended.
type ending struct {
	status int
	err    error
}

// hear prints what the box writes, until it ends.
func (a *attached) hear() ending {
	for {
		r, data, fds, err := a.client.Receive(-1)
		for _, fd := range fds {
			host.Close(fd)
		}
		switch {
		case errors.Is(err, shim.ErrDown):
			return ending{say.StatusKilled, say.Usagef("box %s: its monitor has ended without a word", a.box.Name)}
		case err != nil:
			return ending{0, unheard(a.box, err)}
		case r.Kind == shim.Ended:
			return ending{int(r.Value), nil}
		case r.Kind == shim.Output:
			to := os.Stdout
			if r.Value == 2 {
				to = os.Stderr //nolint:forbidigo // what the box has written to its own
			}
			if _, err := to.Write(data); err != nil {
				return ending{0, err}
			}
		}
	}
}

// enter makes the caller's terminal raw: keys mean something in the box only.
func (a *attached) enter() {
	modes, err := unix.IoctlGetTermios(0, unix.TCGETS)
	if err != nil {
		return
	}
	a.before = modes
	raw := *modes
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Oflag &^= unix.OPOST
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag = raw.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	_ = unix.IoctlSetTermios(0, unix.TCSETSW, &raw)
}

// leave gives the terminal back as it was.
func (a *attached) leave() {
	if a.before != nil {
		_ = unix.IoctlSetTermios(0, unix.TCSETSW, a.before)
		a.before = nil
	}
}

// size tells the box the size of the caller's terminal.
func (a *attached) size() {
	if !a.terminal {
		return
	}
	if size, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ); err == nil && size.Row > 0 && size.Col > 0 {
		_ = a.client.Send(shim.Record{Kind: shim.Size, Value: int64(size.Row), Extra: int64(size.Col)}, nil)
	}
}
