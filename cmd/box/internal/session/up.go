package session

import (
	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/register"
	"box/shim"

	"golang.org/x/sys/unix"
)

// Up is a box that is up, and what its monitor hands out to who enters it, or
// has namespaces in common with it.
type Up struct {
	shim.Handed
	Inside   launch.Inside // how to be inside
	Short    bool          // its number may be shortened, as docker lets it be
	name     string
	root     int // a pidfd of pid 1 of its pid namespace, if that was asked for; else 0
	register register.Register
	at       register.Box
}

// Name returns the name that it was asked for by.
func (u *Up) Name() string { return u.name }

// ID returns its number.
func (u *Up) ID() string { return u.at.ID() }

// Ask has the monitor of the box hand out what is needed, once: a command line
// that is compiled again finds it here. An error is a *say.Message.
func (u *Up) Ask(name string) error {
	if u.Given() {
		return nil
	}
	u.name = early.Concat(name) // the words are overwritten later
	if err := u.register.Open(inputs.Places()); err != nil {
		return failure.Register(name, err)
	}
	if !u.register.At(&u.at, name) {
		early.Ordinary()
		if u.Short {
			name = u.register.Full(name)
		}
		found, err := u.register.Find(name)
		if err != nil {
			return failure.Register(name, err)
		}
		u.at = *found // it was asked for by its number, or has come meanwhile
	}
	if err := u.Handed.Ask(&u.register, &u.at); err != nil {
		return failure.Unheard(&u.at, err)
	}
	u.at.Close()
	u.register.Close()
	return nil
}

// Watch notes pid 1 of the box's pid namespace, for Ends.
func (u *Up) Watch() {
	if u.root <= 0 {
		u.root, _ = host.OpenProcess(u.Root)
	}
}

// Ends reports whether the box's pid namespace has ended, or is about to: the
// kernel kills what is in it when its pid 1 is on its way out, which the flag
// PF_EXITING shows, see proc_pid_stat(5).
func (u *Up) Ends() bool {
	if u.root > 0 && host.Pending(u.root, unix.POLLIN) {
		return true
	}
	const exiting, before = 4, 6 // fields between the name and the flags
	var path early.Text
	path.Add("/proc/")
	path.AddNumber(uint64(u.Root))
	path.Add("/stat")
	var buffer [512]byte
	text := host.ReadFile(path.String(), buffer[:])
	at := len(text)
	for at > 0 && text[at-1] != ')' { // the name may have spaces
		at--
	}
	flags, field := uint64(0), -1
	for _, c := range []byte(text[at:]) {
		switch {
		case c == ' ':
			field++
		case field == before && c >= '0' && c <= '9':
			flags = flags*10 + uint64(c-'0')
		}
	}
	return flags&exiting != 0
}

// Read reads how to be inside. An error is a *say.Message.
func (u *Up) Read() error {
	data, errno := host.ReadSealed(u.Handed.Inside)
	if errno != 0 {
		return u.Cannot(errno)
	}
	if format, ok := u.Inside.Read(data); !ok {
		return u.unreadable(format)
	}
	return nil
}

// Cannot returns the message for a box that can't be entered.
//
//go:noinline
func (u *Up) Cannot(errno unix.Errno) error {
	early.Ordinary()
	return say.Usagef("cannot enter %s: %v", u.name, errno)
}

//go:noinline
func (u *Up) unreadable(format uint64) error {
	early.Ordinary()
	const text = "cannot enter %s: it says in format %d how to be inside, and this box knows %d"
	return say.Usagef(text, u.name, format, launch.InsideFormat).
		Hintf("start it anew with this version: box stop %s, then box start %s", u.name, u.name)
}
