// Package plan says how a sandbox is made: an ordered list of Linux system calls, and the Builder that writes it.
//
// A Plan is data. It is printed, compared (golden tests) and walked by package launch in a child process
// that may neither allocate nor take a lock; so all that a call points to lies in the Builder's own memory, which
// never moves. The numbers of system calls are known here, and to package launch, which makes the calls.
package plan

import "fmt"

// Plan is what a Builder has written.
type Plan struct {
	Flags   uint64 // the CLONE_* flags for clone3(2)
	Outside []Act  // done by the parent, in order, while the child waits; usually none
	Inside  []Call // done by the child, in order
	Regs    int    // how many registers Inside uses
	Data    []byte // what the calls of a plain plan point to: memory of the Builder, some of it used
	Keep    []Reg  // the descriptors that pid 1 keeps after the fork
	Sends   uint32 // bit n: Inside can send a record of kind n to the parent
	Masks   int    // how many records of kind Mask there are among these
}

// Act is a step that only the parent can do, with the child's process id as seen by the parent. It returns how to
// undo it, or nil if there is nothing to undo.
type Act interface {
	Do(pid int) (undo func() error, err error)
	fmt.Stringer
}

// Reg names a register: a place of the walk that keeps a call's result, nearly always a descriptor.
type Reg uint32

// The registers with a fixed meaning; Builder.Reg hands out the others.
const (
	None   Reg = iota // not a register
	Status            // the child's end of the status socket
	Peer              // the parent's end, which the child closes
	Proc              // the host's /proc, kept over the pivot
	Root              // what is "/" of the sandbox at this point
	Base              // the tmpfs under everything
	Tty               // the command's side of its own terminal
	Reaper            // the signalfd by which pid 1 learns of ended children
	Caller            // a pidfd of the caller, by which pid 1 learns of its end; -1 if nobody is to be watched
	Flag              // the address of a page that pid 1 and the command's process share, see Builder.ForkGuarded
	Net               // the socket between pid 1 and the net process; the net process has its own end there
	firstFree

	Cwd Reg = 0xffffffff // AT_FDCWD: not a register, but accepted where a descriptor is
)

// Ptr is an address in the Builder's memory. 0 is the null pointer.
type Ptr uintptr

// Call is one system call, or one of the few other things that the walk can do (Fork …). A write(2) or recvfrom(2) of
// less than Args[2] bytes counts as failed, with ENOSPC.
type Call struct {
	Args   [6]uintptr
	For    uint32   // whose wish this is; its meaning is the caller's, see Builder.For
	In     [6]Reg   // the arguments that come from registers
	Out    Reg      // keeps the result
	Nr     uint16   // the system call's number, or one of the numbers below
	Ignore [4]uint8 // errnos that count as done
	When   uint8    // do it only if the call before ended with this errno; Done: only if it succeeded
	Why    Why      // what it is for
}

// Done as a Call's When: only if the call before succeeded.
const Done = 0xff

// Numbers that are not system calls. They are far above the kernel's own.
const (
	Fork      = 0x8000 + iota // the command's process begins here, Args[0] calls further; these are for pid 1 alone
	Poke                      // store argument 1 as 32 bits at Args[0]
	Wipe                      // zero Args[1] bytes at Args[0]
	Same                      // fail with EEXIST unless Args[3] bytes at Args[0] are as at Args[2], and argument 1 says as many
	Differ                    // fail with EBUSY if the struct statx at Args[0] and Args[1] are of the same place
	GiveUp                    // fail: EACCES if an ignored execve(2) was refused so, else ENOENT
	Equal                     // fail with errno Args[3] unless Args[2] bytes at Args[0] are as those at Args[1]
	Fail                      // fail with errno Args[0]
	Digits                    // write argument 1 in decimal into the 8 bytes at Args[0], with slashes in front
	CloseRest                 // close all descriptors from 3 on, Proc last, but Status and the Args[1] 32-bit numbers at Args[0]
	Claim                     // make a mount point on the host, or take part in one that a sandbox has made: see Builder.Claim
	State                     // names the state directory for the claims after it; by itself it does nothing
	Masked                    // tell the parent which mount register In[0] has open
	Hop                       // go on in a child that is made with the flags Args[0]; the process itself ends
	Guarded                   // wait until pid 1 has made the calls of Fork
	Orphaned                  // wait until the parent, whose number is argument 1, has ended
	Skip                      // leave out the Args[0] calls that follow if argument 1 is 0
	Acked                     // fail with the errno in the answer of netlink(7) at Args[0]; Args[1] is the request as a text
)

// Kinds of records on the status socket.
const (
	Failed   = 1 + iota // call Step of the plan failed with errno Value
	Ended               // the command ended with wait status Value
	Stopped             // the command was stopped by signal Value
	Master              // carries the master of the command's terminal
	Made                // carries a directory of the host in which call Step claimed a mount point, and the lock on that
	Ready               // child to parent: do the acts; parent to child: they are done
	Signal              // parent to pid 1: signal Value to the command, or to its group if Step is 1
	Here                // the sender is pid 1; the kernel adds its process id, see unix(7), SCM_CREDENTIALS
	Running             // the command is executed next
	Listener            // carries the descriptor that reports refused calls, see seccomp_unotify(2)
	Stdio               // carries what the command has in the place of the caller's standard descriptor Step
	Mask                // mount Value hides what call Step is about
	Mounts              // carries the sandbox's mount table, see proc_pid_mountinfo(5)
	Text                // Step and Value are the next 8 bytes of a text that belongs to the failure to come
	Built               // no Made follows: the command does not run yet
	Upper               // carries the directory that what is written to the project goes to
	Started             // the command has been executed
	Spaces              // carries the namespaces of the sandbox, in the order of SpaceKinds
)

// SpaceKinds are the namespaces of a Spaces record: their names in /proc/PID/ns, see namespaces(7).
var SpaceKinds = [...]string{"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}

// Record is what parent and pid 1 tell each other: one packet of fixed size, so that the parent never parses anything
// that the command could have touched.
type Record struct{ Kind, Step, Value uint32 }
