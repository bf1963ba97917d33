package native

import (
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/launch"

	"golang.org/x/sys/unix"
)

// TellNews says what the monitor has found in the project. It may run before
// the Go runtime. It returns false for what it would have to wait with until
// somebody reads standard error: the command may have filled that, and must not
// stop the monitor so. At the end it waits.
//
// An event does not say who has made a name, so no message accuses the command,
// and each says how to take back what box has done.
func TellNews(n *launch.News) bool {
	p := n.Project
	line := func(parts ...string) bool { return say.Line(n.Raw, n.Wait, parts...) }
	switch n.What {
	case launch.Unwatched:
		return line("-w: what appears in ", p.Top, " is looked for at the end only: ", reason(n.Errno))
	case launch.Unseen:
		return line("-w: what appears in ", p.Top, " can't be looked for: ", reason(n.Errno))
	case launch.Appeared:
		return line("new in ", p.Top, ": ", n.Name)
	case launch.Remains:
		return line("new in ", p.Top, ", and left as it is: ", n.Name, " (--allow-new ", n.Name, " doesn't tell)")
	case launch.Planted:
		return line("a ", n.Name, " has appeared in ", p.Top, ": the sandbox was ended")
	case launch.Held:
		return line(p.Top, "/", n.Name, " is now ", p.Top, "/", n.As, ": git could run programs by it") && moveBack(n)
	case launch.NotHeld:
		return line(p.Top, "/", n.Name, " is new, and git could run programs by it; it can't be renamed: ", reason(n.Errno))
	case launch.Unlocked:
		return line("somebody outside has replaced ", n.Entry.Dest, ": it is not locked any more")
	case launch.Unread:
		return line(p.Top, "/", n.Name, " can't be read, so no repository is looked for in it: ", reason(n.Errno))
	case launch.Changed:
		return tellChanges(n)
	case launch.Interrupted:
		return line("interrupted: new repositories were looked for up to ", p.Top, "/", n.Name, " only")
	case launch.NetEnded:
		return line("the process that carries connections has ended: the command has no network any more")
	case launch.TooMany:
		return line("too many directories: new repositories were looked for up to ", p.Top, "/", n.Name, " only")
	}
	return true
}

// tellChanges says how much was written to a project that is an overlay.
func tellChanges(n *launch.News) bool {
	var text early.Text
	if n.More {
		text.Add("more than ")
	}
	text.AddNumber(uint64(n.Written))
	text.Add(" file")
	if n.Written != 1 {
		text.Add("s")
	}
	text.Add(" written")
	if n.Removed > 0 {
		text.Add(", ")
		text.AddNumber(uint64(n.Removed))
		text.Add(" removed")
	}
	text.Add(": ")
	top, keep := n.Scratch.Top, n.Scratch.Keep
	if keep != "" {
		return say.Line(n.Raw, true, "--scratch: ", text.String(), keep, " has them, and ", top, " is as it was")
	}
	return say.Line(n.Raw, true, "--scratch: ", text.String(), top, " is as it was (--scratch=DIR keeps them)")
}

// guarded looks at what was asked of the guard when it is known whether there
// is a project.
func (b *Line) guarded() error {
	p := &b.spec.Project
	if p.Top != "" {
		return nil
	}
	if p.Required.Words != nil {
		return say.Refuse(p.Required.Words, "no project is writable, so none can be watched: -w makes one writable")
	}
	if len(p.AllowNew) > 0 {
		say.Tell("--allow-new: has no effect without a project that -w makes writable")
	}
	return nil
}

// moveBack says how to take a renaming back.
func moveBack(n *launch.News) bool {
	var full, from, to early.Text
	path := func(name string) string {
		full.Cut(0)
		full.Add(n.Project.Top)
		full.Add("/")
		full.Add(name)
		return full.String()
	}
	as := say.Shell(&from, path(n.As))
	was := say.Shell(&to, path(n.Name))
	return say.Line(n.Raw, true, "hint: who has made it is not known; if you have: mv ", as, " ", was) &&
		say.Line(n.Raw, true, "hint: --allow-new .git lets it be")
}

// reason returns what an errno means here. That of the errno itself would need
// the runtime.
func reason(errno unix.Errno) string {
	switch errno {
	case unix.EMFILE:
		return "the user's inotify instances are used up (fs.inotify.max_user_instances)"
	case unix.ENOSPC:
		return "the user's inotify watches are used up (fs.inotify.max_user_watches)"
	case unix.ENFILE:
		return "too many open files in the system"
	case unix.EACCES:
		return "permission denied"
	case unix.EPERM:
		return "operation not permitted"
	case unix.EROFS:
		return "read-only file system"
	case unix.ELOOP:
		return "too deep"
	case unix.ENOSYS:
		return "the kernel has no inotify"
	case unix.EIO:
		return "input/output error"
	}
	var text early.Text
	text.Add("errno ")
	text.AddNumber(uint64(errno))
	return early.Concat(text.String())
}
