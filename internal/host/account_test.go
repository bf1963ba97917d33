package host

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A line of passwd(5) has seven fields, one of group(5) four. What is no such line is nobody's.
func TestAccountInALine(t *testing.T) {
	for line, want := range map[string]Account{
		"me:x:1000:1000:Me,,,:/home/me:/bin/sh":    {"me", "/home/me", "/bin/sh"},
		"me:x:1000:1000::/home/me":                 {"me", "/home/me", ""},
		"me::1000:::/h:":                           {"me", "/h", ""},
		"me:x:1000:1000:Me::/bin/sh":               {"me", "", "/bin/sh"}, // no home directory
		"me:x:1000:you,him":                        {"me", "", ""},        // a group
		"me:x:1001:1000:Me:/home/me:/bin/sh":       {},
		"me:x:10000:1000:Me:/home/me:/bin/sh":      {},
		"me:x:1000x:1000:Me:/home/me:/bin/sh":      {},
		"me:x:-1000:1000:Me:/home/me:/bin/sh":      {},
		"me:x: 1000:1000:Me:/home/me:/bin/sh":      {},
		"me:x:01000:1000:Me:/home/me:/bin/sh":      {"me", "/home/me", "/bin/sh"},
		"me:x::1000:Me:/home/me:/bin/sh":           {},
		"1000:1000:1001:1000:1000:/home/x:/bin/sh": {},
		"+::::::":   {}, // of NIS
		"":          {},
		"::::::::":  {},
		"me:x:1000": {"me", "", ""},
		"me:x:99999999999999999999:1:Me:/home/me:sh": {},
		"# me:x:1000:1000:Me:/home/me:/bin/sh":       {"# me", "/home/me", "/bin/sh"}, // passwd(5) has no comments
	} {
		got, is := accountIn(line, 1000)
		if got != want || is != (want.Name != "") {
			t.Errorf("%q: %+v, %v, want %+v", line, got, is, want)
		}
	}
}

// Everybody in /etc/passwd and /etc/group is what stands there first; nobody else is anything.
func TestAccount(t *testing.T) {
	for file, ask := range map[string]func(int) Account{"/etc/passwd": User, "/etc/group": Group} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[int]bool{}
		for line := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n") {
			f := strings.Split(line, ":")
			id, err := strconv.Atoi(f[2])
			if err != nil || seen[id] {
				continue
			}
			seen[id] = true
			want := Account{Name: f[0]}
			if len(f) == 7 {
				want.Home, want.Shell = f[5], f[6]
			}
			if got := ask(id); got != want {
				t.Errorf("%s, %d: %+v, want %+v", file, id, got, want)
			}
		}
		if len(seen) == 0 {
			t.Errorf("%s is empty", file)
		}
		for _, id := range []int{-1, 1<<31 - 7} {
			if got := ask(id); got != (Account{}) {
				t.Errorf("%s, %d: %+v", file, id, got)
			}
		}
	}
}

// Digits are read up to the end or a NUL, and nothing else is a number.
func TestDecimal(t *testing.T) {
	for text, want := range map[string]int{
		"0": 0, "7": 7, "00012": 12, "4194304": 4194304, "12\x00garbage": 12, "": -1, "\x00": -1, "1a": -1, "-1": -1, ".": -1,
	} {
		n, ok := decimal([]byte(text))
		if !ok {
			n = -1
		}
		if n != want {
			t.Errorf("%q: %d, want %d", text, n, want)
		}
	}
}

// The numbers in a directory are its names that are numbers, however many reads they take.
func TestNumbers(t *testing.T) {
	dir := t.TempDir()
	const files = 1000
	for i := range files {
		if err := os.WriteFile(dir+"/"+strconv.Itoa(i*3), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"x", "1x", "-5", "lib64"} {
		if err := os.WriteFile(dir+"/"+name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d, errno := OpenDir(dir)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer d.Close()
	seen := map[int]bool{}
	var numbers [256]int
	for {
		n := d.Numbers(numbers[:])
		if n == 0 {
			break
		}
		for _, number := range numbers[:n] {
			if seen[number] || number%3 != 0 || number >= files*3 {
				t.Fatalf("%d", number)
			}
			seen[number] = true
		}
	}
	if len(seen) != files {
		t.Errorf("%d of %d names", len(seen), files)
	}
	if !d.Is(d.fd) || d.Is(d.fd+1) {
		t.Error("the directory does not know its own descriptor")
	}
	for name, want := range map[string]unix.Errno{
		dir + "/x": unix.ENOTDIR, dir + "/none": unix.ENOENT, strings.Repeat("x", unix.PathMax): unix.ENAMETOOLONG,
	} {
		if d, errno := OpenDir(name); errno != want || errno == unix.ENAMETOOLONG && d.fd != -1 {
			t.Errorf("%.20s: %v, want %v", name, errno, want)
		}
	}
}

// A sysctl is a number, or 0 if it is not a number or can't be read.
func TestSysctl(t *testing.T) {
	data, err := os.ReadFile("/proc/sys/kernel/pid_max")
	if err != nil {
		t.Fatal(err)
	}
	want, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if got := Sysctl("kernel/", "pid_max"); got != want || got == 0 {
		t.Errorf("%d, want %d", got, want)
	}
	for _, name := range []string{"none", "ostype", "", "random"} { // a text, a directory
		if got := Sysctl("kernel/", name); got != 0 {
			t.Errorf("%q: %d", name, got)
		}
	}
}
