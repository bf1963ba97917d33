package launch

import (
	"errors"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"testing"
	"time"

	"box/internal/unprivileged"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case "":
		os.Exit(unprivileged.Main(m))
	case inNamespaces:
		os.Exit(m.Run())
	}
	play()
}

// plain returns the Spec of a plain sandbox that runs a command.
func plain(command ...string) *spec.Spec {
	s := spec.New()
	s.IDs.UID, s.IDs.GID = uint32(os.Getuid()), uint32(os.Getgid())
	s.Tree = []spec.Entry{
		{Kind: spec.Bind, RO: true, Source: "/usr", Dest: "/usr"},
		{Kind: spec.Symlink, Source: "usr/bin", Dest: "/bin"},
		{Kind: spec.Symlink, Source: "usr/lib", Dest: "/lib"},
		{Kind: spec.Symlink, Source: "usr/lib64", Dest: "/lib64"},
		{Kind: spec.Proc, Dest: "/proc"},
		{Kind: spec.Dev, Dest: "/dev"},
		{Kind: spec.Tmpfs, Dest: "/tmp", Perms: 0o1777},
	}
	s.Filters = []spec.Filter{{Policy: "default"}}
	s.Command = spec.Command{Argv: command, File: command[0], Env: []string{"PATH=/usr/bin"}, Dir: "/"}
	return s
}

// run starts a sandbox on a thread of its own and returns how the command ended.
func run(s *spec.Spec) (Status, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b := new(plan.Builder)
	if err := Compile(b, s); err != nil {
		return Status{}, err
	}
	box, err := Start(&b.Plan, nil, s, -1)
	if err != nil {
		return Status{}, err
	}
	return box.Wait()
}

func TestCompilingAPlainSpecAllocatesNothing(t *testing.T) {
	s, b := plain("/usr/bin/true"), new(plan.Builder)
	got := testing.AllocsPerRun(100, func() {
		if err := Compile(b, s); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func TestStatusIsTheCommands(t *testing.T) {
	for _, c := range []struct {
		script string
		want   int
	}{{"exit 0", 0}, {"exit 3", 3}, {"exit 255", 255}, {"kill -TERM $$", 128 + 15}, {"kill -KILL $$", 128 + 9}} {
		status, err := run(plain("sh", "-c", c.script))
		if err != nil || status.Exit() != c.want {
			t.Errorf("%s: status %d, error %v, want %d", c.script, status.Exit(), err, c.want)
		}
	}
}

// A failed call must come back as what it is, from pid 1 and from the command's process.
func TestFailureNamesItsCall(t *testing.T) {
	s := plain("/nosuch")
	_, err := run(s)
	var f *Failure
	if !errors.As(err, &f) || f.Errno != unix.ENOENT || f.Call.For != spec.Program {
		t.Errorf("missing command: %v", err)
	}
	s = plain("/usr/bin/true")
	s.Tree = append(s.Tree, spec.Entry{Kind: spec.Dir, Dest: "/usr/new"})
	if _, err = run(s); !errors.As(err, &f) || f.Errno != unix.EROFS || s.Entry(f.Call.For) != &s.Tree[len(s.Tree)-1] {
		t.Errorf("directory below a read-only bind: %v", err)
	}
}

// The child runs no Go code that could need the runtime. If that were wrong it would show where the runtime is busy:
// while the heap is collected, with many goroutines, with signals all the time, with other threads starting children.
func TestStartsUnderLoad(t *testing.T) {
	starts, workers := 400, 4
	if os.Getenv("BOX_STRESS") != "" {
		starts = 5000
	}
	if testing.Short() {
		starts = 40
	}
	stop := make(chan struct{})
	var load sync.WaitGroup
	for _, busy := range []func(){collect, allocate, allocate, storm} {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					busy()
				}
			}
		})
	}
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, unix.SIGURG, unix.SIGWINCH)
	defer signal.Stop(caught)
	var jobs sync.WaitGroup
	for w := range workers {
		jobs.Go(func() {
			for i := range starts / workers {
				want := (i*workers + w) % 100
				status, err := run(plain("sh", "-c", "exit "+string(rune('0'+want/10))+string(rune('0'+want%10))))
				if err != nil || status.Exit() != want {
					t.Errorf("start %d of worker %d: status %d, error %v, want %d", i, w, status.Exit(), err, want)
					return
				}
			}
		})
	}
	jobs.Wait()
	close(stop)
	load.Wait()
}

var kept [][]byte

func collect() { runtime.GC() }

var keptLock sync.Mutex

func allocate() {
	block := make([]byte, 1<<16)
	keptLock.Lock()
	kept = append(kept, block)
	if len(kept) > 100 {
		kept = nil
	}
	keptLock.Unlock()
	runtime.Gosched()
}

func storm() {
	_ = unix.Kill(os.Getpid(), unix.SIGURG)
	_ = unix.Kill(os.Getpid(), unix.SIGWINCH)
	time.Sleep(50 * time.Microsecond)
}
