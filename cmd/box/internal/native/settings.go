package native

import (
	"path"
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/kernel"
	"box/project"
	"box/spec"

	"golang.org/x/sys/unix"
)

// What the flags do that are not about files.

// allowNew lets a name appear in the project. The words are the caller's, and
// stay.
func (b *Line) allowNew(w []string) error {
	for _, name := range project.Names {
		if name == w[0] {
			p := &b.spec.Project
			p.AllowNew = early.Append(p.AllowNew, w[0])
			return nil
		}
	}
	early.Ordinary()
	return say.Badf("only these names are watched for: %s", strings.Join(project.Names[:], ", "))
}

// base chooses what is added that no flag names. The last one counts.
func (b *Line) base(w []string) error {
	if w[0] != "full" && w[0] != "none" {
		return say.Bad("not full or none")
	}
	b.view = w[0]
	return nil
}

// share lets the sandbox use the caller's namespaces.
func (b *Line) share(ns spec.Namespaces) error {
	b.spec.New &^= ns
	b.unjoin(ns)
	return nil
}

// unshare takes that back. All namespaces are new by default, so it has an
// effect only after a share.
func (b *Line) unshare(ns spec.Namespaces) error {
	b.spec.New |= ns
	b.unjoin(ns)
	return nil
}

// The flags for namespaces act in order: --share-net after --unshare-all shares
// the network, as in bubblewrap.
func (b *Line) shareNet([]string) error      { return b.netHost() }
func (b *Line) sharePID([]string) error      { return b.share(spec.PID) }
func (b *Line) shareIPC([]string) error      { return b.share(spec.IPC) }
func (b *Line) shareUTS([]string) error      { return b.share(spec.UTS) }
func (b *Line) shareCgroup([]string) error   { return b.share(spec.Cgroup) }
func (b *Line) unshareAll([]string) error    { return b.unshare(spec.All) }
func (b *Line) unshareNet([]string) error    { return b.unshare(spec.Net) }
func (b *Line) unsharePID([]string) error    { return b.unshare(spec.PID) }
func (b *Line) unshareIPC([]string) error    { return b.unshare(spec.IPC) }
func (b *Line) unshareUTS([]string) error    { return b.unshare(spec.UTS) }
func (b *Line) unshareCgroup([]string) error { return b.unshare(spec.Cgroup) }
func (b *Line) unshareUser([]string) error   { return b.unshare(spec.User) }

// shareUser leaves out the user namespace. Anybody but root needs one: it is
// what gives the right to make the others.
func (b *Line) shareUser([]string) error {
	if unix.Geteuid() != 0 {
		return say.Bad("only root can make a sandbox without a user namespace")
	}
	return b.share(spec.User)
}

// nestedUserns lets the command make user namespaces. It chooses another
// policy, see Finish, and the limit on user namespaces is a part of the
// caller's and not 0.
func (b *Line) nestedUserns([]string) error {
	b.spec.Nested = true
	return nil
}

// disableUserns takes back --nested-userns. It is the default here, other than
// in bubblewrap.
func (b *Line) disableUserns([]string) error {
	b.spec.Nested = false
	return nil
}

// assertUserns has the sandbox try to make a user namespace before the command
// starts, and fail if it can.
func (b *Line) assertUserns([]string) error {
	b.spec.Assert = true
	return nil
}

// The ids inside. In a user namespace of the sandbox's own they are mapped to
// the caller's, so they give no right outside.
func (b *Line) uid(w []string) (err error) { return b.id(&b.spec.IDs.UID, w[0]) }
func (b *Line) gid(w []string) (err error) { return b.id(&b.spec.IDs.GID, w[0]) }

// id reads a user or group id. -1 is not an id, and neither is 2^32-1, see setresuid(2).
// Ids from 2^31 on are refused as well: bubblewrap wraps them around.
func (b *Line) id(id *uint32, word string) error {
	n, ok := arg.Number(word, 10)
	if !ok || n > 1<<31-1 {
		return say.Bad("not an id from 0 to 2147483647")
	}
	*id, b.spec.IDs.Origin.Words = uint32(n), b.step.words
	return nil
}

// mapIDs chooses between the caller's one id and all subordinate ones, see
// subuid(5). The latter takes newuidmap(1) and newgidmap(1), which are asked
// for when the plan is written.
func (b *Line) mapIDs(w []string) error {
	if w[0] != "auto" && w[0] != "single" {
		return say.Bad("not auto or single")
	}
	b.spec.IDs.Ranges, b.spec.IDs.Origin.Words = w[0] == "auto", b.step.words
	return nil
}

// hostname adds an entry, since it is applied in order with the rest. 64 bytes
// are __NEW_UTS_LEN, above which sethostname(2) says EINVAL.
func (b *Line) hostname(w []string) error {
	if w[0] == "" || len(w[0]) > 64 {
		return say.Bad("a host name has 1 to 64 bytes")
	}
	return b.add(spec.Entry{Kind: spec.Hostname, Source: w[0]})
}

// chdir sets the directory where the command starts. It is a path of the
// sandbox, and is entered when the tree is complete.
func (b *Line) chdir(w []string) error {
	if w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	b.spec.Command.Dir, b.spec.Command.Origin.Words = fromRoot(w[0]), b.step.words
	return nil
}

// dieWithParent is the default, other than in bubblewrap: a sandbox that nobody
// waits for should not go on.
func (b *Line) dieWithParent([]string) error {
	b.spec.Life.OutliveParent = false
	return nil
}

// outliveParent lets the sandbox go on when its caller has ended.
func (b *Line) outliveParent([]string) error {
	b.spec.Life.OutliveParent = true
	return nil
}

// newSession is taken for the sake of bubblewrap's command lines.
func (b *Line) newSession([]string) error { return nil }

// pty chooses whether the command gets a terminal of the sandbox's own.
func (b *Line) pty(w []string) error {
	if w[0] != "auto" && w[0] != "off" {
		return say.Bad("not auto or off")
	}
	b.ptyOff = w[0] == "off"
	return nil
}

// require is for callers that want no sandbox rather than one without Landlock,
// which is left out silently where the kernel lacks it, or one whose project
// can't be watched.
func (b *Line) require(w []string) error {
	switch w[0] {
	case "landlock":
		b.spec.Confine.Required.Words = b.step.words
	case "guard":
		b.spec.Project.Required.Words = b.step.words
	default:
		return say.Bad("not landlock or guard")
	}
	return nil
}

// asPID1 leaves out box's own pid 1. The command takes its place, and has to
// reap what is orphaned.
func (b *Line) asPID1([]string) error {
	b.spec.Life.Direct = true
	return nil
}

// argv0Flag changes argv[0] alone. What is executed stays the command's first
// word.
func (b *Line) argv0Flag(w []string) error {
	b.argv0 = w[:1]
	return nil
}

// capAdd lets the command keep a capability. Reading a name may allocate, since
// it ignores case.
func (b *Line) capAdd(w []string) error {
	early.Ordinary()
	if !b.caps.Add(w[0]) {
		return noCapability("--cap-add", w[0])
	}
	return nil
}

// capDrop takes one back, in order: ALL and then fewer is possible.
func (b *Line) capDrop(w []string) error {
	early.Ordinary()
	if !b.caps.Drop(w[0]) {
		return noCapability("--cap-drop", w[0])
	}
	return nil
}

// noCapability is for a word that is not a capability, or that lacks what all begin with.
func noCapability(flag, word string) error {
	hint := ""
	if whole := "CAP_" + strings.ToUpper(word); new(arg.Capabilities).Add(whole) {
		hint = flag + " " + whole
	}
	return say.BadHint("no such capability", hint)
}

// The SELinux contexts of the command, and of the files and file systems that
// box makes.
func (b *Line) execLabel(w []string) error { return label(&b.spec.Labels.Exec, w[0]) }
func (b *Line) fileLabel(w []string) error { return label(&b.spec.Labels.File, w[0]) }

// label notes an SELinux context. The kernel is asked at once whether its
// policy has the context. Refused later, by a write to /proc/self/attr, it
// would be the child's failure.
//
//go:noinline
func label(to *string, label string) error {
	early.Ordinary()
	if !kernel.SELinux() {
		return say.Bad("SELinux is not on here")
	}
	if err := kernel.CheckLabel(label); err != nil {
		return say.Badf("the policy of SELinux has no such context: %w", err)
	}
	*to = label
	return nil
}

// keepFD lets the command inherit a descriptor. The list is ascending and has
// each number once, since launch closes the ranges between them by
// close_range(2). A flag inserts its number at its place: the list is short,
// and a sort would need the runtime.
func (b *Line) keepFD(w []string) error {
	fd, err := arg.Descriptor(w[0], 3)
	if err != nil {
		return err
	}
	if err := inputs.IsOpen(fd); err != nil {
		return err
	}
	keep := early.Append(b.spec.Life.Keep, fd)
	for i := len(keep) - 1; i > 0 && keep[i] <= keep[i-1]; i-- {
		if keep[i] == keep[i-1] {
			return nil // it is there already
		}
		keep[i], keep[i-1] = keep[i-1], keep[i]
	}
	b.spec.Life.Keep = keep
	return nil
}

// fromRoot returns an absolute path for one that is taken from the root. A path
// that is spelled plainly already is returned as it is, without being copied.
func fromRoot(dir string) string {
	if path := spec.Relative(dir); path == "" || early.Clean(dir) {
		return dir
	}
	early.Ordinary()
	return path.Join("/", dir)
}

// printBwrap and dryRun are looked at when the line is complete. With both,
// printBwrap wins: it is asked first.
func (b *Line) printBwrap([]string) error {
	b.print = true
	return nil
}

func (b *Line) dryRun([]string) error {
	b.dry = true
	return nil
}
