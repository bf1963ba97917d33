package printer

import (
	"os"
	"slices"
	"strings"
	"testing"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/statusfd"
	"box/spec"
)

// bare is a Spec for which bubblewrap needs no option but --clearenv and what keeps it alive.
func bare() *spec.Spec {
	s := new(spec.Spec)
	s.IDs.UID, s.IDs.GID = uint32(os.Getuid()), uint32(os.Getgid())
	s.Nested, s.Life.OutliveParent, s.Life.Session, s.Caps.Callers = true, true, spec.CallerSession, true
	s.Command = spec.Command{Argv: []string{"sh"}, File: "sh"}
	return s
}

// lines returns the options of a Spec, one a line.
func lines(s *spec.Spec, tell *statusfd.Informer) (list []string) {
	for _, words := range Options(s, tell) {
		list = append(list, strings.Join(words, " "))
	}
	return list
}

// Each field of a Spec that bubblewrap has an option for is that option, and nothing else.
func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*spec.Spec)
		want string
	}{
		{"nothing", func(*spec.Spec) {}, ""},
		{"a namespace", func(s *spec.Spec) { s.New = spec.Net | spec.IPC }, "--unshare-net --unshare-ipc"},
		{"a flat one", func(s *spec.Spec) { s.New, s.Nested = spec.User, false }, "--unshare-user --disable-userns"},
		{"asserted", func(s *spec.Spec) { s.Assert = true }, "--assert-userns-disabled"},
		{"somebody else's maps", func(s *spec.Spec) { s.New, s.Nested, s.IDs.Given = spec.User, false, true }, "--unshare-user"},
		{"ids", func(s *spec.Spec) { s.IDs.UID, s.IDs.GID = 4000000, 4000001 }, "--uid 4000000 --gid 4000001"},
		{"joined", func(s *spec.Spec) {
			s.Join.User, s.Join.Last, s.Join.PID = spec.At(5, nil), spec.At(6, nil), spec.At(7, nil)
		}, "--userns 5 --userns2 6 --pidns 7"},
		{"with its parent", func(s *spec.Spec) { s.Life.OutliveParent = false }, "--die-with-parent"},
		{"a session", func(s *spec.Spec) { s.Life.Session = spec.CallerSession + 1 }, "--new-session"},
		{"pid 1", func(s *spec.Spec) { s.New, s.Life.Direct = spec.PID, true }, "--unshare-pid --as-pid-1"},
		{"no pid namespace of its own", func(s *spec.Spec) { s.Life.Direct = true }, ""},
		{"descriptors and locks", func(s *spec.Spec) {
			s.Life.Sync, s.Life.Locks, s.Life.Block = []int{3, 4}, []string{"/l"}, spec.At(9, nil)
		}, "--block-fd 9 --sync-fd 3 --sync-fd 4 --lock-file /l"},
		{"labels", func(s *spec.Spec) { s.Labels.Exec, s.Labels.File = "e", "f" }, "--exec-label e --file-label f"},
		{"environment", func(s *spec.Spec) { s.Command.Env = []string{"A=1", "=odd", "none", "B="} }, "--setenv A 1 --setenv B "},
		{"directory", func(s *spec.Spec) { s.Command.Dir = "/d" }, "--chdir /d"},
		{"argv[0]", func(s *spec.Spec) { s.Command.Argv = []string{"-sh"} }, "--argv0 -sh"},
		{"a raw program", func(s *spec.Spec) {
			s.Filters = []spec.Filter{{Origin: spec.Origin{Words: []string{"--seccomp", "8"}}}, {Policy: "default"}}
		}, "--seccomp 8"},
	} {
		s := bare()
		c.set(s)
		got := slices.DeleteFunc(lines(s, &statusfd.Informer{}), func(line string) bool { return line == "--clearenv" })
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
	}
}

// Each kind of entry is its option, with what is special to it in front.
func TestEntryOptions(t *testing.T) {
	for _, c := range []struct {
		e    spec.Entry
		want string
	}{
		{spec.Entry{Kind: spec.Bind, Source: "/s", Dest: "/d"}, "--bind /s /d"},
		{spec.Entry{Kind: spec.Bind, Source: "/s", Dest: "/d", RO: true}, "--ro-bind /s /d"},
		{spec.Entry{Kind: spec.Bind, Source: "/s", Dest: "/d", RO: true, Try: true}, "--ro-bind-try /s /d"},
		{spec.Entry{Kind: spec.Bind, Source: "/s", Dest: "/d", Devices: true}, "--dev-bind /s /d"},
		{spec.Entry{Kind: spec.Bind, FD: spec.At(3, nil), Dest: "/d", RO: true}, "--ro-bind-fd 3 /d"},
		{spec.Entry{Kind: spec.Lock, Source: "/s", Dest: "/d", RO: true}, "--ro-bind /s /d"},
		{spec.Entry{Kind: spec.Tmpfs, Dest: "/d", Perms: 0o755}, "--tmpfs /d"},
		{
			spec.Entry{Kind: spec.Tmpfs, Dest: "/d", Perms: 0o1777, Size: 4096, RO: true},
			"--perms 1777 --size 4096 --tmpfs /d --remount-ro /d",
		},
		{spec.Entry{Kind: spec.Dir, Dest: "/d", Perms: 0o700}, "--perms 0700 --dir /d"},
		{spec.Entry{Kind: spec.File, FD: spec.At(3, nil), Dest: "/d", Perms: 0o666}, "--file 3 /d"},
		{spec.Entry{Kind: spec.Data, FD: spec.At(3, nil), Dest: "/d", Perms: 0o600}, "--bind-data 3 /d"},
		{spec.Entry{Kind: spec.Data, FD: spec.At(3, nil), Dest: "/d", Perms: 0o644, RO: true}, "--perms 0644 --ro-bind-data 3 /d"},
		{spec.Entry{Kind: spec.Data, Dest: "/d"}, ""}, // box has made the data itself
		{spec.Entry{Kind: spec.Symlink, Source: "t", Dest: "/d"}, "--symlink t /d"},
		{spec.Entry{Kind: spec.Chmod, Dest: "/d", Perms: 0o4755}, "--chmod 4755 /d"},
		{spec.Entry{Kind: spec.Hostname, Source: "h"}, "--hostname h"},
		{spec.Entry{Kind: spec.Proc, Dest: "/proc"}, "--proc /proc"},
		{spec.Entry{Kind: spec.Dev, Dest: "/dev"}, "--dev /dev"},
		{spec.Entry{Kind: spec.Mqueue, Dest: "/m"}, "--mqueue /m"},
		{spec.Entry{Kind: spec.ReadOnly, Dest: "/d"}, "--remount-ro /d"},
		{
			spec.Entry{Kind: spec.Overlay, Layers: []string{"/a", "/b"}, Dest: "/d"},
			"--overlay-src /a --overlay-src /b --tmp-overlay /d",
		},
		{spec.Entry{Kind: spec.Overlay, Layers: []string{"/a"}, Dest: "/d", RO: true}, "--overlay-src /a --ro-overlay /d"},
		{
			spec.Entry{Kind: spec.Overlay, Layers: []string{"/a"}, Source: "/u", Work: "/w", Dest: "/d"},
			"--overlay-src /a --overlay /u /w /d",
		},
	} {
		var list options
		list.entry(&c.e)
		var words []string
		for _, option := range list {
			words = append(words, option...)
		}
		if text := strings.Join(words, " "); text != c.want {
			t.Errorf("%+v: %q, want %q", c.e, text, c.want)
		}
	}
}

// What bubblewrap can't express is said, each by a line, and what it can is not.
func TestInexpressible(t *testing.T) {
	lax := func() *spec.Spec {
		s := bare()
		s.Life.KeepAll, s.Life.Keyring, s.Life.LeaveDescendants, s.Limits.Cores = true, true, true, true
		s.Mounts = spec.Mounts{
			Propagation: true, KeepMountPoints: true, PlainDestinations: true, KernelTmpfsSize: true, WritableNodes: true,
			AllKeys: true,
		}
		return s
	}
	if list := inexpressible(lax()); len(list) != 0 {
		t.Errorf("the laxest has %q", list)
	}
	for want, set := range map[string]func(*spec.Spec){
		"the system call policy strict": func(s *spec.Spec) { s.Filters = []spec.Filter{{Policy: "strict"}} },
		"what is refused is told at the end": func(s *spec.Spec) {
			s.Filters = []spec.Filter{{Policy: "off", Ask: true}}
		},
		"inherited descriptors are closed":             func(s *spec.Spec) { s.Life.KeepAll = false },
		"inherited descriptors are closed but for 4 7": func(s *spec.Spec) { s.Life.KeepAll, s.Life.Keep = false, []int{4, 7} },
		"a session keyring of the sandbox's own":       func(s *spec.Spec) { s.Life.Keyring = false },
		"no core dumps":                                func(s *spec.Spec) { s.Limits.Cores = false },
		"at most 5 processes":                          func(s *spec.Spec) { s.Limits.Processes = 5 },
		"published ports":                              func(s *spec.Spec) { s.Network.Publish = make([]spec.NetPort, 1) },
		"what appears in /p is watched for":            func(s *spec.Spec) { s.Project.Top = "/p" },
		"it is told how many files were written in /p": func(s *spec.Spec) { s.Scratch.Top = "/p" },
		"/x is made for the sandbox: base view": func(s *spec.Spec) {
			s.Tree = []spec.Entry{{Kind: spec.Data, Dest: "/x", Origin: spec.Origin{Note: "base view"}}}
		},
		"the devices in /dev are read-only: their mode can't be changed": func(s *spec.Spec) {
			s.Mounts.WritableNodes = false
			s.Tree = []spec.Entry{{Kind: spec.Dev, Dest: "/dev"}}
		},
	} {
		s := lax()
		set(s)
		if list := inexpressible(s); !slices.Equal(list, []string{want}) {
			t.Errorf("%q, want %q", list, want)
		}
	}
}

func TestCapabilityList(t *testing.T) {
	if got := capabilityList(arg.AllCapabilities); !slices.Equal(got, []string{"ALL"}) {
		t.Errorf("%q", got)
	}
	if got := capabilityList(1<<0 | 1<<10 | 1<<63); !slices.Equal(got, []string{"CAP_CHOWN", "CAP_NET_BIND_SERVICE", "63"}) {
		t.Errorf("%q", got)
	}
	if got := capabilityList(0); got != nil {
		t.Errorf("%q", got)
	}
}
