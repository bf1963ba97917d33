package life

import (
	"errors"
	"io"
	"os"
	"path"
	"sort"
	"strconv"

	"box/cmd/box/internal/say"

	"golang.org/x/sys/unix"
)

// copying is one copy. From its beginning on everything is reached by descriptor, one name at a time and without links: who changes
// the tree meanwhile leads it nowhere.
type copying struct {
	left int // what could not be copied, and has been told
}

// depthMost bounds how deep directories are copied: each has two descriptors open.
const depthMost = 400

// copyError is what could not be copied.
type copyError struct {
	path string
	err  error
}

func (e *copyError) Error() string { return say.Visible(e.path) + ": " + e.err.Error() }

// Unwrap returns the reason.
func (e *copyError) Unwrap() error { return e.err }

// told returns the message for an error, or for what was left out.
func (j *copying) told(err error) error {
	switch e, is := errors.AsType[*copyError](err); {
	case is:
		return say.Usagef("container cp: %v", e)
	case err != nil:
		return err
	case j.left > 0:
		return say.Usagef("container cp: not all of it was copied: %d left out", j.left)
	}
	return nil
}

// skip tells that something is left out.
func (j *copying) skip(name string, err error) {
	j.left++
	say.Report(say.Usagef("container cp: %s: left out: %v", say.Visible(name), err))
}

// errKind is for what is no file, directory or link.
var errKind = errors.New("not a file, a directory or a link")

// errDeep is for directories that are too deep.
var errDeep = errors.New("more than 400 directories deep")

// copy copies what is at a path of one side to a path of the other.
func (j *copying) copy(from place, source string, to place, dest string) error {
	fd, err := from.source(source)
	if err != nil {
		return &copyError{source, err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &copyError{source, err}
	}
	base := path.Base(path.Clean(source))
	if source == "" || base == "/" || base == ".." || path.Base("/"+source) == "." ||
		len(source) > 1 && source[len(source)-2:] == "/." {
		base = "."
	}
	isDir := st.Mode&unix.S_IFMT == unix.S_IFDIR
	dir, as, err := to.dest(dest, base, isDir)
	if err != nil {
		return &copyError{dest, err}
	}
	defer unix.Close(dir)
	if as == "" {
		return j.content(fd, dir, source, 0)
	}
	return j.entry(fd, dir, as, source, 0)
}

// entry copies what fd names, opened with O_PATH, to name in a directory. shown is its path for messages.
func (j *copying) entry(fd, dir int, name, shown string, depth int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &copyError{shown, err}
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		in, err := again(fd, unix.O_RDONLY|unix.O_NONBLOCK)
		if err != nil {
			return &copyError{shown, err}
		}
		defer in.Close()
		return writeFile(dir, name, shown, in, &st)
	case unix.S_IFDIR:
		if depth == depthMost {
			return &copyError{shown, errDeep}
		}
		to, err := makeDir(dir, name)
		if err != nil {
			return &copyError{shown, err}
		}
		defer unix.Close(to)
		if err := j.content(fd, to, shown, depth+1); err != nil {
			return err
		}
		return finish(to, &st, shown)
	case unix.S_IFLNK:
		target, err := linkTarget(fd)
		if err == nil {
			err = makeLink(target, dir, name)
		}
		if err != nil {
			return &copyError{shown, err}
		}
		return nil
	}
	j.skip(shown, errKind)
	return nil
}

// content copies what is in one directory into another. What can't be opened is left out.
func (j *copying) content(from, to int, shown string, depth int) error {
	dir, err := again(from, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return &copyError{shown, err}
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil && len(names) == 0 && !errors.Is(err, io.EOF) {
		return &copyError{shown, err}
	}
	sort.Strings(names)
	for _, name := range names {
		inner := path.Join(shown, name)
		fd, err := unix.Openat(int(dir.Fd()), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err == nil {
			err = j.entry(fd, to, name, inner, depth)
			unix.Close(fd)
		}
		switch {
		case err == nil || errors.Is(err, unix.ENOENT): // it has gone meanwhile
		case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EROFS), errors.Is(err, unix.EMFILE):
			return err
		default:
			if e, is := errors.AsType[*copyError](err); is {
				inner, err = e.path, e.err
			}
			j.skip(inner, err)
		}
	}
	return nil
}

// again opens what a descriptor names once more, for use: what was looked at, whatever its name means by now.
func again(fd, flags int) (*os.File, error) {
	name := "/proc/self/fd/" + strconv.Itoa(fd)
	n, err := unix.Open(name, flags|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(n), name), nil
}

// linkTarget returns what a link leads to.
func linkTarget(fd int) (string, error) {
	var buffer [unix.PathMax]byte
	n, err := unix.Readlinkat(fd, "", buffer[:])
	if err != nil {
		return "", err
	}
	return string(buffer[:n]), nil
}

// makeLink makes a link, in the place of another one if need be.
func makeLink(target string, dir int, name string) error {
	err := unix.Symlinkat(target, dir, name)
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	var st unix.Stat_t
	if wrong := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW); wrong != nil || st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return err
	}
	if err := unix.Unlinkat(dir, name, 0); err != nil {
		return err
	}
	return unix.Symlinkat(target, dir, name)
}

// makeDir opens a directory, and makes it if it is missing. A link in its place is not one.
func makeDir(dir int, name string) (fd int, err error) {
	if err := unix.Mkdirat(dir, name, 0o700); err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, err
	}
	return unix.Openat(dir, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

// writeFile writes a file: a new one, or one that is there and is a file itself.
func writeFile(dir int, name, shown string, in io.Reader, st *unix.Stat_t) error {
	out, err := createFile(dir, name)
	if err != nil {
		return &copyError{shown, err}
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = finish(int(out.Fd()), st, shown)
	}
	if wrong := out.Close(); err == nil {
		err = wrong
	}
	if in, is := errors.AsType[*os.PathError](err); is {
		err = in.Err
	}
	if err != nil {
		return &copyError{shown, err}
	}
	return nil
}

func createFile(dir int, name string) (*os.File, error) {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(dir, name, flags, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), name), nil
	}
	if !errors.Is(err, unix.EEXIST) {
		return nil, err
	}
	old, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(old)
	var st unix.Stat_t
	if err := unix.Fstat(old, &st); err != nil {
		return nil, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return again(old, unix.O_WRONLY|unix.O_TRUNC|unix.O_NONBLOCK)
	case unix.S_IFDIR:
		return nil, unix.EISDIR
	case unix.S_IFLNK:
		return nil, unix.ELOOP
	}
	return nil, errKind
}

// finish gives what was made the mode and the time of what it was made from.
func finish(fd int, st *unix.Stat_t, shown string) error {
	name := "/proc/self/fd/" + strconv.Itoa(fd)
	err := unix.Chmod(name, st.Mode&0o777)
	if err == nil {
		err = unix.UtimesNanoAt(unix.AT_FDCWD, name, []unix.Timespec{st.Mtim, st.Mtim}, 0)
	}
	if err != nil {
		return &copyError{shown, err}
	}
	return nil
}
