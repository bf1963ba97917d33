package native

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/sys/unix"
)

// rootVar names the directory that is to be this process's root.
const rootVar = "BOXTEST_ROOT"

// ownTree is the working directory in such a root.
const ownTree = "/project"

// hasRoot reports whether a golden plan is that of a machine of its own: the base view shows what there is on one. Its files have
// absolute names.
func hasRoot(archive *txtar.Archive) bool {
	for _, f := range archive.Files {
		if filepath.IsAbs(f.Name) {
			return true
		}
	}
	return false
}

// inRoot runs the present test once more, by a user who may mount, and with the same environment everywhere.
func inRoot(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := []string{
		"--user", "--map-user=1000", "--map-group=1000", "--keep-caps", "--mount",
		self, "-test.run", "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$",
	}
	if *update {
		words = append(words, "-update")
	}
	cmd := exec.Command("unshare", words...)
	cmd.Env = []string{rootVar + "=" + t.TempDir(), "HOME=/home/u", "PATH=/usr/bin", "LANG=C.UTF-8"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// makeRoot makes a root of the absolute names in an archive, and enters it. In it are also this machine's /proc and /dev.
func makeRoot(t *testing.T, archive *txtar.Archive, root string) {
	t.Helper()
	if err := unix.Mount("root", root, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if filepath.IsAbs(f.Name) {
			place(t, filepath.Join(root, f.Name), f.Data)
		}
	}
	if err := os.MkdirAll(root+ownTree, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/proc", "/dev"} {
		err := errors.Join(os.Mkdir(root+dir, 0o755), unix.Mount(dir, root+dir, "", unix.MS_BIND|unix.MS_REC, ""))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Chroot(root); err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir("/"); err != nil { //nolint:usetesting // there is no way back to where it was
		t.Fatal(err)
	}
}

// place makes a file with data, the link that "-> target" stands for, or, without data, a directory.
func place(t *testing.T, path string, data []byte) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	switch target, link := strings.CutPrefix(strings.TrimSpace(string(data)), "-> "); {
	case err != nil:
	case link:
		err = os.Symlink(target, path)
	case len(data) == 0:
		err = os.Mkdir(path, 0o755)
	default:
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
