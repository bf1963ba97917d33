package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mountOn mounts an empty file system, at a directory that is made for it.
func mountOn(dir string, flags uintptr) {
	must(os.MkdirAll(dir, 0o755))
	must(unix.Mount("none", dir, "tmpfs", flags, ""))
}

// newPlace returns the name of a directory at which something will be mounted.
func newPlace(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// openPlace opens a path as a plan does.
func openPlace(path string) uintptr {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(err)
	return uintptr(fd)
}

// setattrGo is mount_setattr(2) by the substitute.
func setattrGo(m *machine, path string, flags uintptr, attr unix.MountAttr) unix.Errno {
	fd := openPlace(path)
	defer unix.Close(int(fd))
	errno := m.setattr(fd, flags, uintptr(unsafe.Pointer(&attr)))
	runtime.KeepAlive(&attr)
	return unix.Errno(errno)
}

const readOnly = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NODEV

// newTree mounts three file systems in each other, and one over one of them.
func newTree(dir string) {
	mountOn(dir, 0)
	mountOn(dir+"/a", unix.MS_NOSUID)
	mountOn(dir+"/a/b", unix.MS_RDONLY)
	mountOn(dir+"/with space", unix.MS_NOEXEC)
}

// The flags that are asked for come to those that a mount has, on it and on what is mounted below, and nowhere else.
func TestRemountAddsFlags(t *testing.T) {
	if namespaced(t) {
		return
	}
	mountLines("/") // the runtime opens what it needs for that
	for _, c := range []struct {
		name  string
		path  string
		flags uintptr
		attr  unix.MountAttr
		want  []string // what mountLines returns
	}{
		{"one", "", 0, unix.MountAttr{Attr_set: readOnly}, []string{
			" ro,nodev,relatime", "/a rw,nosuid,relatime", "/a/b ro,relatime", `/with\040space rw,noexec,relatime`,
		}},
		{"all", "", unix.AT_RECURSIVE, unix.MountAttr{Attr_set: readOnly}, []string{
			" ro,nodev,relatime", "/a ro,nosuid,nodev,relatime", "/a/b ro,nodev,relatime",
			`/with\040space ro,nodev,noexec,relatime`,
		}},
		{"below", "/a", unix.AT_RECURSIVE, unix.MountAttr{Attr_set: readOnly}, []string{
			" rw,relatime", "/a ro,nosuid,nodev,relatime", "/a/b ro,nodev,relatime", `/with\040space rw,noexec,relatime`,
		}},
		{"nothing new", "/a/b", unix.AT_RECURSIVE, unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}, []string{
			" rw,relatime", "/a rw,nosuid,relatime", "/a/b ro,relatime", `/with\040space rw,noexec,relatime`,
		}},
	} {
		dir, m := newPlace(t), newMachine()
		newTree(dir)
		before := descriptors()
		errno := setattrGo(m, dir+c.path, c.flags, c.attr)
		got := mountLines(dir)
		slices.Sort(got)
		slices.Sort(c.want)
		if errno != 0 || !slices.Equal(got, c.want) || descriptors() != before {
			t.Errorf("%s: %v, %q, want %q", c.name, errno, got, c.want)
		}
		if m.table.capacity != 0 {
			t.Errorf("%s: the table is kept", c.name)
		}
		m.drop()
	}
}

// What the kernel itself sets with mount_setattr(2) is the same.
func TestRemountIsMountSetattr(t *testing.T) {
	if namespaced(t) {
		return
	}
	var results [2]string
	for i, set := range []func(dir string, attr unix.MountAttr) error{
		func(dir string, attr unix.MountAttr) error {
			return unix.MountSetattr(unix.AT_FDCWD, dir, unix.AT_RECURSIVE, &attr)
		},
		func(dir string, attr unix.MountAttr) error {
			if errno := setattrGo(newMachine(), dir, unix.AT_RECURSIVE, attr); errno != 0 {
				return errno
			}
			return nil
		},
	} {
		dir := newPlace(t)
		newTree(dir)
		mountOn(dir+"/a", 0) // it hides /a and /a/b
		mountOn(dir+"/a/c", 0)
		for _, attr := range []unix.MountAttr{
			{Attr_set: unix.MOUNT_ATTR_NOSUID, Propagation: unix.MS_SHARED},
			{Attr_set: unix.MOUNT_ATTR_NOEXEC, Propagation: unix.MS_PRIVATE},
			{Attr_set: unix.MOUNT_ATTR_NODEV},
		} {
			if err := set(dir, attr); err != nil {
				t.Fatal(err)
			}
		}
		seen := reachable(dir)
		results[i] = strings.Join(seen, "\n")
	}
	if results[0] != results[1] || !strings.Contains(results[0], "/a/c 0xe") {
		t.Errorf("mount_setattr(2):\n%s\nthe substitute:\n%s", results[0], results[1])
	}
}

// reachable returns the flags of the mounts that paths lead to below dir.
func reachable(dir string) (list []string) {
	must(filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Statfs_t
		if err := unix.Statfs(path, &st); err != nil {
			return err
		}
		list = append(list, fmt.Sprintf("%s %#x", strings.TrimPrefix(path, dir), st.Flags&0xf))
		return nil
	}))
	return list
}

// lockedRole gives one more flag to a mount that comes from the mount namespace above, by the kernel's own means and by the
// substitute.
func lockedRole(args []string) {
	err := unix.Mount("none", args[0], "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
	errno := setattrGo(newMachine(), args[0], unix.AT_RECURSIVE, unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
	fmt.Printf("without nosuid: %v; with it: %v, flags %#x", err, errno, reachableOne(args[0])&0xf)
}

// A mount that comes from a more privileged mount namespace keeps the flags that it has: to leave one out is refused, see
// mount_namespaces(7).
func TestRemountKeepsLockedFlags(t *testing.T) {
	if namespaced(t) {
		return
	}
	dir := newPlace(t)
	mountOn(dir, unix.MS_NOSUID)
	out, err := selfCommand("locked", unix.CLONE_NEWUSER|unix.CLONE_NEWNS, dir).Output()
	const want = "without nosuid: operation not permitted; with it: errno 0, flags 0x3"
	if err != nil || string(out) != want {
		t.Errorf("%s, %v", out, err)
	}
}

// A mount below a directory that can't be searched can't be remounted. The directory is covered instead: else whoever changes its
// permissions later would find what is writable.
func TestRemountBarsWhatItCannotReach(t *testing.T) {
	if namespaced(t) {
		return
	}
	runtime.LockOSThread() // which has fewer capabilities from now on, and ends with the test
	dir := newPlace(t)
	mountOn(dir, 0)
	mountOn(dir+"/closed/deep/one", 0)
	mountOn(dir+"/closed/two", 0)
	mountOn(dir+"/open", 0)
	must(os.WriteFile(dir+"/closed/two/file", nil, 0o666))
	must(os.Chmod(dir+"/closed", 0o600))
	dropOverride()
	m := newMachine()
	defer m.drop()
	descriptors()
	before := descriptors()
	if errno := setattrGo(m, dir, unix.AT_RECURSIVE, unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); errno != 0 {
		t.Fatal(errno)
	}
	if n := descriptors() - before; n != 0 {
		t.Errorf("%d descriptors stay open", n)
	}
	if got := reachableOne(dir + "/open"); got&unix.ST_RDONLY == 0 {
		t.Errorf("a mount beside it has the flags %#x", got)
	}
	if got := reachableOne(dir + "/closed"); got&unix.ST_RDONLY == 0 {
		t.Errorf("the directory is not covered: flags %#x", got)
	}
	// Its owner may open the cover, but finds nothing.
	_ = os.Chmod(dir+"/closed", 0o700)
	if err := os.WriteFile(dir+"/closed/two/file", []byte("changed"), 0o666); err == nil {
		t.Error("what could not be made read-only was written to")
	}
}

func reachableOne(path string) int64 {
	var st unix.Statfs_t
	must(unix.Statfs(path, &st))
	return st.Flags
}

// dropOverride gives up the capabilities by which root searches any directory, in this thread.
func dropOverride() {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	must(unix.Capget(&header, &data[0]))
	data[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
	must(unix.Capset(&header, &data[0]))
}

// Only the root of a mount has attributes, as with mount_setattr(2).
func TestRemountOfNoMount(t *testing.T) {
	if namespaced(t) {
		return
	}
	dir := newPlace(t)
	mountOn(dir, 0)
	must(os.Mkdir(dir+"/plain", 0o755))
	m := newMachine()
	defer m.drop()
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	want := unix.MountSetattr(unix.AT_FDCWD, dir+"/plain", unix.AT_RECURSIVE, &attr)
	if errno := setattrGo(m, dir+"/plain", unix.AT_RECURSIVE, attr); !errors.Is(errno, want) {
		t.Errorf("%v, and the kernel: %v", errno, want)
	}
	if got := mountLines(dir); !slices.Equal(got, []string{" rw,relatime"}) {
		t.Errorf("it has changed: %q", got)
	}
}

// A mount that is somewhere else by the time it is opened is not what the table says: nothing of it is known, so nothing goes on.
func TestRemountOfWhatHasMoved(t *testing.T) {
	if namespaced(t) {
		return
	}
	dir := newPlace(t)
	mountOn(dir, 0)
	mountOn(dir+"/a", 0)
	m := newMachine()
	defer m.drop()
	top := openPlace(dir)
	id, errno := m.mountID(top)
	if errno != 0 {
		t.Fatal(unix.Errno(errno))
	}
	below := openPlace(dir + "/a")
	there, errno := m.mountID(below)
	unix.Close(int(below))
	if errno != 0 {
		t.Fatal(unix.Errno(errno))
	}
	const other = 4000000000
	for _, c := range []struct {
		name, more string
		want       unix.Errno
		lines      []string
	}{
		{"another mount is there", "", unix.EXDEV, []string{" rw,relatime"}},
		{
			"one that lies on it", fmt.Sprintf("%d %d 0:3 / %s/a rw - tmpfs none rw\n", there, other, dir), 0,
			[]string{" ro,relatime"},
		},
	} {
		text := fmt.Sprintf("%d 1 0:1 / %s rw - tmpfs none rw\n%d %d 0:2 / %s/a rw - tmpfs none rw\n%s", id, dir,
			other, id, dir, c.more)
		fake := tableOf(text)
		m.table.text, m.table.size = fake.table.text, fake.table.size
		m.table.want, m.table.stale = unix.MS_RDONLY, false
		if !m.table.findTop(id) {
			t.Fatal("no top")
		}
		if got := unix.Errno(m.below(top)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := mountLines(dir + "/a"); !slices.Equal(got, c.lines) {
			t.Errorf("%s: what is there has become %q", c.name, got)
		}
	}
	// A name that is gone.
	fake := tableOf(fmt.Sprintf("%d 1 0:1 / %s rw - tmpfs none rw\n%d %d 0:2 / %s/gone rw - tmpfs none rw\n", id,
		dir, other, id, dir))
	m.table.text, m.table.size = fake.table.text, fake.table.size
	if got := unix.Errno(m.below(top)); got != unix.ENOENT {
		t.Errorf("a mount point that is gone: %v, want ENOENT", got)
	}
}

// remountRole sets attributes of a new tree of mounts again and again.
func remountRole(args []string) {
	dir := args[0]
	each(asked, func() (func() uintptr, func() string) {
		_ = unix.Unmount(dir, unix.MNT_DETACH)
		newTree(dir)
		m := newMachine()
		fd := openPlace(dir)
		attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY, Propagation: unix.MS_PRIVATE}
		return func() uintptr { return m.setattr(fd, unix.AT_RECURSIVE, uintptr(unsafe.Pointer(attr))) }, func() string {
			m.drop()
			unix.Close(int(fd))
			for _, line := range reachable(dir) {
				if !strings.HasSuffix(line, "1") && !strings.HasSuffix(line, "3") && !strings.HasSuffix(line, "9") {
					return "writable"
				}
			}
			return "read-only"
		}
	})
}

// A tree of mounts of which one call fails is not taken for a read-only one.
func TestRemountWithEachCallFailing(t *testing.T) {
	force(t, unix.CLONE_NEWUSER|unix.CLONE_NEWNS, []unix.Errno{
		unix.EPERM, unix.EACCES, unix.ENOMEM, unix.EINTR, unix.EMFILE,
		unix.EIO,
	},
		func(c trial, got outcome) {
			if got.left != 0 {
				t.Errorf("%v: %d descriptors stay open", c, got.left)
			}
			want := c.errno
			switch {
			case c.nr == unix.SYS_MMAP:
				want = max(want, unix.ENOMEM)
			case c.at >= 0 && c.nr == unix.SYS_OPENAT && c.errno == unix.EACCES && got.errno == 0:
				want = 0 // a directory that can't be searched is covered, or was only once not to be opened
			}
			if got.errno != want || want == 0 && got.note != "read-only" {
				t.Errorf("%v: %v, and the mounts are %s", c, got.errno, got.note)
			}
		}, "remount", t.TempDir())
}

// mountLines returns the lines of the mount table about what is mounted at or below path: the mount point from there on,
// and its options.
func mountLines(path string) (list []string) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	must(err)
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if below, ok := strings.CutPrefix(f[4], path); ok && (below == "" || below[0] == '/') {
			list = append(list, below+" "+f[5])
		}
	}
	return list
}
