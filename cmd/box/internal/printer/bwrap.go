package printer

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/statusfd"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Bwrap prints the command line of bubblewrap for a sandbox, and above it, as
// comments of a shell, what bubblewrap can't express. The line can be run: its
// words are quoted for a shell, and comments are escaped, so that none of them
// ends its line.
func Bwrap(s *spec.Spec, tell *statusfd.Informer) error {
	out := bufio.NewWriter(os.Stdout)
	for _, what := range inexpressible(s) {
		fmt.Fprintf(out, "# not in bubblewrap: %s\n", say.Visible(what))
	}
	fmt.Fprint(out, "bwrap")
	for _, words := range Options(s, tell) {
		fmt.Fprintf(out, " \\\n    %s", say.ShellWords(words))
	}
	fmt.Fprintf(out, " \\\n    -- %s\n", say.ShellWords(CommandWords(s)))
	return out.Flush()
}

// inexpressible returns what bubblewrap has no option for. Each is what the
// Spec has beyond the laxest that package bwrap sets up. A field of spec.Spec
// that has no option there has to be named here.
func inexpressible(s *spec.Spec) (list []string) {
	mark := func(is bool, format string, args ...any) {
		if is {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	for _, f := range s.Filters {
		mark(f.Policy != "" && f.Policy != "off", "the system call policy %s", f.Policy)
		mark(f.Ask, "what is refused is told at the end")
	}
	life := &s.Life
	mark(life.TTY != [3]bool{}, "a terminal of the sandbox's own; --new-session leaves the command without one")
	mark(!life.KeepAll, "inherited descriptors are closed%s", but(life.Keep))
	mark(!life.Keyring, "a session keyring of the sandbox's own")
	mark(!life.LeaveDescendants, "signals reach the command, and with it ends what it has started")
	mark(!s.Limits.Cores, "no core dumps")
	mark(s.Limits.Processes > 0, "at most %d processes", s.Limits.Processes)
	mark(s.Limits.Signals > 0, "at most %d queued signals", s.Limits.Signals)
	mark(s.Limits.Queues > 0, "at most %d bytes in message queues", s.Limits.Queues)
	mark(s.Limits.Quarter, "at most a quarter of the caller's inotify instances and watches")
	mark(s.IDs.Ranges, "the maps of subordinate ids (newuidmap and newgidmap would have to be called, see --userns-block-fd)")
	mark(!s.Mounts.Propagation, "mounts that the host makes later stay out")
	mark(!s.Mounts.KeepMountPoints, "mount points that had to be made on the host are removed again")
	mark(!s.Mounts.PlainDestinations, "a destination that is a link is followed, inside the sandbox")
	mark(!s.Mounts.KernelTmpfsSize, "the size of the root and of /dev is limited, together with every tmpfs that has no --size")
	mark(s.Join.Of != 0, "namespaces of boxes that are up")
	mark(s.Network.Mode == spec.NetNames, "the network: what --allow names is reached, through a process outside")
	mark(len(s.Network.Publish) != 0, "published ports")
	mark(s.Project.Top != "", "what appears in %s is watched for", s.Project.Top)
	mark(s.Scratch.Top != "", "it is told how many files were written in %s", s.Scratch.Top)
	mark(s.Scratch.Dir != "", "%s and %s are made, and %s is removed at the end",
		s.Scratch.Upper(), s.Scratch.Work(), s.Scratch.Dir)
	for i := range s.Tree {
		e := &s.Tree[i]
		mark(e.Kind == spec.Data && !e.FD.Given(), "%s is made for the sandbox: %s", e.Dest, e.Origin)
		mark(e.Kind == spec.Dev && !s.Mounts.WritableNodes, "the devices in %s are read-only: their mode can't be changed", e.Dest)
		hides := e.Kind == spec.Proc && !s.Mounts.AllKeys && !s.Nested && !s.Callers(spec.PID)
		mark(hides, "keys and key-users in %s are hidden", e.Dest)
	}
	return list
}

// but names descriptors that are an exception, or is empty.
func but(keep []int) string {
	if len(keep) == 0 {
		return ""
	}
	return " but for " + strings.Trim(fmt.Sprint(keep), "[]")
}

// CommandWords returns the command as it is looked up. Its first word is what
// is executed, not argv[0]: --argv0 says that.
func CommandWords(s *spec.Spec) []string {
	return append([]string{s.Command.File}, s.Command.Argv[1:]...)
}

// Options returns the options, each with its operands, in an order that gives
// the same sandbox. The tree is in the order of the Spec, since a later entry
// covers an earlier one there as well. Filters of a policy are left out:
// inexpressible names them.
func Options(s *spec.Spec, tell *statusfd.Informer) [][]string {
	var list options
	list.namespaces(s)
	list.life(s, tell)
	for i := range s.Tree {
		list.entry(&s.Tree[i])
	}
	list.environment(s)
	for _, f := range s.Filters {
		if f.Policy == "" {
			list.add(f.Origin.Words...)
		}
	}
	return list
}

// options is a list of options with their operands. The first word of each is
// the option.
type options [][]string

// add adds an option with its operands.
func (o *options) add(words ...string) { *o = append(*o, words) }

// when adds a word if it applies.
func (o *options) when(is bool, words ...string) {
	if is {
		o.add(words...)
	}
}

// fd adds an option that names a descriptor, if there is one. The number is the
// caller's, so the line works where the same descriptors are open.
func (o *options) fd(name string, fd spec.FD) {
	o.when(fd.Given(), name, strconv.Itoa(fd.Number()))
}

// unshared are the options for new namespaces. Not --unshare-all, which would
// take the user and cgroup namespaces only if they can be had.
var unshared = [...]struct {
	ns     spec.Namespaces
	option string
}{
	{spec.User, "--unshare-user"},
	{spec.PID, "--unshare-pid"},
	{spec.Net, "--unshare-net"},
	{spec.IPC, "--unshare-ipc"},
	{spec.UTS, "--unshare-uts"},
	{spec.Cgroup, "--unshare-cgroup"},
}

// namespaces adds what is about namespaces and ids. bubblewrap takes
// --disable-userns with a new user namespace only, and not if somebody else
// writes its maps.
func (o *options) namespaces(s *spec.Spec) {
	for _, u := range unshared {
		o.when((s.New | s.Join.Of).Has(u.ns), u.option)
	}
	if s.Join.Of == 0 {
		o.fd("--userns", s.Join.User)
	}
	o.fd("--userns2", s.Join.Last)
	o.fd("--pidns", s.Join.PID)
	flat := !s.Nested && s.New.Has(spec.User) && !s.IDs.Given
	o.when(flat, "--disable-userns")
	o.when(s.Assert && !flat, "--assert-userns-disabled")
	o.when(s.IDs.UID != uint32(unix.Getuid()), "--uid", strconv.Itoa(int(s.IDs.UID)))
	o.when(s.IDs.GID != uint32(unix.Getgid()), "--gid", strconv.Itoa(int(s.IDs.GID)))
}

// life adds what is about processes, descriptors and capabilities. bubblewrap
// lets root keep all capabilities if no option is about them, so they are
// dropped first.
func (o *options) life(s *spec.Spec, tell *statusfd.Informer) {
	life := &s.Life
	o.fd("--info-fd", tell.Info)
	o.fd("--json-status-fd", tell.Status)
	o.fd("--userns-block-fd", tell.Mapped)
	o.fd("--block-fd", life.Block)
	for _, fd := range life.Sync {
		o.add("--sync-fd", strconv.Itoa(fd))
	}
	for _, path := range life.Locks {
		o.add("--lock-file", path)
	}
	o.when(!life.OutliveParent, "--die-with-parent")
	o.when(life.Session != spec.CallerSession, "--new-session")
	o.when(life.Direct && s.New.Has(spec.PID), "--as-pid-1")
	o.when(s.Labels.Exec != "", "--exec-label", s.Labels.Exec)
	o.when(s.Labels.File != "", "--file-label", s.Labels.File)
	if !s.Caps.Callers {
		o.when(unix.Getuid() == 0, "--cap-drop", "ALL")
		for _, name := range capabilityList(s.Caps.Keep) {
			o.add("--cap-add", name)
		}
	}
}

// environment sets each variable anew: the caller's environment at the time
// when the line is run may be another one.
func (o *options) environment(s *spec.Spec) {
	c := &s.Command
	o.add("--clearenv")
	for _, e := range c.Env {
		if name, value, ok := strings.Cut(e, "="); ok && name != "" {
			o.add("--setenv", name, value)
		}
	}
	o.when(c.Dir != "", "--chdir", c.Dir)
	o.when(c.Argv[0] != c.File, "--argv0", c.Argv[0])
}

// bindOption returns the option for a bind, by what may be done there. There is
// neither a -fd form for devices nor a -try form for descriptors, here or
// there.
func bindOption(e *spec.Entry) string {
	name := "--bind"
	switch {
	case e.RO:
		name = "--ro-bind"
	case e.Devices:
		name = "--dev-bind"
	}
	switch {
	case e.FD.Given():
		name += "-fd"
	case e.Try:
		name += "-try"
	}
	return name
}

// entry adds the options for one step in the building of the tree. An entry of
// which box has made the data itself is left out: there is no descriptor to
// read it from.
func (o *options) entry(e *spec.Entry) {
	switch e.Kind {
	case spec.Bind, spec.Lock:
		source := e.Source
		if e.FD.Given() {
			source = strconv.Itoa(e.FD.Number())
		}
		o.add(bindOption(e), source, e.Dest)
	case spec.Overlay:
		o.overlay(e)
	case spec.Tmpfs:
		words := permsFor(e, 0o755)
		if e.Size != 0 {
			words = append(words, "--size", strconv.FormatUint(e.Size, 10))
		}
		o.add(append(words, "--tmpfs", e.Dest)...)
		o.when(e.RO, "--remount-ro", e.Dest)
	case spec.Dir:
		o.add(append(permsFor(e, 0o755), "--dir", e.Dest)...)
	case spec.File:
		o.add(append(permsFor(e, 0o666), "--file", strconv.Itoa(e.FD.Number()), e.Dest)...)
	case spec.Data:
		if !e.FD.Given() {
			return // inexpressible
		}
		name := "--bind-data"
		if e.RO {
			name = "--ro-bind-data"
		}
		o.add(append(permsFor(e, 0o600), name, strconv.Itoa(e.FD.Number()), e.Dest)...)
	case spec.Symlink:
		o.add("--symlink", e.Source, e.Dest)
	case spec.Chmod:
		o.add("--chmod", fmt.Sprintf("%04o", e.Perms), e.Dest)
	case spec.Hostname:
		o.add("--hostname", e.Source)
	default: // these are named as the kind is
		o.add("--"+e.Kind.String(), e.Dest)
	}
}

// overlay adds the layers as words of the same option, since nothing may stand
// between them.
func (o *options) overlay(e *spec.Entry) {
	var words []string
	for _, l := range e.Layers {
		words = append(words, "--overlay-src", l)
	}
	switch {
	case e.RO:
		words = append(words, "--ro-overlay", e.Dest)
	case e.Source == "":
		words = append(words, "--tmp-overlay", e.Dest)
	default:
		words = append(words, "--overlay", e.Source, e.Work, e.Dest)
	}
	o.add(words...)
}

// permsFor returns what the next option needs to make something with other
// permissions than it would. usual is bubblewrap's own default for that option.
func permsFor(e *spec.Entry, usual uint32) []string {
	if e.Perms == usual {
		return nil
	}
	return []string{"--perms", fmt.Sprintf("%04o", e.Perms)}
}
