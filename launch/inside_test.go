package launch

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"testing"

	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// record returns how to be inside of a sandbox, as its memfd has it.
func record(t *testing.T, s *spec.Spec) []byte {
	t.Helper()
	fd, errno := WriteInside(new(plan.Builder), s)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer unix.Close(fd)
	data, errno := host.ReadSealed(fd)
	if errno != 0 {
		t.Fatal(errno)
	}
	return slices.Clone(data)
}

// particular returns a Spec in which each field of a record has a value of its own.
func particular() *spec.Spec {
	s := plain("/usr/bin/true")
	s.Caps.Keep, s.IDs.UID, s.IDs.GID, s.Life.Umask, s.IDs.Ranges = 1<<5, 11, 12, 0o27, true
	s.Limits = spec.Limits{Processes: 13, Signals: 14, Queues: 15, Files: 16, FilesMax: 17}
	s.Command.Dir, s.Labels.Exec = "/some/where", "u:r:t:s0"
	s.Command.Env = []string{"A=1", "", "LONG=" + string(bytes.Repeat([]byte("x"), 1000)), "B=\xff"}
	s.Filters = []spec.Filter{{Policy: "default"}, {Policy: "off"}, {Program: bytes.Repeat([]byte{6, 0, 0, 0}, 6), Refuses: 3}}
	return s
}

func TestRecordIsWhatTheSpecSays(t *testing.T) {
	s := particular()
	var x Inside
	format, ok := x.Read(record(t, s))
	if !ok || format != InsideFormat {
		t.Fatalf("format %d, %v", format, ok)
	}
	if x.Keep != s.Caps.Keep || x.UID != 11 || x.GID != 12 || x.Umask != 0o27 || !x.Groups || x.Keyring || x.Limits != s.Limits ||
		x.Dir != s.Command.Dir || x.Label != s.Labels.Exec || x.Dev != "/dev" {
		t.Errorf("%+v", x)
	}
	if x.n != 3 || len(x.filters[0].Program) == 0 || len(x.filters[1].Program) != 0 ||
		!bytes.Equal(x.filters[2].Program, s.Filters[2].Program) || x.filters[2].Refuses != 3 {
		t.Errorf("%d filters: %v", x.n, x.filters[:x.n])
	}
	if env := x.Environ(nil); !slices.Equal(env, s.Command.Env) {
		t.Errorf("%.60q", env)
	}
	s.Limits.Cores, s.Life.Keyring, s.IDs.Ranges, s.Tree = true, true, false, nil
	if _, ok := x.Read(record(t, s)); !ok || !x.Limits.Cores || x.Groups || !x.Keyring || x.Dev != "" {
		t.Errorf("%+v", x)
	}
}

// A record can't be changed by whoever it is handed to, and one that could be is not read.
func TestRecordIsSealed(t *testing.T) {
	fd, errno := WriteInside(new(plan.Builder), plain("/usr/bin/true"))
	if errno != 0 {
		t.Fatal(errno)
	}
	defer unix.Close(fd)
	if _, err := unix.Pwrite(fd, []byte("x"), 0); err != unix.EPERM {
		t.Errorf("a write: %v", err)
	}
	if err := unix.Ftruncate(fd, 0); err != unix.EPERM {
		t.Errorf("a cut: %v", err)
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %d, %v", flags, err)
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(record(t, particular())); err != nil {
		t.Fatal(err)
	}
	if _, errno := host.ReadSealed(int(file.Fd())); errno == 0 {
		t.Error("a file that anybody can change is read")
	}
}

func TestTooManyFiltersAreNoRecord(t *testing.T) {
	s := plain("/usr/bin/true")
	s.Filters = make([]spec.Filter, maxFilters+1)
	for i := range s.Filters {
		s.Filters[i].Program = []byte{6, 0, 0, 0, 0, 0, 0, 0}
	}
	if fd, errno := WriteInside(new(plan.Builder), s); errno != unix.E2BIG {
		t.Errorf("%d, %v", fd, errno)
	}
}

// lies reports whether a text lies in the record that it is of.
func lies(data []byte, text []byte) bool {
	return len(text) == 0 || bytes.Contains(data, text)
}

// A record that is cut off is refused, and so is one with another beginning; no field leads out of it, whatever it says. Another
// version of box may have written it, or somebody who wants to be inside with more than the box has.
func TestRecordsThatAreNone(t *testing.T) {
	data := record(t, particular())
	var x Inside
	for n := range len(data) - 7 { // the last field is filled up with NULs, of which one is needed
		if _, ok := x.Read(data[:n:n]); ok {
			t.Errorf("%d of %d bytes are a record", n, len(data))
		}
	}
	for at := 0; at < len(data); at += 8 {
		was := binary.NativeEndian.Uint64(data[at:])
		for _, n := range []uint64{
			0, 1, 7, 8, maxFilters + 1, uint64(len(data)), 1 << 31, 1<<63 - 1, 1 << 63, 1<<64 - 8, 1<<64 - 1,
		} {
			changed := slices.Clone(data)
			binary.NativeEndian.PutUint64(changed[at:], n)
			format, ok := x.Read(changed)
			switch {
			case at == 0 && ok && n != was:
				t.Errorf("it begins with %#x", n)
			case at == 8 && n != was && (ok || format != n):
				t.Errorf("it has format %d, and is read as %d, %v", n, format, ok)
			case !ok:
				continue
			}
			for _, text := range []string{x.Dir, x.Label, x.Dev} {
				if !lies(changed, []byte(text)) {
					t.Errorf("field %d is %#x: %.40q is not of the record", at/8, n, text)
				}
			}
			for _, f := range x.filters[:x.n] {
				if !lies(changed, f.Program) {
					t.Errorf("field %d is %#x: a program is not of the record", at/8, n)
				}
			}
			for _, e := range x.Environ(nil) {
				if !lies(changed, []byte(e)) {
					t.Errorf("field %d is %#x: %.40q is not of the record", at/8, n, e)
				}
			}
		}
	}
	if _, ok := x.Read(nil); ok {
		t.Error("nothing is a record")
	}
	if _, ok := x.Read(data); !ok {
		t.Error("the whole one is refused")
	}
}
