package tests

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// userName is who runs the tests when root starts them.
const userName = "boxtest"

// runAsUser is root's part: the tests again as an ordinary user, in a directory which that user can enter, then the few
// that need root.
func runAsUser(m *testing.M, box string) int {
	dir, err := stage(box)
	defer os.RemoveAll(dir)
	var status int
	if err == nil {
		status, err = asUser(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tests:", err)
		return 1
	}
	switch pattern := flag.Lookup("test.run").Value.String(); {
	case pattern == "":
		_ = flag.Set("test.run", "^TestRoot")
	case !strings.HasPrefix(strings.TrimPrefix(pattern, "^"), "TestRoot"): // nothing of root's was asked for
		return status
	}
	if asRoot := runTests(m, filepath.Join(dir, "box")); status == 0 {
		status = asRoot
	}
	return status
}

// stage copies what the tests need to a new directory that everybody can read: a checkout may lie where nobody else may
// enter. The directory tmp in it belongs to the user.
func stage(box string) (dir string, err error) {
	if dir, err = os.MkdirTemp("/tmp", "boxtest-"); err != nil {
		return dir, err
	}
	self, err := os.Executable()
	if err != nil {
		return dir, err
	}
	files := map[string]string{self: "tests", box: "box"}
	for _, document := range documents {
		files["../"+document] = filepath.Base(document)
	}
	for from, to := range files {
		data, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), data, 0o755)
		}
		if err != nil {
			return dir, err
		}
	}
	if err := os.CopyFS(filepath.Join(dir, "testdata"), os.DirFS("testdata")); err != nil {
		return dir, err
	}
	if out, err := exec.Command("chmod", "-R", "u=rwX,go=rX", dir).CombinedOutput(); err != nil {
		return dir, fmt.Errorf("chmod: %s", out)
	}
	return dir, nil
}

// asUser runs the tests in dir as the test user, and returns their exit status.
func asUser(dir string) (status int, err error) {
	u, cred, err := testUser()
	if err != nil {
		return 0, err
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return 0, err
	}
	if err := os.Chown(tmp, int(cred.Uid), int(cred.Gid)); err != nil {
		return 0, err
	}
	cmd := exec.Command(filepath.Join(dir, "tests"), os.Args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	cmd.Env = []string{
		"HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username, "LANG=C.UTF-8", "TMPDIR=" + tmp,
		"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "BOX=" + filepath.Join(dir, "box"),
	}
	if path, err := fetchBwrap(); err == nil {
		_ = os.Setenv(bwrapVar, path)
	} else {
		fmt.Fprintln(os.Stderr, "tests:", err) // only the tests that compare with it fail
	}
	for _, name := range []string{bwrapVar, startsVar, linesVar, seedVar, slowVar, stressVar, idleVar} {
		cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	if err := cmd.Run(); cmd.ProcessState == nil {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}

// testUser returns the test user, who is made if there is none. It has subordinate ids.
func testUser() (*user.User, *syscall.Credential, error) {
	u, err := user.Lookup(userName)
	if err != nil {
		if out, err := exec.Command("useradd", "--create-home", "--shell", "/bin/sh", userName).CombinedOutput(); err != nil {
			return nil, nil, fmt.Errorf("useradd: %w: %s", err, out)
		}
		if u, err = user.Lookup(userName); err != nil {
			return nil, nil, err
		}
	}
	for table, flag := range map[string]string{"/etc/subuid": "--add-subuids", "/etc/subgid": "--add-subgids"} {
		if err := giveRange(table, flag); err != nil {
			return nil, nil, err
		}
	}
	cred, err := credential(u)
	return u, cred, err
}

// giveRange gives the test user 65536 subordinate ids that nobody else has, if it has none, see subuid(5).
func giveRange(table, flag string) error {
	const count = 65536
	free := 100000
	if file, err := os.Open(table); err == nil {
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), userName+":") {
				return nil
			}
			if fields := strings.Split(lines.Text(), ":"); len(fields) == 3 {
				start, _ := strconv.Atoi(fields[1])
				n, _ := strconv.Atoi(fields[2])
				free = max(free, start+n)
			}
		}
	}
	out, err := exec.Command("usermod", flag, fmt.Sprintf("%d-%d", free, free+count-1), userName).CombinedOutput()
	if err != nil {
		return fmt.Errorf("usermod %s: %w: %s", flag, err, out)
	}
	return nil
}

// credential returns the ids and the groups of a user.
func credential(u *user.User) (*syscall.Credential, error) {
	cred := &syscall.Credential{}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, err
		}
		cred.Groups = append(cred.Groups, uint32(n))
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	cred.Uid, cred.Gid = uint32(uid), uint32(gid)
	return cred, err
}
