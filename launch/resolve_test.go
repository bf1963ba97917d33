package launch

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What resolve finds is what openat2(2) finds, or the same errno, for thousands of paths through a tree of links.
func TestResolveIsOpenat2(t *testing.T) {
	m, dir := newResolver(t)
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", "c", "d", "file", "..", ".", "", "nothing"}
	for range 300 {
		links(t, dir, random, names[:6])
		for range 100 {
			compareOpen(t, m, dir, randomPath(random, names), random)
		}
	}
}

// randomPath returns a random path.
func randomPath(random *rand.Rand, names []string) string {
	parts := make([]string, random.IntN(6))
	for i := range parts {
		parts[i] = names[random.IntN(len(names))]
	}
	path := strings.Join(parts, "/")
	if random.IntN(4) == 0 {
		path = "/" + path
	}
	return path
}

// links makes the directory anew: four names in each of two levels, each a directory, a link or nothing.
func links(t *testing.T, dir string, random *rand.Rand, names []string) {
	t.Helper()
	for _, below := range []string{"", "a", "b"} {
		for _, name := range names[:4] {
			path := filepath.Join(dir, below, name)
			_ = os.RemoveAll(path)
			var err error
			switch kind := random.IntN(4); {
			case kind == 0 || below == "" && (name == "a" || name == "b"):
				err = os.Mkdir(path, 0o755)
			case kind == 1:
				err = os.WriteFile(path, nil, 0o644)
			case kind == 2:
				err = os.Symlink(randomPath(random, append(names, "proc")), path)
				if os.IsNotExist(err) {
					err = nil // the empty target
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// newResolver returns a machine that has what resolve needs, and a directory.
func newResolver(t *testing.T) (*machine, string) {
	t.Helper()
	return new(machine), t.TempDir()
}

// compareOpen opens a path both ways and compares the file, or the errno.
func compareOpen(t *testing.T, m *machine, dir, path string, random *rand.Rand) {
	t.Helper()
	root, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(root)
	how := unix.OpenHow{Flags: unix.O_CLOEXEC, Resolve: [...]uint64{
		unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS, unix.RESOLVE_NO_MAGICLINKS,
		unix.RESOLVE_NO_SYMLINKS, unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_BENEATH,
	}[random.IntN(4)]}
	how.Flags |= [...]uint64{
		unix.O_PATH, unix.O_PATH | unix.O_DIRECTORY, unix.O_RDONLY, unix.O_RDONLY | unix.O_DIRECTORY,
	}[random.IntN(4)]
	if random.IntN(4) == 0 {
		how.Flags |= unix.O_NOFOLLOW
	}
	want, got := opened(openat2(root, path, &how)), opened(resolveGo(m, root, path, &how))
	if want != got {
		t.Fatalf("%q, flags %#x, resolve %#x: openat2 %s, resolve %s", path, how.Flags, how.Resolve, want, got)
	}
}

// openat2 is unix.Openat2 until the kernel is sure: while anybody renames anything it says EAGAIN to a "..".
func openat2(dir int, path string, how *unix.OpenHow) (fd int, err error) {
	for {
		if fd, err = unix.Openat2(dir, path, how); err != unix.EAGAIN {
			return fd, err
		}
	}
}

func resolveGo(m *machine, dir int, path string, how *unix.OpenHow) (int, error) {
	name := append([]byte(path), 0)
	r := m.resolve(uintptr(dir), uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(how)))
	runtime.KeepAlive(name)
	runtime.KeepAlive(how)
	if errno, is := failed(r); is {
		return -1, unix.Errno(errno)
	}
	return int(r), nil
}

// opened says what a descriptor is, and closes it.
func opened(fd int, err error) string {
	if err != nil {
		return err.Error()
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err.Error()
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return fmt.Sprintf("%d:%d %#x %v", st.Dev, st.Ino, flags&^(unix.O_DIRECTORY|unix.O_NOFOLLOW), err)
}

// Links of proc(5) that lead to an object are refused, those by text are followed, and a file is made where a link to
// nothing leads.
func TestResolveInProcAndMaking(t *testing.T) {
	m, dir := newResolver(t)
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	for _, path := range []string{
		"/proc/self/fd/0", "/proc/self/root", "/proc/self/cwd/x", "/proc/self/exe", "/proc/self/ns/net", "/proc/self/status",
		"/proc/mounts", "/proc/net/dev", "/proc/thread-self/comm", "/dev/stdin",
	} {
		want, got := opened(openat2(unix.AT_FDCWD, path, &how)), opened(resolveGo(m, unix.AT_FDCWD, path, &how))
		if want != got {
			t.Errorf("%s: openat2 %s, resolve %s", path, want, got)
		}
	}
	if err := os.Symlink("/new", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	root, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(root)
	how = unix.OpenHow{Flags: unix.O_WRONLY | unix.O_CREAT | unix.O_CLOEXEC, Mode: 0o600, Resolve: unix.RESOLVE_IN_ROOT}
	made := opened(resolveGo(m, root, "link", &how))
	if info, err := os.Stat(filepath.Join(dir, "new")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%s: %v", made, err)
	}
}

// A plan names descriptors by register, and what the table of mounts is asked for by number.
func TestDescriptorsInPaths(t *testing.T) {
	m := new(machine)
	for fd, want := range map[uintptr]string{
		0: "/proc/self/fd////////0", 17: "/proc/self/fd///////17", 12345678: "/proc/self/fd/12345678",
	} {
		got := unix.BytePtrToString(*(**byte)(unsafe.Pointer(&[]uintptr{m.pathOf(fd)}[0])))
		if got != want {
			t.Errorf("%d: %s", fd, got)
		}
	}
}
