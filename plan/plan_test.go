package plan

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func builder() *Builder {
	b := new(Builder)
	b.Reset()
	return b
}

func TestTextIsWhatSprintfGives(t *testing.T) {
	b := builder()
	for _, v := range []uint64{0, 7, 8, 1000, 1<<64 - 1} {
		at, n := b.Text("a %d b=%o\n", v, v)
		want := fmt.Sprintf("a %d b=%o\n", v, v)
		if got := text(uintptr(at)); got != want || n != len(want) {
			t.Errorf("%q, length %d, want %q", got, n, want)
		}
	}
}

// What a call points to stays where it is, however large the plan becomes and whatever the collector does.
func TestMemoryNeverMoves(t *testing.T) {
	b := builder()
	var at []Ptr
	for i := range 20000 {
		at = append(at, b.String(fmt.Sprintf("string %d", i)))
		b.Mkdirat(Cwd, at[i], 0o755)
	}
	big := b.String(strings.Repeat("x", 3<<20))
	runtime.GC()
	for i, a := range at {
		if want := fmt.Sprintf("string %d", i); text(uintptr(a)) != want || b.Inside[i].Path() != want {
			t.Fatalf("%q and %q, want %q", text(uintptr(a)), b.Inside[i].Path(), want)
		}
	}
	if len(text(uintptr(big))) != 3<<20 {
		t.Error("a large string is cut")
	}
}

func TestRegistersAreUsedAgainAfterClose(t *testing.T) {
	b := builder()
	for range 1000 {
		r := b.Openat(Cwd, b.String("/"), unix.O_PATH, 0)
		b.Close(r)
	}
	if b.Regs > int(firstFree)+1 {
		t.Errorf("%d registers for one descriptor at a time", b.Regs-int(firstFree))
	}
	first, second := b.Fresh(), b.Fresh()
	if second != first+1 {
		t.Errorf("fresh registers %v and %v", first, second)
	}
}

func TestScriptPutsTheShellInFront(t *testing.T) {
	b := builder()
	argv := b.Strings([]string{"name", "a", ""})
	script := b.Script(b.String("/bin/sh"), b.String("/x/name"), argv, 3)
	if got := fmt.Sprintf("%q", list(uintptr(script))); got != `["/bin/sh" "/x/name" "a" ""]` {
		t.Error(got)
	}
}

// --dry-run can print every call that the Builder can write.
func TestEveryCallHasAForm(t *testing.T) {
	b := builder()
	p, r := b.String("p"), b.Reg()
	b.Openat(Cwd, p, unix.O_RDONLY, 0)
	b.OpenInRoot(Root, p, unix.O_PATH, 0)
	b.CloseRange(3, 4, 0)
	b.Dup(r, 1)
	b.Write(r, p, 1)
	b.Mkdirat(r, p, 0o755)
	b.Mknodat(r, p, 0o644)
	b.Symlinkat(p, r, p)
	b.SymlinkatOnce(p, 1, r, p)
	b.NotRoot(r)
	b.Unlinkat(r, p)
	b.ChmodOf(r, 0o600)
	b.Fchdir(r)
	b.Chdir(p)
	b.Umask(0)
	b.Mount(p, p, 0, unix.MS_BIND, 0)
	b.MountSetattr(b.OpenTree(Cwd, p), unix.MOUNT_ATTR_RDONLY, 0, true)
	b.MoveMount(r, r)
	b.PivotRoot()
	b.Detach()
	fs := b.Fsopen(p)
	b.FsconfigString(fs, p, p)
	b.FsconfigCreate(fs)
	b.Fsmount(fs, 0)
	b.Unshare(unix.CLONE_NEWUSER)
	b.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	b.Capset(1)
	b.Setgroups()
	b.Setsid()
	b.Setpgid()
	b.Foreground(r)
	b.Limit(unix.RLIMIT_CORE, 1, unix.RLIM_INFINITY)
	b.SetCPUs([]byte{1})
	b.Sethostname(p, 1)
	b.NewKeyring()
	b.IgnoreSignal(1)
	b.SetMask(0)
	b.Signalfd(r, 1)
	b.LoadFilter(make([]byte, 8))
	b.Execve(p, b.Strings([]string{"p"}), b.Strings(nil))
	b.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	b.IoctlTo(r, r, unix.TIOCGPTPEER, 0)
	b.Fork()
	b.GuardedBy(b.ForkGuarded())
	b.AwaitGuard()
	b.Wipe(0, 0)
	b.GiveUp()
	b.AwaitParent()
	b.ParentAlive()
	b.Send(Made, r, Done)
	for i := range b.Inside {
		line := b.Inside[i].String()
		if strings.Contains(line, "syscall ") || !strings.HasSuffix(strings.Split(line, " = ")[0], ")") {
			t.Errorf("call %d is printed as %s", i, line)
		}
	}
}
