package native

import (
	"strings"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/plan"
	"box/register"
	"box/spec"

	"golang.org/x/sys/unix"
)

// What the flags do that put a sandbox into namespaces of boxes that are up.
// They are noted, and judged together by shared: who asks a box, asks it once.

// donor is a box whose namespace is wanted, and the words that want it.
type donor struct {
	name  string
	words []string
}

// boxNamed returns what follows box: or docker's container:.
func boxNamed(word string) (name string, is bool) {
	if name, is = strings.CutPrefix(word, "box:"); is {
		return name, true
	}
	return strings.CutPrefix(word, "container:")
}

func (b *Line) pidOf(w []string) error { return b.ofBox(spec.PID, w[0], "--share-pid") }
func (b *Line) ipcOf(w []string) error { return b.ofBox(spec.IPC, w[0], "--share-ipc") }

// utsOf is --uts: host is --share-uts.
func (b *Line) utsOf(w []string) error {
	if w[0] == "host" {
		return b.share(spec.UTS)
	}
	return b.ofBox(spec.UTS, w[0], "--uts host")
}

// ofBox notes a box. callers is the flag for the caller's namespace.
func (b *Line) ofBox(ns spec.Namespaces, word, callers string) error {
	name, is := boxNamed(word)
	switch {
	case is:
		return b.joinBox(ns, name)
	case word == "host":
		return say.BadHint("not box:NAME", early.Concat(callers, " is for the caller's"))
	case word == "private":
		return say.BadHint("not box:NAME", "leave it out: a sandbox has its own")
	case register.IsName(word):
		return say.BadHint("not box:NAME", early.Concat(b.step.words[0], " box:", word))
	}
	return say.Bad("not box:NAME")
}

// joinBox notes that a namespace is to be that of a box.
func (b *Line) joinBox(ns spec.Namespaces, name string) error {
	if !register.IsName(name) {
		return say.Bad("not the name of a box: 1 to 64 of a-z, 0-9, and after the first also . _ -")
	}
	for i := range b.from {
		if spec.Joinable[i] == ns {
			b.from[i] = donor{name, b.step.words}
		}
	}
	b.spec.New &^= ns
	b.spec.Join.Of |= ns
	return nil
}

// unjoin forgets boxes: a later flag says something else.
func (b *Line) unjoin(ns spec.Namespaces) { b.spec.Join.Of &^= ns }

// shared asks the boxes, and completes Join. It only asks whether there are
// any, for a plain command line.
func (b *Line) shared() error {
	if b.spec.Join.Of == 0 {
		return nil
	}
	if err := b.sharing(); err != nil {
		return err
	}
	j := &b.spec.Join
	for i, ns := range spec.Joinable {
		if !j.Of.Has(ns) {
			continue
		}
		d := &b.from[i]
		u, err := b.donorOf(d)
		if err != nil {
			return say.About(d.words, err)
		}
		if err := b.take(i, u); err != nil {
			return err
		}
	}
	b.spec.New &^= spec.User
	return nil
}

// sharing refuses what can't be meant together with a namespace of a box, as
// far as the line says it.
func (b *Line) sharing() error {
	s := b.spec
	for i, ns := range spec.Joinable {
		d := &b.from[i]
		if !s.Join.Of.Has(ns) {
			continue
		}
		switch {
		case b.caps.Set != 0:
			return say.Refuse(d.words, "can't be combined with --cap-add: the command could use it on what the box owns")
		case s.Nested:
			return say.Refuse(d.words, "can't be combined with --nested-userns")
		case s.IDs.Ranges:
			return say.Refuse(d.words, "can't be combined with --map-ids auto")
		case s.Join.User.Given() || s.Join.Last.Given() || s.Join.PID.Given():
			return say.Refuse(d.words, "can't be combined with --userns, --userns2 or --pidns")
		case !s.New.Has(spec.User):
			return say.Refuse(d.words, "needs a user namespace of the sandbox's own, and --share-user keeps the caller's")
		case ns == spec.PID && s.Life.Direct:
			return say.Refuse(d.words, "can't be combined with --as-pid-1: pid 1 is that of the box")
		case d.name == b.session.Shim.Name:
			return say.Refuse(d.words, "that is the name of this box itself")
		}
	}
	return nil
}

// donorOf returns the box of a name, which has handed out what is needed.
func (b *Line) donorOf(d *donor) (*session.Up, error) {
	donors := &b.session.Donors
	for i := range donors {
		u := &donors[i]
		if u.Given() && u.Name() != d.name {
			continue
		}
		if err := u.Ask(d.name); err != nil {
			return nil, err
		}
		return u, u.Read()
	}
	return nil, unix.EMFILE // there are as many as names at most
}

// take makes a namespace of a box the sandbox's. It has to be the box's own: the
// user namespace that owns it is the one that the box was built in. It is so if
// the box has it of another one itself.
func (b *Line) take(i int, u *session.Up) error {
	d, j := &b.from[i], &b.spec.Join
	if !u.Inside.Shares {
		return unshared(d, &u.Inside)
	}
	space := u.Spaces[placeOf(spec.Joinable[i])]
	owner, errno := host.NamespaceOwner(space)
	its := errno == 0 && same(owner, u.Outer)
	if errno == 0 {
		host.Close(owner)
	}
	switch {
	case !its:
		return callersOwn(d, spec.Joinable[i])
	case !j.User.Given():
		j.User = spec.At(u.Outer, d.words)
	case !same(j.User.Number(), u.Outer):
		return b.unrelated(d)
	}
	j.From[i] = spec.At(space, d.words)
	kind := plan.SpaceKinds[placeOf(spec.Joinable[i])]
	b.session.Shim.Shares[i] = early.Concat(early.Concat(kind, " ", u.Name()), " ", u.ID())
	switch spec.Joinable[i] {
	case spec.Net:
		b.spec.Network.Joined = u.Inside.Network
	case spec.UTS:
		j.HostName = u.Inside.HostName
	case spec.PID:
		u.Watch()
		b.session.Space, b.session.Shim.Space = u, u.Root
	}
	return nil
}

// placeOf returns the index of a namespace in plan.SpaceKinds.
func placeOf(ns spec.Namespaces) int {
	name := "pid"
	switch ns {
	case spec.Net:
		name = "net"
	case spec.IPC:
		name = "ipc"
	case spec.UTS:
		name = "uts"
	}
	for i := range plan.SpaceKinds {
		if plan.SpaceKinds[i] == name {
			return i
		}
	}
	return -1
}

// same reports whether two descriptors are of one namespace.
func same(a, b int) bool {
	x, errno := host.Look(a, "")
	y, errno2 := host.Look(b, "")
	return errno == 0 && errno2 == 0 && x.Same(y)
}

// unshared returns the message for a box that nobody can have namespaces in
// common with.
//
//go:noinline
func unshared(d *donor, x *launch.Inside) error {
	early.Ordinary()
	why := "its user namespace is not one that box has made for it alone"
	switch {
	case x.Keep != 0:
		why = "it keeps capabilities (--cap-add)"
	case x.Nested:
		why = "it may make namespaces of its own (--nested-userns)"
	case x.Groups:
		why = "it has subordinate ids (--map-ids auto)"
	}
	return say.Usagef("%s: %s has no namespaces that others could be in: %s", say.Words(d.words), d.name, why)
}

// callersOwn returns the message for a namespace that a box has from its caller.
//
//go:noinline
func callersOwn(d *donor, ns spec.Namespaces) error {
	early.Ordinary()
	what, flag := "processes", "--share-pid"
	switch ns {
	case spec.Net:
		what, flag = "network", "--share-net"
	case spec.IPC:
		what, flag = "System V IPC and message queues", "--share-ipc"
	case spec.UTS:
		what, flag = "host name", "--uts host"
	}
	return say.Usagef("%s: %s has the caller's %s", say.Words(d.words), d.name, what).Hintf("say %s", flag)
}

// unrelated returns the message for boxes that don't go together.
//
//go:noinline
func (b *Line) unrelated(d *donor) error {
	early.Ordinary()
	other := b.spec.Join.User.Origin.Words
	return say.Usagef("%s and %s: the two boxes share nothing themselves, and a sandbox can be in namespaces of one of them only",
		say.Words(other), say.Words(d.words)).
		Hintf("start one of them in a namespace of the other: then all three can share")
}

// networkOf is networked for the network of a box: what is reached there, its
// own flags have said.
func (b *Line) networkOf(n *spec.Network) error {
	words := n.Origin.Words
	if words == nil {
		words = b.hosts.from
	}
	if words == nil {
		return nil
	}
	for i, ns := range spec.Joinable {
		if ns == spec.Net {
			return say.Refuse(words,
				early.Concat("the network is that of box ", b.from[i].name, ", which has its own rules, ports, hosts and log"))
		}
	}
	return nil
}

// namedByBox returns the message for a host name that is a box's.
func (b *Line) namedByBox(words []string) error {
	for i, ns := range spec.Joinable {
		if ns == spec.UTS {
			return say.Refuse(words, early.Concat("the host name is that of box ", b.from[i].name))
		}
	}
	return nil
}
