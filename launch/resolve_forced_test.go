package launch

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ways are the paths of which each call on the way is made to fail, in the tree that resolveRole makes. Together they take every
// branch of resolve.
var ways = []struct {
	path   string
	how    unix.OpenHow
	absent bool // it is made
}{
	{"a/b/file", unix.OpenHow{Flags: unix.O_RDONLY, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}, false},
	{"link/../up/file", unix.OpenHow{Flags: unix.O_PATH, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}, false},
	{"/a/..", unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY, Resolve: unix.RESOLVE_IN_ROOT}, false},
	{"a/b/..", unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_BENEATH,
	}, false},
	{"DIR/a/b", unix.OpenHow{Flags: unix.O_RDONLY | unix.O_DIRECTORY, Resolve: unix.RESOLVE_NO_MAGICLINKS}, false},
	{"link/new", unix.OpenHow{Flags: unix.O_WRONLY | unix.O_CREAT, Mode: 0o600, Resolve: unix.RESOLVE_IN_ROOT}, true},
}

// resolveRole resolves one of the ways again and again, in a directory.
func resolveRole(args []string) {
	dir, way := args[0], ways[args[1][0]-'0']
	must(os.MkdirAll(dir+"/a/b", 0o755))
	must(os.WriteFile(dir+"/a/b/file", nil, 0o644))
	must(os.Symlink("/a/b", dir+"/link"))
	must(os.Symlink("b", dir+"/a/up"))
	root, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	must(err)
	name := append([]byte(way.path), 0)
	if way.path[0] == 'D' {
		name = append([]byte(dir+way.path[len("DIR"):]), 0)
	}
	m, made := newMachine(), filepath.Join(dir, "a/b/new")
	each(asked, func() (func() uintptr, func() string) {
		_ = os.Remove(made)
		return func() uintptr {
				r := m.resolve(uintptr(root), uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&way.how)))
				errno, is := failed(r)
				if !is {
					sys(unix.SYS_CLOSE, r, 0, 0, 0, 0, 0)
				}
				return errno
			}, func() string {
				if _, err := os.Stat(made); err == nil {
					return "made"
				}
				return "nothing"
			}
	})
}

// A path of which one call fails is not resolved: the errno comes back, nothing is made, and no descriptor stays open. If it were
// otherwise, a refused statx(2) could take a link for a directory, or let a ".." lead out of the root.
func TestResolveWithEachCallFailing(t *testing.T) {
	for i, way := range ways {
		t.Run(way.path, func(t *testing.T) {
			undisturbed := 0
			force(t, 0, []unix.Errno{unix.EPERM, unix.EACCES, unix.ENOMEM, unix.EINTR, unix.EMFILE, unix.EIO},
				func(c trial, got outcome) {
					want, note := c.errno, "nothing"
					switch {
					case c.at < 0:
						undisturbed = c.made
						if way.absent {
							note = "made"
						}
					case c.nr == unix.SYS_FSTATFS:
						want = unix.ELOOP // what may be a magic link is taken for one
					}
					if got.errno != want || got.left != 0 || got.note != note {
						t.Errorf("%v: %v, %d descriptors left, %s", c, got.errno, got.left, got.note)
					}
					if c.made > undisturbed {
						t.Errorf("%v: %d calls instead of at most %d", c, c.made, undisturbed)
					}
				}, "resolve", t.TempDir()+"/tree", string(rune('0'+i)))
		})
	}
}
