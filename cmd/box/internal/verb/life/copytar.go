package life

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path"
	"sort"
	"strings"
	"time"

	"box/cmd/box/internal/say"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// pack writes what is at a path of a box to standard output.
func (j *copying) pack(from place, source string) error {
	if host.IsTerminal(1) {
		return say.Usagef("container cp: a tar archive is not written to a terminal").Hintf("| tar x, or > FILE")
	}
	fd, err := from.source(source)
	if err != nil {
		return &copyError{source, err}
	}
	defer unix.Close(fd)
	out := tar.NewWriter(os.Stdout)
	name := path.Base(path.Clean("/" + source))
	if name == "/" {
		name = "."
	}
	if err := j.packEntry(out, fd, name, 0); err != nil {
		return err
	}
	return out.Close()
}

// packEntry writes one entry, and what is below it.
func (j *copying) packEntry(out *tar.Writer, fd int, name string, depth int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &copyError{name, err}
	}
	h := &tar.Header{
		Name: name, Mode: int64(st.Mode & 0o777), Uid: int(st.Uid), Gid: int(st.Gid), ModTime: time.Unix(st.Mtim.Sec, 0),
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		in, err := again(fd, unix.O_RDONLY|unix.O_NONBLOCK)
		if err != nil {
			j.skip(name, err)
			return nil
		}
		defer in.Close()
		h.Typeflag, h.Size = tar.TypeReg, st.Size
		return j.packFile(out, h, in)
	case unix.S_IFLNK:
		target, err := linkTarget(fd)
		if err != nil {
			j.skip(name, err)
			return nil
		}
		h.Typeflag, h.Linkname = tar.TypeSymlink, target
		return out.WriteHeader(h)
	case unix.S_IFDIR:
		if depth == depthMost {
			j.skip(name, errDeep)
			return nil
		}
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		return j.packContent(out, fd, name, depth+1)
	}
	j.skip(name, errKind)
	return nil
}

// packFile writes a file as long as it was when it was looked at.
func (j *copying) packFile(out *tar.Writer, h *tar.Header, in io.Reader) error {
	if err := out.WriteHeader(h); err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, h.Size))
	if err == nil && n == h.Size {
		return nil
	}
	if err == nil {
		err = errors.New("it has become shorter meanwhile, and is filled with zeros")
	}
	j.skip(h.Name, err)
	_, err = io.CopyN(out, zeros{}, h.Size-n)
	return err
}

// zeros is as many of them as somebody reads.
type zeros struct{}

func (zeros) Read(data []byte) (int, error) {
	clear(data)
	return len(data), nil
}

// packContent writes what is in a directory.
func (j *copying) packContent(out *tar.Writer, fd int, name string, depth int) error {
	dir, err := again(fd, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		j.skip(name, err)
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	sort.Strings(names)
	for _, n := range names {
		inner, err := unix.Openat(int(dir.Fd()), n, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			j.skip(name+"/"+n, err)
			continue
		}
		err = j.packEntry(out, inner, strings.TrimPrefix(name+"/"+n, "./"), depth)
		unix.Close(inner)
		if err != nil {
			return err
		}
	}
	return nil
}

// unpack writes an archive from standard input into a directory of a box.
func (j *copying) unpack(to place, dest string) error {
	dir, err := to.open(dest, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return &copyError{dest, err}
	}
	defer unix.Close(dir)
	for in := tar.NewReader(os.Stdin); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return say.Usagef("container cp: standard input is not a tar archive: %v", err)
		}
		if err := j.unpackEntry(dir, h, in); err != nil {
			if e, is := errors.AsType[*copyError](err); is && !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EROFS) {
				j.skip(e.path, e.err)
				continue
			}
			return err
		}
	}
}

// unpackEntry writes one entry. Each part of its name is a directory, and no link.
func (j *copying) unpackEntry(dir int, h *tar.Header, in io.Reader) error {
	above, name, done, err := walk(dir, h.Name, true)
	if err != nil {
		return &copyError{h.Name, err}
	}
	defer done()
	st := unix.Stat_t{Mode: uint32(h.Mode & 0o777), Mtim: unix.NsecToTimespec(h.ModTime.UnixNano())}
	switch h.Typeflag {
	case tar.TypeReg:
		return writeFile(above, name, h.Name, in, &st)
	case tar.TypeDir:
		if name == "." {
			return nil
		}
		fd, err := makeDir(above, name)
		if err != nil {
			return &copyError{h.Name, err}
		}
		defer unix.Close(fd)
		st.Mode |= 0o700 // more comes
		return finish(fd, &st, h.Name)
	case tar.TypeSymlink:
		if err := makeLink(h.Linkname, above, name); err != nil {
			return &copyError{h.Name, err}
		}
		return nil
	case tar.TypeLink: // a copy of what was written before
		return j.unpackLink(dir, h, above, name)
	}
	return &copyError{h.Name, errKind}
}

// unpackLink copies what a hard link of an archive leads to.
func (j *copying) unpackLink(dir int, h *tar.Header, above int, name string) error {
	from, last, done, err := walk(dir, h.Linkname, false)
	if err != nil {
		return &copyError{h.Name, err}
	}
	defer done()
	fd, err := unix.Openat(from, last, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &copyError{h.Name, err}
	}
	defer unix.Close(fd)
	return j.entry(fd, above, name, h.Name, depthMost)
}

// walk opens the directory above the last part of a name, which is the name of an archive's, and makes the directories on the way
// if missing is true. A name with ".." in it is refused.
func walk(dir int, name string, missing bool) (above int, last string, done func(), err error) {
	done = func() {}
	parts := strings.Split(path.Clean("/" + name)[1:], "/")
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return -1, "", done, errors.New("a name that leads out of the archive")
		}
	}
	if last = parts[len(parts)-1]; last == "" {
		last = "."
	}
	at := dir
	for _, part := range parts[:len(parts)-1] {
		var fd int
		if missing {
			fd, err = makeDir(at, part)
		} else {
			fd, err = unix.Openat(at, part, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		}
		if at != dir {
			unix.Close(at)
		}
		if err != nil {
			return -1, "", done, err
		}
		at = fd
	}
	if at != dir {
		done = func() { unix.Close(at) }
	}
	return at, last, done, nil
}
