package tests

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long what a script has started may take to end after it.
const patience = 2 * time.Second

// world is what a script must leave as it was, besides its directory.
type world struct {
	mounts      []string
	descriptors []string
}

// adoptOrphans makes orphans come to this process (PR_SET_CHILD_SUBREAPER), so that whatever is left of a script is found
// among its children, whoever it runs as and whatever it calls itself.
func adoptOrphans() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
}

// look notes the state before a script.
func look() (*world, error) {
	if err := adoptOrphans(); err != nil {
		return nil, err
	}
	// The Go runtime opens descriptors of its own when a program is first run.
	if err := exec.Command("true").Run(); err != nil {
		return nil, err
	}
	mounts, err := mountLines()
	return &world{mounts: mounts, descriptors: descriptors()}, err
}

// leaks returns what a script has left.
func (w *world) leaks(s *script) []string {
	found := leftProcesses()
	mounts, err := mountLines()
	if err != nil {
		found = append(found, err.Error())
	}
	for _, m := range added(w.mounts, mounts) {
		found = append(found, "a mount: "+m)
	}
	for _, d := range added(w.descriptors, descriptors()) {
		found = append(found, "a descriptor: "+d)
	}
	if s.failed {
		return found // it could not finish, so its files say nothing
	}
	files, err := filesBelow(s.dir)
	if err != nil {
		return append(found, err.Error())
	}
	for file := range files {
		if !s.given[file] && !slices.ContainsFunc(s.made, func(m string) bool { return within(file, m) }) {
			found = append(found, "a file: "+file)
		}
	}
	slices.Sort(found)
	return found
}

// leftProcesses waits for all children to end, and names and kills those that don't.
func leftProcesses() (found []string) {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil)
		switch {
		case err == unix.ECHILD:
			return found
		case err != nil || pid > 0 || time.Now().Before(end):
			continue
		}
		for _, child := range children() {
			name, _ := os.ReadFile("/proc/" + child + "/cmdline")
			if name == nil {
				name, _ = os.ReadFile("/proc/" + child + "/comm")
			}
			found = append(found, "a process: "+child+": "+string(bytes.ReplaceAll(name, []byte{0}, []byte{' '})))
			var pid int
			if _, err := fmt.Sscan(child, &pid); err == nil {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
		}
		end = time.Now().Add(patience)
	}
}

// children returns the process ids of this process's children.
func children() (pids []string) {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		data, _ := os.ReadFile(task)
		pids = append(pids, strings.Fields(string(data))...)
	}
	return pids
}

func mountLines() ([]string, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	return strings.Split(string(data), "\n"), err
}

// descriptors returns what the open descriptors are of, but for the runtime's poller.
func descriptors() (targets []string) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.HasPrefix(target, "anon_inode:") {
			targets = append(targets, target)
		}
	}
	return targets
}

// added returns what is in after and not in before.
func added(before, after []string) (more []string) {
	left := slices.Clone(before)
	for _, line := range after {
		if i := slices.Index(left, line); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			more = append(more, line)
		}
	}
	return more
}

// filesBelow returns the paths of everything below dir.
func filesBelow(dir string) (map[string]bool, error) {
	files := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		files[path] = true
		return err
	})
	return files, err
}

// within reports whether path is dir or below it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

func TestLeakCheckFindsWhatScriptsLeave(t *testing.T) {
	for name, want := range map[string]string{
		"process":    "LEAK: a process: ",
		"daemon":     "LEAK: a process: ",
		"file":       "LEAK: a file: ",
		"descriptor": "LEAK: a descriptor: /etc/passwd",
		"mount":      "LEAK: a mount: ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var wrapper []string
			if name == "mount" {
				wrapper = []string{"unshare", "-Urm"} // the script mounts, and must not do so on the host
			}
			out, err := scriptProcess(t, "testdata/leak/"+name+".txtar", wrapper...).CombinedOutput()
			if err == nil || strings.Count(string(out), "LEAK: ") != 1 || !strings.Contains(string(out), want) {
				t.Errorf("got %v, and wanted one line with %q in:\n%s", err, want, out)
			}
		})
	}
}
