package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// scratch is a directory of our own that the measured user can read.
type scratch struct {
	dir    string
	null   *os.File // what measured processes read, and where they print
	stderr *os.File // what the measured process says about itself
}

// newScratch makes the directory. The measured user can't write there, so that it can't mislead root by links.
func newScratch() (*scratch, error) {
	dir, err := os.MkdirTemp("", "box-bench-")
	if err != nil {
		return nil, err
	}
	s := &scratch{dir: dir}
	if err := s.fill(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// fill makes the directory readable, whatever the umask is, and opens the files.
func (s *scratch) fill() (err error) {
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	if s.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return err
	}
	// Appending: the file is emptied before each start, and a process that goes on writing must not leave a hole.
	s.stderr, err = os.OpenFile(s.path("stderr"), os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	return err
}

// path returns the path of a file in the directory.
func (s *scratch) path(name string) string { return filepath.Join(s.dir, name) }

// copyProgram copies a program for everybody to run. Its own directory may be closed to the measured user, and a
// build that replaces the program must not change what is measured.
func (s *scratch) copyProgram(from string) (string, error) {
	content, err := os.ReadFile(from)
	if err != nil {
		return "", fmt.Errorf("there is nothing to measure: %w", err)
	}
	to := s.path("box")
	if err := os.WriteFile(to, content, 0o755); err != nil {
		return "", err
	}
	return to, os.Chmod(to, 0o755)
}

// link makes a link with a name to a program, and returns its path.
func (s *scratch) link(name, to string) (string, error) {
	path := s.path(name)
	return path, os.Symlink(to, path)
}

// source returns the path of the n-th directory to bind, which it makes at the first use.
func (s *scratch) source(n int) (string, error) {
	path := s.path(strconv.Itoa(n))
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return path, os.Chmod(path, 0o755)
}

// rooms makes two empty directories that are the measured user's own: state and run, for what box keeps.
func (s *scratch) rooms(a account) error {
	for _, name := range []string{"state", "run"} {
		dir := s.path(name)
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if err := os.Chown(dir, a.uid, a.gid); err != nil {
			return err
		}
	}
	return nil
}

// remove removes the directory with all that is in it.
func (s *scratch) remove() {
	for _, f := range []*os.File{s.null, s.stderr} {
		if f != nil {
			_ = f.Close() // nothing is kept of either
		}
	}
	if err := os.RemoveAll(s.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench: left behind:", err)
	}
}
