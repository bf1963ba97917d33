package life

import (
	"errors"
	"path"
	"strconv"
	"strings"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/host"
	"box/register"
	"box/shim"

	"golang.org/x/sys/unix"
)

const copyHelp = "" +
	"Copies files out of a box that is up, or into it: NAME:PATH PATH, or PATH NAME:PATH. A directory is copied with all that is " +
	"in it, into one that is there, or as one that is not; SRC/. is what is in it. - in the place of PATH is a tar archive, " +
	"on standard output or input.\n\n" +
	"Paths of the box are those that its processes see, and no link in it leads out of that. Links are copied as links. " +
	"Files belong to who copies them, and lose the set-user-ID and set-group-ID bits."

// Copy copies files between the host and a box.
func Copy(c *verb.Context) (int, error) {
	var flags struct {
		From string `arg:"" name:"src" help:"NAME:PATH, PATH or -."`
		To   string `arg:"" name:"dest" help:"The same."`
	}
	if helped, err := verb.Parse("container cp", copyHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	from, fromPath := cutBox(flags.From)
	to, toPath := cutBox(flags.To)
	name := from + to
	switch {
	case from != "" && to != "":
		return 0, say.Usagef("container cp: copies between the host and one box, not between two").
			Hintf("box container cp %s:%s - | box container cp - %s:%s", from, say.Visible(fromPath), to, say.Visible(toPath))
	case name == "":
		return 0, say.Usagef("container cp: neither of the two is NAME:PATH").Hintf("box container cp web:/etc/hosts .")
	}
	r, err := open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	host.RaiseFiles()
	return 0, one(r, r.Full(name), func(r *register.Register, b *register.Box) error {
		root, err := rootOf(r, b)
		if err != nil {
			return err
		}
		defer unix.Close(root)
		inside, outside := place{root, true}, place{unix.AT_FDCWD, false}
		j := &copying{}
		switch {
		case toPath == "-" && to == "":
			err = j.pack(inside, fromPath)
		case fromPath == "-" && from == "":
			err = j.unpack(inside, toPath)
		case from != "":
			err = j.copy(inside, fromPath, outside, toPath)
		default:
			err = j.copy(outside, fromPath, inside, toPath)
		}
		return j.told(err)
	})
}

// cutBox cuts NAME:PATH. name is "" for a path of the host: that has a slash before any colon, or no colon.
func cutBox(word string) (name, rest string) {
	name, rest, cut := strings.Cut(word, ":")
	if !cut || !register.IsName(name) {
		return "", word
	}
	return name, rest
}

// rootOf opens the root of a box that is up: that of its command, which must be in the mount namespace that the monitor hands out.
func rootOf(r *register.Register, b *register.Box) (fd int, err error) {
	client, err := dial(r, b)
	if err != nil {
		return -1, err
	}
	defer client.Close()
	answer, fds, err := client.Ask(shim.Record{Kind: shim.Enter})
	defer func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}()
	const mount = 1
	if err == nil && (answer.Kind != shim.Inside || len(fds) <= mount) {
		err = shim.ErrDown
	}
	if err != nil {
		return -1, unheard(b, err)
	}
	proc := "/proc/" + strconv.Itoa(b.Live().Number("command"))
	fd, err = unix.Open(proc+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, say.Usagef("the files of box %s can't be reached: %v", b.Name, err)
	}
	var there, here unix.Stat_t
	if unix.Stat(proc+"/ns/mnt", &there) != nil || unix.Fstat(fds[mount], &here) != nil ||
		there.Ino != here.Ino || there.Dev != here.Dev {
		unix.Close(fd)
		return -1, down(b) // it has ended meanwhile
	}
	return fd, nil
}

// place is one of the two sides: the host, or a box whose root is open.
type place struct {
	dir int
	box bool
}

// openTries is how often a path is resolved again that somebody changes meanwhile, see openat2(2), EAGAIN.
const openTries = 1000

// open opens what is at a path. In a box each link is one of the box's, and ".." does not lead out of it.
func (p place) open(name string, flags int) (fd int, err error) {
	flags |= unix.O_CLOEXEC
	if !p.box {
		return unix.Open(name, flags, 0)
	}
	if name = strings.TrimLeft(name, "/"); name == "" {
		name = "."
	}
	how := unix.OpenHow{Flags: uint64(flags), Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	for range openTries {
		fd, err = unix.Openat2(p.dir, name, &how)
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return p.openEach(name, flags)
	}
	return fd, err
}

// openEach is open before Linux 5.6: no link is followed, and ".." leads nowhere.
func (p place) openEach(name string, flags int) (fd int, err error) {
	at := p.dir
	parts := strings.Split(path.Clean("/" + name)[1:], "/")
	for i, part := range parts {
		how := unix.O_PATH | unix.O_DIRECTORY
		if i == len(parts)-1 {
			how = flags
		}
		if part == "" {
			part = "."
		}
		fd, err = unix.Openat(at, part, how|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if at != p.dir {
			unix.Close(at)
		}
		if err != nil {
			return -1, err
		}
		at = fd
	}
	return fd, nil
}

// source opens what is to be copied: a link itself, unless a slash follows.
func (p place) source(name string) (fd int, err error) {
	flags := unix.O_PATH
	if !strings.HasSuffix(name, "/") && !strings.HasSuffix(name, "/.") && name != "." {
		flags |= unix.O_NOFOLLOW
	}
	return p.open(name, flags)
}

// dest opens the directory that something called base is to be copied into, and returns the name that it gets there: "" is the
// directory itself, whose content it becomes.
func (p place) dest(name, base string, isDir bool) (dir int, as string, err error) {
	dir, err = p.open(name, unix.O_PATH|unix.O_DIRECTORY)
	switch {
	case err == nil && base == ".":
		return dir, "", nil
	case err == nil:
		return dir, base, nil
	case !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR):
		return -1, "", err
	case errors.Is(err, unix.ENOTDIR) && isDir, strings.HasSuffix(name, "/") && !isDir:
		return -1, "", unix.ENOTDIR
	}
	above, last := path.Split(strings.TrimRight(name, "/"))
	if last == "" || last == "." || last == ".." {
		return -1, "", err
	}
	if above == "" {
		above = "."
	}
	dir, err = p.open(above, unix.O_PATH|unix.O_DIRECTORY)
	return dir, last, err
}
