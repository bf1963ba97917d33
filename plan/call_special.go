package plan

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Fork begins the command's process, with memory and address space of pid 1 until it executes something.
func (b *Builder) Fork() {
	b.add(WhyProcess, Fork)
	b.Sends |= 1<<Ended | 1<<Stopped
}

// TellStarted has pid 1 tell the parent when the command of Fork has been executed.
func (b *Builder) TellStarted() { b.Sends |= 1 << Started }

// ForkGuarded is Fork for a pid 1 that the command can trace. It returns where the calls begin that pid 1 makes by itself after the
// fork: these follow, and then GuardedBy. From then on pid 1 makes no calls but wait4(2), write(2) and exit_group(2).
func (b *Builder) ForkGuarded() (first int) {
	const size, anywhere, noFile = 4096, 0, ^uintptr(0)
	const access, kind = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_ANONYMOUS
	b.add(WhyProcess, unix.SYS_MMAP, anywhere, size, access, kind, noFile, 0).out(Flag)
	b.add(WhyProcess, Fork)
	b.Sends |= 1 << Ended
	return len(b.Inside)
}

// GuardedBy says that the calls from first on were those of pid 1.
func (b *Builder) GuardedBy(first int) { b.Inside[first-1].Args[0] = uintptr(len(b.Inside) - first) }

// AwaitGuard lets the command's process wait until pid 1 has made its calls.
func (b *Builder) AwaitGuard() { b.add(WhyProcess, Guarded) }

// Wipe zeroes n bytes at start, which is not memory of the Builder.
func (b *Builder) Wipe(start, n uintptr) { b.add(WhyOther, Wipe, start, n) }

// Set stores an address at slot, if the call before succeeded.
func (b *Builder) Set(slot, value Ptr) {
	for shift := range 2 { // the low half comes first on every machine that box knows
		b.add(WhyOther, Poke, uintptr(slot)+uintptr(4*shift), uintptr(uint64(value)>>(32*shift)&0xffffffff)).When = Done
	}
}

// equal fails with errno unless the 8 bytes at a are as those at b.
func (b *Builder) equal(why Why, a, c Ptr, errno unix.Errno) {
	b.add(why, Equal, uintptr(a), uintptr(c), 8, uintptr(errno))
}

// Fail fails with errno.
func (b *Builder) Fail(why Why, errno unix.Errno) { b.add(why, Fail, uintptr(errno)) }

// CloseRest closes all descriptors but 0, 1, 2, keep, Status and also, unless that is None: Proc too.
func (b *Builder) CloseRest(keep []int, also Reg) {
	list := b.memory(4 * (len(keep) + 1))
	for i, fd := range keep {
		*(*uint32)(unsafe.Pointer(&list[4*i])) = uint32(fd)
	}
	n := len(keep)
	if also != None {
		b.add(WhyInheritance, Poke, uintptr(address(list[4*n:]))).fd(1, also)
		n++
	}
	b.add(WhyInheritance, CloseRest, uintptr(address(list)), uintptr(n))
}

// Hop goes on in a child with new namespaces, see clone(2). It has the parent of the process that makes it
// (CLONE_PARENT).
func (b *Builder) Hop(flags uint64) {
	b.add(WhyNamespaces, Hop, uintptr(flags|unix.CLONE_PARENT|uint64(unix.SIGCHLD)))
}

// Orphan goes on in a child when its parent has ended: it is a child of pid 1 in its pid namespace then, see pid_namespaces(7), and
// the parent is taken away while the monitor lives.
func (b *Builder) Orphan() {
	parent := b.Fresh()
	b.add(WhyNamespaces, unix.SYS_GETPID).out(parent)
	b.add(WhyNamespaces, Hop, uintptr(unix.SIGCHLD))
	b.add(WhyNamespaces, Orphaned).fd(1, parent)
}

// Tell sends a record to the parent.
func (b *Builder) Tell(kind uint32) {
	b.Sends |= 1 << kind
	const size = 12
	b.add(WhyMonitor, unix.SYS_SENDTO, 0, uintptr(b.Words32(kind, 0, 0)), size, unix.MSG_NOSIGNAL, 0, 0).fd(0, Status)
}

// GiveUp ends a search for the command, see GiveUp the number.
func (b *Builder) GiveUp() { b.add(WhySearch, GiveUp) }

// AwaitParent tells the parent that the child is ready for the plan's acts, and waits for its answer.
func (b *Builder) AwaitParent() {
	const size = 12
	b.Tell(Ready)
	b.add(WhyMonitor, unix.SYS_RECVFROM, 0, uintptr(b.Space(size)), size, 0, 0, 0).fd(0, Status)
}

// ParentAlive fails if the parent has closed its end of the status socket.
func (b *Builder) ParentAlive() {
	c := b.add(WhyTie, unix.SYS_RECVFROM, 0, uintptr(b.Space(4)), 4, unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0).fd(0, Status)
	c.Ignore[0] = uint8(unix.EAGAIN)
}

// Send sends a record with the descriptor r to the parent, see unix(7), SCM_RIGHTS. The record's step is that of the
// call before; when is as in Call.
func (b *Builder) Send(kind uint32, r Reg, when uint8) {
	b.send(kind, uint32(len(b.Inside)-1), r, None, when)
}

// SendPair is Send with two descriptors.
func (b *Builder) SendPair(kind uint32, first, second Reg, when uint8) {
	b.send(kind, uint32(len(b.Inside)-1), first, second, when)
}

// SendStdio sends what takes the place of the standard descriptor fd.
func (b *Builder) SendStdio(fd int, r Reg) { b.send(Stdio, uint32(fd), r, None, 0) }

// SendSpaces sends the namespaces of the walking process, which has them open.
func (b *Builder) SendSpaces(open *[len(SpaceKinds)]Reg) {
	b.Sends |= 1 << Spaces
	const descriptors = len(SpaceKinds)
	control := b.Words64(uint64(cmsgData+4*descriptors), unix.SOL_SOCKET|unix.SCM_RIGHTS<<32, 0, 0, 0, 0)
	vector := b.Words64(uint64(b.Words32(Spaces, 0, 0)), 12)
	message := b.Words64(0, 0, uint64(vector), 1, uint64(control), uint64(cmsgData+4*descriptors+7)&^7, 0)
	for i, r := range open {
		b.add(WhyMonitor, Poke, uintptr(control)+cmsgData+4*uintptr(i)).fd(1, r)
	}
	b.add(WhyMonitor, unix.SYS_SENDMSG, 0, uintptr(message), unix.MSG_NOSIGNAL).fd(0, Status)
}

func (b *Builder) send(kind, step uint32, first, second Reg, when uint8) {
	b.Sends |= 1 << kind
	b.sendOver(Status, WhyMonitor, kind, step, first, second, when)
}

// sendOver sends a record with one or two descriptors over a socket; value is what the record has as its step.
func (b *Builder) sendOver(to Reg, why Why, kind, step uint32, first, second Reg, when uint8) {
	length := uint64(cmsgLen)
	if second != None {
		length += cmsgMore
	}
	control := b.Words64(length, unix.SOL_SOCKET|unix.SCM_RIGHTS<<32, 0)
	record := b.Words32(kind, step, 0)
	vector := b.Words64(uint64(record), 12)
	message := b.Words64(0, 0, uint64(vector), 1, uint64(control), cmsgSpace, 0)
	b.add(why, Poke, uintptr(control)+cmsgData).fd(1, first).When = when
	if second != None {
		b.add(why, Poke, uintptr(control)+cmsgData+cmsgMore).fd(1, second).When = when
	}
	b.add(why, unix.SYS_SENDMSG, 0, uintptr(message), unix.MSG_NOSIGNAL).fd(0, to).When = when
}

// SkipUnless leaves out what follows, up to SkipEnd, if nothing has been stored in r. It returns what SkipEnd wants.
func (b *Builder) SkipUnless(r Reg) (skip int) {
	b.add(WhyOther, Skip).fd(1, r)
	return len(b.Inside)
}

// SkipEnd ends what SkipUnless has begun.
func (b *Builder) SkipEnd(skip int) { b.Inside[skip-1].Args[0] = uintptr(len(b.Inside) - skip) }

// Claim makes an empty file or directory, of the type and with the mode in mode, at name in dir: a mount point on the
// host, which other sandboxes may share. One that a sandbox of the user's has made is taken. The register that it
// returns has a descriptor with a shared lock on it, see flock(2), and pid 1 keeps that. What nobody's sandbox has
// made stays as it is, and the call ends as EEXIST. state is the state directory, and dirs are it and those above it.
func (b *Builder) Claim(why Why, dir Reg, name Ptr, mode uint32, state string, dirs []string) Reg {
	step := uintptr(len(b.Inside))
	b.add(WhyNote, State, uintptr(b.String(state)), uintptr(b.Strings(dirs)))
	r := b.Fresh()
	b.add(why, Claim, 0, uintptr(name), uintptr(mode), step).fd(0, dir).out(r)
	b.KeepOpen(r)
	return r
}

// Masked tells the parent which mount r has open: it hides or locks something, and must not be lost.
func (b *Builder) Masked(r Reg) {
	b.Sends |= 1 << Mask
	b.Masks++
	b.add(WhyMonitor, Masked).fd(0, r)
}

// The layout of a control message with one descriptor, see cmsg(3). There is room for a second one.
const (
	cmsgLen   = 20
	cmsgSpace = 24
	cmsgData  = 16
	cmsgMore  = 4
)
