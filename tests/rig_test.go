package tests

import (
	"bytes"
	bits "encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lineTime is more than any line takes.
const lineTime = 10 * time.Second

// rig runs lines, each in the same directory made anew, with the same descriptors and the same environment: nothing that
// a sandbox shows may depend on which program made it.
type rig struct {
	t     *testing.T
	top   string // has everything; the descriptors' files are in it
	dir   string // where a line runs, DIR in the grammar
	bwrap string // the link to the program that runs the line
	probe []string
	text  string // of the probe, which perl reads as its input: for perl -e it needs a /dev/null
}

func newRig(t *testing.T) *rig {
	top := t.TempDir()
	script, err := os.ReadFile("testdata/bwrap/probe.pl")
	if err == nil {
		err = errors.Join(os.Chmod(top, 0o755), os.Mkdir(filepath.Join(top, "bin"), 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	probe := []string{"perl", "-", "0", "3"}
	for _, n := range []int{os.Getpid(), unix.SYS_PRCTL, unix.SYS_GETPRIORITY, unix.SYS_UNSHARE, unix.SYS_GETCWD} {
		probe = append(probe, strconv.Itoa(n))
	}
	bwrap := filepath.Join(top, "bin", "bwrap")
	return &rig{t: t, top: top, dir: filepath.Join(top, "dir"), bwrap: bwrap, probe: probe, text: string(script)}
}

// run runs a line with a program by the name of bwrap, and returns all that can be seen of it.
func (r *rig) run(l line, program string) string {
	_ = os.Remove(r.bwrap)
	if err := errors.Join(os.Symlink(program, r.bwrap), r.fill()); err != nil {
		r.t.Fatal(err)
	}
	words, args := l.words()
	files := r.descriptors(args)
	argv := []string{"bwrap"}
	for _, word := range words {
		switch {
		case word == "PROBE":
			argv = append(argv, r.probe...)
		case word == "DIR" || strings.HasPrefix(word, "DIR/"):
			argv = append(argv, r.dir+word[len("DIR"):])
		default:
			argv = append(argv, word)
		}
	}
	path := r.bwrap
	if l.before != "" {
		argv[0] = l.before + `; exec "$0" "$@"`
		argv = append([]string{"sh", "-c", argv[0], path}, argv[1:]...)
		path = "/bin/sh"
	}
	p, err := os.StartProcess(path, argv, &os.ProcAttr{Dir: r.dir, Files: files, Env: []string{
		"HOME=" + r.dir, "PATH=" + filepath.Dir(r.bwrap) + ":/usr/bin:/bin", "A=1", "USER=user", "LANG=C.UTF-8", "EMPTY=",
		"TWICE=1", "TWICE=2", "=odd", "noequals",
	}})
	for _, file := range files {
		if file != nil {
			_ = file.Close()
		}
	}
	if err != nil {
		r.t.Fatal(err)
	}
	timer := time.AfterFunc(lineTime, func() { _ = p.Kill() })
	defer timer.Stop()
	state, err := p.Wait()
	if err != nil {
		r.t.Fatal(err)
	}
	said := fmt.Sprintf("ended: %v\n", state)
	for _, left := range leftProcesses() {
		said += "left: " + left + "\n"
	}
	return r.normal(said+r.output()+r.rest(), p.Pid)
}

// fill makes the directory for a line.
func (r *rig) fill() error {
	_ = filepath.WalkDir(r.top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o755) // what a line has made can be closed to ourselves
		}
		return err
	})
	if err := os.RemoveAll(r.dir); err != nil {
		return err
	}
	for _, dir := range []string{"", "w", "w/sub", "w/gone", "w/mode", "w/closed"} {
		if err := os.Mkdir(filepath.Join(r.dir, dir), 0o755); err != nil {
			return err
		}
	}
	for _, file := range []string{"f", "w/file", "w/sub/x", "w/closed/x"} {
		if err := os.WriteFile(filepath.Join(r.dir, file), []byte(file+"\n"), 0o644); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{"dang": "nowhere", "tosub": "w/sub", "w/tosub": "sub"} {
		if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
			return err
		}
	}
	return errors.Join(os.Chmod(filepath.Join(r.dir, "w/mode"), 0o1770), os.Chmod(filepath.Join(r.dir, "w/closed"), 0))
}

// descriptors opens what the grammar says is open, by number.
func (r *rig) descriptors(args string) []*os.File {
	const allow, refuse = 0x7fff0000, 0x00050000 + uint32(unix.EPERM)
	allowAll := program(unix.SockFilter{Code: 6, K: allow})
	refuseOne := program(unix.SockFilter{Code: 0x20}, unix.SockFilter{Code: 0x15, Jf: 1, K: unix.SYS_GETPRIORITY},
		unix.SockFilter{Code: 6, K: refuse}, unix.SockFilter{Code: 6, K: allow})
	const read, write = os.O_RDONLY, os.O_WRONLY | os.O_APPEND
	var files []*os.File
	for n, d := range []struct {
		path, data string // a path that exists, or else data for a new file
		flags      int
	}{
		{"", r.text, read},
		{"", "", write},
		{"", "", write},
		{"/proc", "", read},
		{"", "four\n", read},
		{"", "no end of line", read},
		{"", "", write},
		{"", "", write},
		{"", allowAll, read},
		{"", refuseOne, read},
		{"", refuseOne[:12], read},
		{r.dir + "/w", "", unix.O_PATH},
		{r.dir + "/f", "", unix.O_PATH},
		{"", args, read},
		{"", "", read},
		{r.dir + "/w", "", read},
		{"/dev/null", "", read},
		{"", program(unix.SockFilter{Code: 0xffff}), read},
		{r.dir + "/f", "", os.O_RDWR},
	} {
		if d.path == "" {
			d.path = filepath.Join(r.top, strconv.Itoa(n))
			if err := os.WriteFile(d.path, []byte(d.data), 0o644); err != nil {
				r.t.Fatal(err)
			}
		}
		file, err := os.OpenFile(d.path, d.flags, 0)
		if err != nil {
			r.t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// program returns a program for seccomp(2) as --seccomp wants it.
func program(instructions ...unix.SockFilter) string {
	var data bytes.Buffer
	_ = bits.Write(&data, bits.NativeEndian, instructions)
	return data.String()
}

// output returns what was written to the descriptors for that, without the words of the options' help: they are each
// program's own.
func (r *rig) output() (said string) {
	for n, name := range map[int]string{1: "stdout", 2: "stderr", 6: "info", 7: "status"} {
		data, err := os.ReadFile(filepath.Join(r.top, strconv.Itoa(n)))
		if err != nil {
			r.t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if !strings.HasPrefix(line, "    ") {
				said += name + ": " + strings.TrimSuffix(line, "\n") + "\n"
			}
		}
	}
	return said
}

// rest returns what is in the directory after a line.
func (r *rig) rest() (found string) {
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		found += fmt.Sprintf("rest: %s %v", path, info.Mode())
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			found += fmt.Sprintf(" %q %v", data, err)
		}
		if target, err := os.Readlink(path); err == nil {
			found += " -> " + target
		}
		found += "\n"
		if d.IsDir() {
			return os.Chmod(path, 0o755) // else what is in it can't be read
		}
		return nil
	})
	if err != nil {
		found += err.Error()
	}
	return found
}
