package register

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// What verbs do with volumes. All of it needs the Go runtime.

// ErrInUse is for a volume that somebody uses, ErrNoVolume for a name that no volume has, and ErrPartly for one of which a part
// can't be removed.
var (
	ErrInUse    = errors.New("the volume is in use")
	ErrNoVolume = errors.New("no such volume")
	ErrPartly   = errors.New("a part of it can't be removed")
)

// Volume is one volume.
type Volume struct {
	Name, Path string
	Made       time.Time // when it was made, or changed at first
}

// List returns all volumes, sorted by name.
func (v *Volumes) List() ([]Volume, error) {
	early.Ordinary()
	var list []Volume
	var names host.Names
	if !names.OpenAt(v.dir, ".") {
		return nil, problem("read", v.Path, unix.EACCES)
	}
	for name := names.Next(); name != ""; name = names.Next() {
		if found, err := v.Find(strings.Clone(name)); err == nil {
			list = append(list, found)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
}

// Find returns the volume of a name. ErrNoVolume: there is none.
func (v *Volumes) Find(name string) (Volume, error) {
	var st unix.Statx_t
	const flags = unix.AT_SYMLINK_NOFOLLOW
	if !IsName(name) || unix.Statx(v.dir, name, flags, unix.STATX_TYPE|unix.STATX_BTIME|unix.STATX_MTIME, &st) != nil ||
		st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return Volume{}, ErrNoVolume
	}
	at := st.Btime
	if st.Mask&unix.STATX_BTIME == 0 {
		at = st.Mtime
	}
	return Volume{Name: name, Path: v.Path + "/" + name, Made: time.Unix(at.Sec, int64(at.Nsec))}, nil
}

// Make makes a volume. made is false if it was there.
func (v *Volumes) Make(name string) (made bool, err error) {
	switch errno := host.MakeDir(v.dir, name, 0o700); errno {
	case 0:
		return true, nil
	case unix.EEXIST:
		_, err := v.Find(name)
		if err == nil {
			return false, nil
		}
		return false, problem("make", v.Path+"/"+name, errno)
	default:
		return false, problem("make", v.Path+"/"+name, errno)
	}
}

// Users returns the processes that hold the lock of a volume, as far as /proc/locks names them, and whether there are any.
func (v *Volumes) Users(name string) (pids []int, used bool) {
	fd, errno := v.open(name)
	if errno != 0 {
		return nil, false
	}
	defer host.Close(fd)
	if host.OnlyLock(fd) == 0 {
		return nil, false
	}
	f, errno := host.Look(fd, "")
	if errno != 0 {
		return nil, true
	}
	ino := strconv.FormatUint(f.Ino, 10)
	data, _ := os.ReadFile("/proc/locks")
	for line := range strings.Lines(string(data)) {
		// 1: FLOCK  ADVISORY  READ 1234 fd:01:5678 0 EOF
		fields := strings.Fields(line)
		if len(fields) < 6 || fields[1] != "FLOCK" {
			continue
		}
		place := strings.Split(fields[5], ":")
		pid, err := strconv.Atoi(fields[4])
		if err == nil && pid > 0 && len(place) == 3 && place[2] == ino {
			pids = append(pids, pid)
		}
	}
	return pids, true
}

// left begins the names of volumes that are being removed.
const left = ".old-"

// Remove removes a volume with all that is in it, and what removals before have left. ErrInUse: somebody has its lock. ErrPartly
// comes with the reason: the volume is still there, and so is what can't be removed.
func (v *Volumes) Remove(name string) error {
	if _, err := v.Find(name); err != nil {
		return err
	}
	fd, errno := v.open(name)
	if errno == 0 {
		defer host.Close(fd)
		if host.OnlyLock(fd) != 0 {
			return ErrInUse
		}
		if !v.is(fd, name) { // somebody has removed it meanwhile, and another one may have its name
			return ErrNoVolume
		}
	}
	b := Box{}
	b.number()
	old := left + b.ID()
	if errno := host.RenameIn(v.dir, name, old); errno != 0 {
		return problem("remove", v.Path+"/"+name, errno)
	}
	if fd >= 0 {
		unix.Flock(fd, unix.LOCK_UN) //nolint:errcheck // nobody finds it by its name any more
	}
	err := removeAll(v.dir, old)
	if err == nil {
		v.sweep()
		return nil
	}
	if in, is := errors.AsType[*os.PathError](err); is {
		in.Path = name + strings.TrimPrefix(in.Path, old)
	}
	if errno := host.RenameIn(v.dir, old, name); errno != 0 {
		return errors.Join(ErrPartly, err, errno)
	}
	return errors.Join(ErrPartly, err)
}

// sweep removes what an interrupted removal has left.
func (v *Volumes) sweep() {
	var names host.Names
	if !names.OpenAt(v.dir, ".") {
		return
	}
	for name := names.Next(); name != ""; name = names.Next() {
		if strings.HasPrefix(name, left) {
			_ = removeAll(v.dir, strings.Clone(name))
		}
	}
}

// removeAll removes name in a directory, with all that is in it, and goes on after what it can't remove. A directory may be closed
// to its owner, and is opened first. Links are not followed. It returns the first error.
func removeAll(above int, name string) error {
	err := unix.Unlinkat(above, name, 0)
	if !errors.Is(err, unix.EISDIR) {
		return at(name, err)
	}
	place, err := unix.Openat(above, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return at(name, err)
	}
	_ = os.Chmod("/proc/self/fd/"+strconv.Itoa(place), 0o700)
	fd, err := unix.Openat(place, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	unix.Close(place)
	if err == nil {
		err = removeIn(fd, name)
	}
	if wrong := unix.Unlinkat(above, name, unix.AT_REMOVEDIR); err == nil || wrong == nil {
		return at(name, wrong)
	}
	return at(name, err)
}

// removeIn removes what is in a directory, and closes that.
func removeIn(fd int, name string) error {
	dir := os.NewFile(uintptr(fd), name)
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	for _, inner := range names {
		if wrong := removeAll(fd, inner); err == nil {
			err = wrong
		}
	}
	return err
}

// at puts a name in front of the path of an error.
func at(name string, err error) error {
	switch in, is := errors.AsType[*os.PathError](err); {
	case err == nil:
		return nil
	case is:
		return &os.PathError{Op: "remove", Path: filepath.Join(name, in.Path), Err: in.Err}
	}
	return &os.PathError{Op: "remove", Path: name, Err: err}
}
