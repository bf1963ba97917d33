package plan

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unsafe"

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
		b.Mkdirat(WhySource, Cwd, at[i], 0o755)
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
		r := b.Openat(WhySource, Cwd, b.String("/"), unix.O_PATH, 0)
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
	b.Openat(WhySource, Cwd, p, unix.O_RDONLY, 0)
	b.OpenInRoot(WhySource, Root, p, unix.O_PATH, 0)
	b.CloseRange(3, 4, 0)
	b.Dup(r, 1)
	b.Write(WhySource, r, p, 1)
	b.Mkdirat(WhySource, r, p, 0o755)
	b.Mknodat(WhySource, r, p, 0o644)
	b.Symlinkat(WhySource, p, r, p)
	b.SymlinkatOnce(p, 1, r, p)
	b.NotRoot(r)
	b.ChmodOf(r, 0o600)
	b.Fchdir(WhySource, r)
	b.Chdir(WhySource, p)
	b.Umask(0)
	b.Mount(WhySource, p, p, 0, unix.MS_BIND, 0)
	b.MountSetattr(WhySource, b.OpenTree(WhySource, Cwd, p), unix.MOUNT_ATTR_RDONLY, 0, true)
	b.MoveMount(WhySource, r, r)
	b.PivotRoot()
	b.Detach()
	fs := b.Fsopen(WhySource, p)
	b.FsconfigString(WhySource, fs, p, p)
	b.FsconfigCreate(WhySource, fs)
	b.Fsmount(WhySource, fs, 0)
	b.Unshare(WhySource, unix.CLONE_NEWUSER)
	b.Prctl(WhySource, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
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
	b.DefaultSignal(1)
	b.SetMask(0)
	b.Signalfd(r, 1)
	b.LoadFilter(make([]byte, 8))
	b.Execve(WhySource, p, b.Strings([]string{"p"}), b.Strings(nil))
	b.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	b.IoctlTo(WhySource, r, r, unix.TIOCGPTPEER, 0)
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

// A plan of a thousand binds is copied into nothing, but walked and kept: a call must not grow by a word.
func TestACallIsElevenWords(t *testing.T) {
	if size := unsafe.Sizeof(Call{}); size != 88 {
		t.Errorf("a Call has %d bytes", size)
	}
}

func TestForReturnsWhoseTheCallsWere(t *testing.T) {
	b := builder()
	was := b.For(7)
	b.Mkdirat(WhyLeaf, Cwd, b.String("a"), 0o755)
	if again := b.For(was); was != 0 || again != 7 {
		t.Errorf("For returned %d, then %d", was, again)
	}
	b.Mkdirat(WhyAbove, Cwd, b.String("b"), 0o755)
	if a, c := b.Inside[0], b.Inside[1]; a.For != 7 || a.Why != WhyLeaf || c.For != 0 || c.Why != WhyAbove {
		t.Errorf("%d %d, %d %d", a.For, a.Why, c.For, c.Why)
	}
}
