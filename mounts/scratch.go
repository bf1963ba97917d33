package mounts

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"box/internal/early"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// ScratchError is a directory that can't be one for what is written to a project.
type ScratchError struct {
	Path string
	Err  error // one of those below, or of the operating system
}

func (e *ScratchError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *ScratchError) Unwrap() error { return e.Err }

// Reasons of a ScratchError.
var (
	// ErrNoAttributes: without user.* attributes an overlay can't note that a directory was removed, and rmdir(2) is EIO.
	ErrNoAttributes = errors.New("its file system has no user.* attributes")
	// ErrForeign: what is there was not written by a command in the same project, and would appear in that.
	ErrForeign = errors.New("it is not empty, and not of this project")
	// ErrInUse: the kernel leaves it undefined what two overlays with one directory do.
	ErrInUse = errors.New("another sandbox writes there")
	// ErrOwner: who owns the directory could change what the command sees.
	ErrOwner = errors.New("it belongs to somebody else")
)

const (
	scratchMark   = "user.box.scratch" // the attribute of a directory that says of which project what is in it is
	scratchPrefix = ".box-scratch-"    // of the name of a directory that is made for one sandbox
)

// ScratchDir returns a name for a directory that is made in above for one sandbox. It draws a random number.
func ScratchDir(above string) (string, error) {
	early.Ordinary()
	const digits = "0123456789abcdefghijklmnopqrstuv"
	var random [10]byte
	if _, err := unix.Getrandom(random[:], 0); err != nil {
		return "", err
	}
	for i := range random {
		random[i] = digits[random[i]%32]
	}
	return filepath.Join(above, scratchPrefix+string(random[:])), nil
}

// MemoryHasAttributes reports whether a tmpfs has user.* attributes, as from Linux 6.6 on: a file of memfd_create(2) lies in one.
func MemoryHasAttributes() bool {
	early.Ordinary()
	fd, err := unix.MemfdCreate("box", unix.MFD_CLOEXEC)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return unix.Fsetxattr(fd, scratchMark, nil, 0) == nil
}

// scratch is the act of making the directories for what is written to a project. It holds locks on them, see flock(2), as long as
// the sandbox lives: so what one that was killed has left behind is known, and removed by the next one.
type scratch struct {
	s     *spec.Scratch
	locks []*os.File
	made  bool // Keep was not there
}

func makeScratch(b *plan.Builder, s *spec.Spec) {
	early.Ordinary()
	b.Outside = append(b.Outside, &scratch{s: &s.Scratch})
}

// String is how --dry-run prints the act.
func (a *scratch) String() string {
	dirs := "make " + a.s.Dir + " for the overlay, and remove it at the end"
	if a.s.Keep != "" {
		dirs += "; make " + a.s.Keep + ", which stays"
	}
	return dirs
}

// Do makes the directories. An error is a *ScratchError. To undo it also removes Keep if that was made and has stayed empty.
func (a *scratch) Do(int) (undo func() error, err error) {
	return a.undo, a.makeAll()
}

// makeAll removes what sandboxes before have left under a lock on the directory that all of them lie in: else one that has just
// been made, and is not locked yet, would look like one that was left.
func (a *scratch) makeAll() error {
	above := filepath.Dir(a.s.Dir)
	if a.s.Keep == "" {
		if err := os.MkdirAll(above, 0o700); err != nil {
			return refuseScratch(above, err)
		}
	}
	// In a directory of the user's anybody may hold that lock, and then what is left there stays.
	how := unix.LOCK_EX
	if a.s.Keep != "" {
		how |= unix.LOCK_NB
	}
	switch dir, err := lockDir(above, how); {
	case err == nil:
		defer dir.Close()
		removeLeft(dir)
	case !errors.Is(err, unix.EWOULDBLOCK):
		return refuseScratch(above, err)
	}
	for _, made := range []string{a.s.Dir, a.s.Work()} {
		if err := os.Mkdir(made, 0o700); err != nil {
			return refuseScratch(made, err)
		}
	}
	if err := a.hold(a.s.Dir); err != nil {
		return err
	}
	if a.s.Keep == "" {
		if err := os.Mkdir(a.s.Upper(), 0o755); err != nil {
			return refuseScratch(a.s.Upper(), err)
		}
		return mark(a.s.Upper(), a.s.Top)
	}
	return a.keep()
}

// keep makes the user's directory, or looks whether it is one of the same project.
func (a *scratch) keep() error {
	dir := a.s.Keep
	switch err := os.Mkdir(dir, 0o755); {
	case err == nil:
		a.made = true
	case !errors.Is(err, unix.EEXIST):
		return refuseScratch(dir, err)
	}
	if err := a.hold(dir); err != nil {
		return err
	}
	switch of, err := markOf(dir); {
	case err != nil:
		return refuseScratch(dir, err)
	case of == a.s.Top:
		return nil
	}
	if names, err := a.locks[len(a.locks)-1].Readdirnames(1); len(names) > 0 {
		return refuseScratch(dir, ErrForeign)
	} else if len(names) == 0 && err == nil {
		return refuseScratch(dir, unix.EIO)
	}
	return mark(dir, a.s.Top)
}

// hold locks a directory of the user's until the sandbox has ended.
func (a *scratch) hold(dir string) error {
	file, err := lockDir(dir, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err != nil {
		return refuseScratch(dir, err)
	}
	a.locks = append(a.locks, file)
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil || st.Uid != uint32(os.Getuid()) {
		return refuseScratch(dir, ErrOwner)
	}
	return nil
}

// undo removes what is not kept, and lets go of the rest.
func (a *scratch) undo() error {
	for _, file := range a.locks {
		_ = file.Close()
	}
	if a.locks = nil; a.made {
		_ = os.Remove(a.s.Keep) // if it is empty
	}
	above, err := os.Open(filepath.Dir(a.s.Dir))
	if err != nil {
		return err
	}
	defer above.Close()
	return removeTree(int(above.Fd()), filepath.Base(a.s.Dir))
}

// refuseScratch returns why a directory can't be used. The path of an error of package os is left out: it is said in front.
func refuseScratch(path string, err error) error {
	if in, ok := errors.AsType[*os.PathError](err); ok {
		err = in.Err
	}
	return &ScratchError{Path: path, Err: err}
}

// lockDir opens a directory, which is no link, and locks it.
func lockDir(dir string, how int) (*os.File, error) {
	file, err := os.OpenFile(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), how); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// mark notes whose a directory is.
func mark(dir, project string) error {
	err := unix.Setxattr(dir, scratchMark, []byte(project), 0)
	if errors.Is(err, unix.ENOTSUP) {
		err = ErrNoAttributes
	}
	if err != nil {
		return refuseScratch(dir, err)
	}
	return nil
}

// markOf returns what mark has noted, or "".
func markOf(dir string) (string, error) {
	var value [unix.PathMax]byte
	n, err := unix.Getxattr(dir, scratchMark, value[:])
	switch {
	case err == nil:
		return string(value[:n]), nil
	case errors.Is(err, unix.ENODATA):
		return "", nil
	case errors.Is(err, unix.ENOTSUP):
		return "", ErrNoAttributes
	}
	return "", err
}

// removeLeft removes what a sandbox has left in a directory that was killed: nobody holds a lock on it.
func removeLeft(above *os.File) {
	names, _ := above.Readdirnames(-1)
	for _, name := range names {
		if !strings.HasPrefix(name, scratchPrefix) {
			continue
		}
		fd, err := unix.Openat(int(above.Fd()), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Uid == uint32(os.Getuid()) && unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = removeTree(int(above.Fd()), name)
		}
		unix.Close(fd)
	}
}

// removeTree removes name in a directory, with all that is in it. A command has written it: so a directory may be closed to its
// owner, and is opened first; links are not followed.
func removeTree(above int, name string) error {
	if err := unix.Unlinkat(above, name, 0); !errors.Is(err, unix.EISDIR) {
		return err
	}
	place, err := unix.Openat(above, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_ = os.Chmod("/proc/self/fd/"+strconv.Itoa(place), 0o700)
	fd, err := unix.Openat(place, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	unix.Close(place)
	if err != nil {
		return err
	}
	dir := os.NewFile(uintptr(fd), name)
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		_ = removeTree(fd, name) // what is left keeps the directory
	}
	return unix.Unlinkat(above, name, unix.AT_REMOVEDIR)
}
