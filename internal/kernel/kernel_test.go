package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"box/internal/unprivileged"

	"golang.org/x/sys/unix"
)

// Many tests need a process of their own: behind a filter, or with other limits. They start the test program again, and roleVar
// tells it what it is then.
const roleVar = "BOXTEST_ROLE"

// roles print what they find.
var roles = map[string]func(){
	"nothing": func() {},
	"calls":   func() { fmt.Printf("%s|%s", Missing(), strings.Join(Substituted(), ",")) },
	"landlock": func() {
		fmt.Print(WhyNoLandlock())
	},
	"userns": func() {
		cause, hint := WhyNoUserns()
		fmt.Printf("%s|%s", cause, hint)
	},
	"exhausted": func() {
		must(os.WriteFile("/proc/sys/user/max_uts_namespaces", []byte("0"), 0))
		name, cause := Exhausted(unix.CLONE_NEWUTS | unix.CLONE_NEWNS)
		other, _ := Exhausted(unix.CLONE_NEWNS | unix.CLONE_NEWPID)
		fmt.Printf("%s|%s|%s", name, cause, other)
	},
	"none left": func() {
		must(os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0))
		cause, hint := WhyNoUserns()
		fmt.Printf("%s|%s|%v", cause, hint, unix.Unshare(unix.CLONE_NEWUSER))
	},
	"chroot": func() {
		before, dir := InChroot(), os.TempDir()
		must(os.MkdirAll(dir+"/proc", 0o755))
		must(unix.Mount("/proc", dir+"/proc", "", unix.MS_BIND|unix.MS_REC, ""))
		must(unix.Chroot(dir))
		must(os.Chdir("/"))
		cause, _ := WhyNoUserns()
		fmt.Printf("%v|%v|%s", before, InChroot(), cause)
	},
	"masked": func() {
		must(unix.Mount("none", "/proc/sys", "tmpfs", unix.MS_RDONLY, ""))
		fmt.Printf("%v|%v|%q", ProcMasked(), SysctlsFixed(), Sysctl("kernel/ostype"))
	},
}

func TestMain(m *testing.M) {
	role := os.Getenv(roleVar)
	if role == "" {
		os.Exit(unprivileged.Main(m))
	}
	if len(os.Args) > 2 {
		var errno unix.Errno
		var nr uint32
		_, err := fmt.Sscan(os.Args[1]+" "+os.Args[2], &errno, &nr)
		must(err)
		refuse(errno, nr)
	}
	roles[role]()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// refuse lets a call of this process fail with an errno, or end with 0.
func refuse(errno unix.Errno, nr uint32) {
	const load, jumpIf, answer = 0x20, 0x15, 0x06
	filter := []unix.SockFilter{
		{Code: load},
		{Code: jumpIf, Jf: 1, K: nr},
		{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: answer, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	must(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program)))
	if e != 0 {
		panic(e)
	}
}

// play returns what a role prints, in new namespaces if there are flags for them.
func play(t *testing.T, role string, flags uintptr, args ...string) string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), roleVar+"="+role, "TMPDIR="+t.TempDir())
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if flags != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v", role, err)
	}
	return string(out)
}

// refused returns what a role prints where a call ends with an errno.
func refused(t *testing.T, role string, errno unix.Errno, nr uint32) string {
	t.Helper()
	return play(t, role, 0, fmt.Sprint(int(errno)), fmt.Sprint(nr))
}

// The version is the kernel's own word for it, and stands in what is said of it.
func TestRelease(t *testing.T) {
	data, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSpace(string(data))
	if Release() != want || !strings.Contains(Needs(), want) || !strings.Contains(Needs(), Oldest) {
		t.Errorf("%q, want %q; %s", Release(), want, Needs())
	}
}

// A call that ends with ENOSYS is missing, by its name and the version that brought it; one that ends with EPERM is refused, where
// the kernel would look at its arguments first.
func TestMissingCalls(t *testing.T) {
	if got := play(t, "calls", 0); got != "|" {
		t.Fatalf("this kernel lacks calls: %s, %s", Release(), got)
	}
	for _, c := range []struct {
		errno unix.Errno
		nr    uint32
		want  string
	}{
		{unix.ENOSYS, unix.SYS_PIDFD_OPEN, "pidfd_open (Linux 5.3)|"},
		{unix.EPERM, unix.SYS_PIDFD_OPEN, "|"},
		{unix.ENOSYS, unix.SYS_OPENAT2, "|has no openat2 (Linux 5.6): a path is resolved part by part"},
		{unix.ENOSYS, unix.SYS_MOVE_MOUNT, "|has no move_mount (Linux 5.2): mount moves what is mounted"},
		{unix.EPERM, unix.SYS_CLOSE_RANGE, "|refuses close_range, by a system call filter: descriptors are closed one by one"},
		{unix.EPERM, unix.SYS_OPEN_TREE, "|refuses open_tree, by a system call filter: " +
			"what is bound is mounted in a tmpfs, and moved from there"},
		{unix.EPERM, unix.SYS_MOVE_MOUNT, "|"},
	} {
		if got := refused(t, "calls", c.errno, c.nr); got != c.want {
			t.Errorf("call %d ends with %v: %q, want %q", c.nr, c.errno, got, c.want)
		}
	}
	if !(call{number: 0x7000}).missing() || (call{number: unix.SYS_GETPID}).missing() {
		t.Error("a number that no call has is there, or getpid(2) is not")
	}
}

// Versions are those of the kernel's history: none is newer than the oldest kernel that box runs on, but for the calls that it does
// without.
func TestVersions(t *testing.T) {
	newer := func(version, than string) bool {
		var a, b, c, d int
		_, err := fmt.Sscanf(version+" "+than, "%d.%d %d.%d", &a, &b, &c, &d)
		if err != nil {
			t.Fatal(err)
		}
		return a > c || a == c && b > d
	}
	for _, n := range needs {
		if newer(n.version, Oldest) {
			t.Errorf("%s is newer than %s", n, Oldest)
		}
	}
	for _, l := range likes {
		if l.instead == "" || newer("5.2", l.version) {
			t.Errorf("%s", l)
		}
	}
}

// Why there is no Landlock depends on how its call ends, see landlock_create_ruleset(2).
func TestWhyNoLandlock(t *testing.T) {
	const nr = unix.SYS_LANDLOCK_CREATE_RULESET
	for errno, want := range map[unix.Errno]string{
		unix.ENOSYS:     "a system call filter around box hides it",
		unix.EOPNOTSUPP: "it is not turned on: lsm=",
		0:               "Linux " + Release() + " has its first version",
	} {
		if got := refused(t, "landlock", errno, nr); !strings.HasPrefix(got, want) {
			t.Errorf("%v: %q, want %q", errno, got, want)
		}
	}
	abi, _, errno := unix.Syscall(nr, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if got := WhyNoLandlock(); (got == "") != (errno == 0 && abi > 1) {
		t.Errorf("ABI %d, %v: %q", abi, errno, got)
	}
}

// What the kernel forbids is said with the sysctl that does it.
func TestExhausted(t *testing.T) {
	const own = unix.CLONE_NEWUSER | unix.CLONE_NEWNS
	if got, want := play(t, "exhausted", own), "uts|user.max_uts_namespaces is 0|"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	want := "user.max_user_namespaces is 0|as root: sysctl user.max_user_namespaces=15000|"
	if got := play(t, "none left", own); !strings.HasPrefix(got, want) || strings.HasSuffix(got, "<nil>") {
		t.Errorf("%q, want %q", got, want)
	}
}

// A filter around box is seen, and is the cause if there is no other; in a chroot, that is.
func TestWhyNoUserns(t *testing.T) {
	if Filtered() {
		t.Fatal("the tests run behind a system call filter already")
	}
	if got := refused(t, "userns", unix.ENOSYS, unix.SYS_SWAPON); !strings.HasPrefix(got, "a system call filter is in force") &&
		!AppArmorRestricts() {
		t.Errorf("behind a filter: %q", got)
	}
	got := play(t, "chroot", unix.CLONE_NEWUSER|unix.CLONE_NEWNS)
	if want := "false|true|this is a chroot"; !strings.HasPrefix(got, want) {
		t.Errorf("in a chroot: %q, want %q", got, want)
	}
}

// Something over a part of /proc is seen, and a sysctl that can't be read is not there.
func TestProcMasked(t *testing.T) {
	if got := play(t, "masked", unix.CLONE_NEWUSER|unix.CLONE_NEWNS); got != `true|true|""` {
		t.Errorf("%s", got)
	}
	if got := Sysctl("kernel/ostype"); got != "Linux" {
		t.Errorf("kernel.ostype is %q", got)
	}
}

// Fields of /proc/self/status are found by their whole names.
func TestStatusField(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if got := statusField("Tgid"); got != fmt.Sprint(os.Getpid()) {
		t.Errorf("Tgid: %q", got)
	}
	if got := statusField("Tgi"); got != "" {
		t.Errorf("a part of a name: %q", got)
	}
}

// SELinux is on only where its file system is mounted and the machine is set up for it.
func TestSELinux(t *testing.T) {
	_, mounted := os.Stat(selinuxfs + "/enforce")
	if SELinux() && mounted != nil {
		t.Errorf("SELinux is on, and %s: %v", selinuxfs, mounted)
	}
	if err := CheckLabel("no\x00such label"); err == nil {
		t.Error("a context that can't be one is taken")
	}
}
