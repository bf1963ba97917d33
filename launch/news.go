package launch

import (
	"box/spec"

	"golang.org/x/sys/unix"
)

// NewsKind is what News are about.
type NewsKind uint8

// The kinds of news.
const (
	Unwatched   NewsKind = iota + 1 // new names can't be watched for: Errno; the walk at the end remains
	Unseen                          // the project can't be looked at, not even at the end: Errno
	Appeared                        // Name is new at the top, and stays as it is
	Remains                         // Name is new at the top and there at the end
	Planted                         // a .git is new at the top: the sandbox is ended
	Held                            // Name has been renamed to As
	NotHeld                         // Name could not be renamed: Errno
	Unlocked                        // somebody outside has replaced what Entry locks
	Unread                          // the walk could not look into Name: Errno
	Interrupted                     // a signal has ended the walk at Name
	NetEnded                        // the net process has ended: there is no network any more
	Changed                         // of a project that is an overlay: Written files, Removed names, and More than these
	TooMany                         // the walk has ended at Name, after so many directories as it looks at
)

// News is what the monitor has to say about a project: while the command runs, or after the end. It may be made before the Go
// runtime, and holds during the call that it is for.
type News struct {
	What    NewsKind
	Project *spec.Project
	Name    string      // from the top
	As      string      // from the top
	Entry   *spec.Entry // Unlocked
	Errno   unix.Errno
	Scratch *spec.Scratch // Changed
	Written int
	Removed int
	More    bool
	Wait    bool // it may wait until somebody reads it: the sandbox has ended
	Raw     bool // the caller's terminal is in raw mode: a line ends in "\r\n"
}

// OnNews says who is told News. It must be said before Wait. f returns false for what it could not tell without waiting.
func (b *Sandbox) OnNews(f func(*News) bool) { b.onNews = f }

// report tells news, if there is somebody to tell, and returns false if that could not be. They lie in the Sandbox, since what is
// called by address may keep them.
func (b *Sandbox) report(n News) (told bool) {
	if b.onNews == nil {
		return true
	}
	n.Project, n.Scratch = &b.spec.Project, &b.spec.Scratch
	n.Raw = b.tty != nil && b.tty.raw
	n.Wait = b.names.over || n.What != Appeared && n.What != Unlocked && n.What != NetEnded
	b.news = n
	return b.onNews(&b.news)
}
