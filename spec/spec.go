// Package spec says what a sandbox should be: pure data, judged without looking at the host.
//
// A Spec is made by the front end from words, completed by what box adds by itself (mounts.Defaults, mounts.Base), and compiled
// to system calls by launch.Compile. Nothing here opens, asks or prints.
package spec

// Namespaces is a set of kernel namespaces, see namespaces(7).
type Namespaces uint8

// The namespaces that a sandbox can have for itself.
const (
	User Namespaces = 1 << iota
	PID
	Mount
	Net
	IPC
	UTS
	Cgroup

	All = User | PID | Mount | Net | IPC | UTS | Cgroup
)

// Has reports whether all of want is in the set.
func (n Namespaces) Has(want Namespaces) bool { return n&want == want }

// Spec is one sandbox. Its zero value is not useful: New returns one with every protection on.
type Spec struct {
	New     Namespaces // the namespaces that are the sandbox's own; the others are the caller's
	Join    Join
	Nested  bool // the command may make user namespaces of its own
	Assert  bool // start only if it can't, as tried out
	IDs     IDs
	Caps    Caps
	Tree    []Entry // in order: a later entry covers an earlier one
	Mounts  Mounts
	Project Project
	Scratch Scratch
	Filters []Filter // seccomp programs, in the order in which they are loaded
	Confine Confinement
	Command Command
	Life    Life
	Limits  Limits
	Labels  Labels
	Network Network
}

// Confinement reports whether the command is confined by Landlock, see landlock(7). The zero value is not at all.
type Confinement struct {
	Use      bool   // as far as the kernel can, and as the Spec allows: see Mounting
	Required Origin // the flag that lets nothing start without it
}

// Mounting reports whether the command may mount file systems: in a user namespace that it makes, or by CAP_SYS_ADMIN in the
// sandbox's own. A Landlock domain that handles access to files forbids it, see the kernel's security/landlock/fs.c,
// hook_sb_mount().
func (s *Spec) Mounting() bool {
	const sysAdmin = 21 // CAP_SYS_ADMIN
	return s.Nested || s.Caps.Keep>>sysAdmin&1 != 0
}

// Labels are SELinux contexts, see selinux(8); an empty one leaves it to the policy.
type Labels struct {
	Exec string // of the command
	File string // of what box makes: files, and file systems in memory
}

// Join names namespaces of others that the sandbox enters, see setns(2).
type Join struct {
	User FD // instead of a new one, before anything else is made
	Last FD // a user namespace for the command, when everything is made
	PID  FD // with New.Has(PID) the sandbox's own lies below it

	Box bool // all that a running sandbox has, and nothing is made: see launch.CompileEnter

	// Of are namespaces of boxes that are up, which the sandbox has in common with them. From has them, in the order of
	// Joinable. User is then the user namespace that owns them: the sandbox is built in it, and the command gets one below it.
	Of   Namespaces
	From [len(Joinable)]FD
	// HostName is that of a UTS namespace of theirs.
	HostName string
}

// Joinable are the namespaces of a box that others can have in common with it, the pid namespace last.
var Joinable = [...]Namespaces{Net, IPC, UTS, PID}

// Joins reports whether pid 1 has to be made in somebody else's namespaces: the process that is cloned first is then
// not it.
func (s *Spec) Joins() bool { return s.Join.User.Given() || s.Join.PID.Given() || s.Join.Box }

// Callers reports whether the sandbox has such a namespace from its caller.
func (s *Spec) Callers(ns Namespaces) bool {
	return !(s.New | s.Join.Of).Has(ns) && (ns != PID || !s.Join.PID.Given())
}

// InOthers reports whether pid 1 lives in a pid namespace that somebody else's pid 1 ends.
func (s *Spec) InOthers() bool { return s.Join.PID.Given() || s.Join.Box || s.Join.Of.Has(PID) }

// Shares reports whether others can have namespaces of the sandbox in common with it: they are built in the user namespace that
// owns these, and nobody there could give them more than the command has.
func (s *Spec) Shares() bool {
	return s.Life.Named && (s.New.Has(User) || s.Join.Of != 0) && !s.Nested && !s.IDs.Ranges && !s.IDs.Given && s.Caps.Keep == 0 &&
		!s.Join.Last.Given()
}

// OwnsUser reports whether the sandbox is in another user namespace than its caller.
func (s *Spec) OwnsUser() bool {
	return s.New.Has(User) || s.Join.User.Given() || s.Join.Last.Given()
}

// OwnsPID reports whether the sandbox is in another pid namespace than its caller, and not in one of a box: that does not end with
// it.
func (s *Spec) OwnsPID() bool { return s.New.Has(PID) || s.Join.PID.Given() }

// Caps are the capabilities of the command, see capabilities(7). The zero value has none.
type Caps struct {
	Keep    uint64 // bit n is capability n
	Callers bool   // leave the sets as they are, but for the bounding set of a new user namespace: Keep bounds it
}

// Guard says which parts of a /proc that could change the machine become read-only: it is for sandboxes that root starts.
type Guard uint8

// The guards. GuardOpen covers what access(2) says that the caller can write; GuardAll covers the
// directory sys as well, in which only the files can be written.
const (
	NoGuard Guard = iota
	GuardOpen
	GuardAll
)

// Mounts says what holds for all mounts. The zero value is the strictest, but for PlainDestinations.
type Mounts struct {
	// Propagation lets mounts that the host makes later below a bind appear inside. Zero: binds are private.
	Propagation bool
	// Guard says which parts of a /proc become read-only. Zero: none.
	Guard Guard
	// KeepMountPoints leaves mount points that had to be made on the host there, also those of a sandbox that can't be
	// made in the end. Zero: they are removed when the sandbox has ended, if they are as they were made.
	KeepMountPoints bool
	// FollowPlanted follows links in what is bound writable where it is a source again. Zero: such a source is refused
	// (ELOOP), since a program in a sandbox may have made the link.
	FollowPlanted bool
	// KernelTmpfsSize leaves a tmpfs without a size to the kernel: half of the memory. Zero: it is bounded, see mounts.
	KernelTmpfsSize bool
	// PlainDestinations refuses a destination whose last part is a symbolic link (ELOOP). Zero: it is followed, inside.
	PlainDestinations bool
	// TrailingSlashes lets the destination of a file end in slashes, which mean nothing. Zero: a file has no such name (EISDIR).
	TrailingSlashes bool
	// ClosedParents makes the directories above what has no permissions of its own for the owner alone. Zero: for all.
	ClosedParents bool
	// FixedParents makes the directories above what is mounted read-only for their owner, too: what is written beside a mount
	// would be lost. Zero: the owner may write there.
	FixedParents bool
	// RemountStrict makes a mount that a ReadOnly entry names nosuid and nodev as well. Zero: it becomes read-only, and is
	// nothing but that.
	RemountStrict bool
	// WithoutOpenat2 and WithoutSetattr do what openat2(2) and mount_setattr(2) do by other calls, as where the kernel lacks these.
	// Zero: they are made if the kernel has them.
	WithoutOpenat2, WithoutSetattr bool
	// State is where box keeps what it must know of earlier sandboxes. Zero: nobody knows a place for it.
	State string
	// Own are the directories that box keeps for itself: no sandbox reaches them. Zero: none.
	Own [OwnMost]OwnDir
	// AllKeys leaves /proc/keys and /proc/key-users as they are, with the keys of the machine. Zero: they are empty.
	AllKeys bool
	// WritableNodes lets whoever may change the mode and the times of the device nodes in a /dev. Zero: they are read-only,
	// but the devices are not.
	WritableNodes bool
}

// OwnMost is how many directories box keeps for itself.
const OwnMost = 5

// OwnDir is a directory that box keeps for itself.
type OwnDir struct {
	Path string // "" if it has none
	Kind OwnKind
	// Brought is Path without links if something in the tree brings a directory above it, as found by mounts.Compile: it has to
	// exist then. Else it is "".
	Brought string
}

// OwnKind says what sandboxes may do with a directory of box's.
type OwnKind uint8

// The kinds. Closed and Secret are covered where something else brings them; Secret can't be brought by a flag that names it, or
// what is in it, either. Fixed can be read.
const (
	Closed OwnKind = iota
	Secret
	Fixed
)

// IDs says who the command believes to be, see user_namespaces(7).
type IDs struct {
	UID, GID uint32 // the ids inside
	Given    bool   // somebody else writes the maps while the sandbox awaits the parent's acts
	Ranges   bool   // map the caller's subordinate ids as well, with newuidmap(1) and newgidmap(1)
	Origin   Origin
}

// Filter is one seccomp program for the command.
type Filter struct {
	Policy  string // the name of a built-in policy, or empty
	Program []byte // a raw struct sock_filter[] if Policy is empty
	Origin  Origin
	Refuses Refusals // what it is known to refuse: another layer may then be missing
	Ask     bool     // what it refuses, the monitor is asked about: it notes it, and refuses it
}

// Refusals is a set of things that a filter refuses.
type Refusals uint8

// What a filter can be relied on to refuse.
const (
	NewUserns Refusals = 1 << iota // clone(2) and unshare(2) with CLONE_NEWUSER
	Keyrings                       // keyctl(2), add_key(2), request_key(2)
	Fanotify                       // fanotify_init(2)
)

// Refused reports whether one of the filters refuses all of what.
func (s *Spec) Refused(what Refusals) bool {
	for i := range s.Filters {
		if s.Filters[i].Refuses&what == what {
			return true
		}
	}
	return false
}

// Command is what runs inside. All of it is final: nothing is expanded or looked up later, but for the search of
// File in the PATH of Env.
type Command struct {
	Argv   []string
	File   string   // what is executed
	Env    []string // NAME=value
	Dir    string   // the working directory, as the sandbox sees it
	Dirs   []string // if Dir is empty: the first of these that can be entered, and PWD in Env is set to it
	Origin Origin   // of Dir, if a flag gave it

	CallersPath string // the caller's own PATH, to say where a missing command is
}

// Session says which session, see setsid(2), the command is in.
type Session uint8

// The sessions. Both that are not the caller's are begun by pid 1. SandboxSession has the command as its foreground job, in a
// process group of its own; in CommandSession it is in the group of pid 1.
const (
	SandboxSession Session = iota
	CallerSession
	CommandSession
)

// Life says how the sandbox lives with its caller, and what of the caller's state the command gets. The zero value is
// the strictest.
type Life struct {
	Session Session
	Direct  bool     // no pid 1 of box's own: the command takes its place
	Await   bool     // wait for the parent's acts, even if the plan itself has none
	Open    bool     // the caller can enter the namespaces of pid 1 by its id, and whoever has that user's rights can trace it
	Block   FD       // is read once before the command is executed
	Sync    []int    // descriptors that stay open in pid 1
	Locks   []string // files in the sandbox that pid 1 locks for reading as long as it lives
	KeepAll bool     // the command inherits all descriptors but those of Close, and Sync if there is a pid 1
	Close   []int
	Keyring bool // the command keeps the caller's session keyring

	Depart bool // with Join.Box: pid 1 ends when the command has been executed, which is left to the pid 1 of the namespace

	// Lasts is a descriptor of a process, with Depart where the pid namespace is not the sandbox's alone: pid 1 stays, and ends
	// with that process, and what it has started with it. 0 if there is no such process.
	Lasts int

	LeaveDescendants bool // what the command leaves behind outlives it, and the monitor
	TellExec         bool // tell the parent right before the command is executed, so that it knows what a status is of

	// Stderr is a descriptor that takes the place of 2 for pid 1 and the command, but not for the net process; 0: they keep 2.
	Stderr int

	Named bool // the box has a name: pid 1 hands its namespaces out, and tells when the command has been executed

	OutliveParent bool    // do not end when the caller ends
	Caller        int     // the caller's process id as it was when the program began; 0 if nobody has looked
	TTY           [3]bool // which of the descriptors 0, 1, 2 become a terminal of the sandbox's own
	Front         bool    // the command begins as the foreground job of that terminal
	Umask         uint32  // the caller's file mode creation mask
	Keep          []int   // descriptors that the command inherits, besides 0, 1 and 2; ascending
	Stdio         [3]Description
	Kept          []Description // what the descriptors of Keep are
	Ignored       uint64        // the signals that the caller ignores, bit 0 being signal 1
	Blocked       uint64        // the signals that the caller blocks
	CPUs          []byte        // the caller's affinity mask, see sched_setaffinity(2); empty leaves it
	Words         Area          // the caller's memory that holds arguments and environment
}

// Guarded reports whether pid 1 has to load the command's filters as well: the command can trace it, and could do
// through it what they refuse.
func (s *Spec) Guarded() bool { return s.Life.Open && !s.Life.Direct && len(s.Filters) > 0 }

// Description is what an inherited descriptor has open, see open(2), open file description.
type Description struct {
	Kind          FileKind
	Reads, Writes bool // as it was opened
	Fixed         bool // a directory on a mount that is read-only
}

// FileKind is the kind of a file that a descriptor has open.
type FileKind uint8

// The kinds that matter here. The zero value is no file: the descriptor is closed. OtherFile is a socket, or has no path.
const (
	NoFile FileKind = iota
	OtherFile
	RegularFile
	DirectoryFile
	DeviceFile
	FifoFile
)

// Area is a piece of memory: pid 1 clears it, because /proc/1/cmdline shows it.
type Area struct{ Start, Size uintptr }

// Limits bounds what the command can use up, see getrlimit(2).
type Limits struct {
	Cores     bool   // core dumps as the caller has them
	Processes uint64 // counted in the sandbox's own user namespace; 0 leaves the caller's limit
	Signals   uint64 // queued signals and timers, which the caller's user has together; 0 leaves the caller's limit
	Queues    uint64 // bytes in message queues, the same
	Quarter   bool   // at most a quarter of the inotify instances and the like that the caller's user may have
	Files     uint64 // descriptors; 0 leaves the limit of the process that starts the sandbox
	FilesMax  uint64 // the hard limit for them
}

// New returns a Spec with every namespace, no nested user namespaces and the default limits.
func New() *Spec {
	s := Plain()
	return &s
}

// Plain is New by value.
func Plain() Spec {
	return Spec{New: All, Limits: Limits{Processes: 4096, Signals: 1024, Queues: 256 << 10, Quarter: true}}
}

// Origin is where a wish came from: the words of a command line, or a sentence for what box adds by itself.
// It keeps the words as they are; String joins them when somebody asks.
type Origin struct {
	Words []string
	Note  string
}

// String returns the words as a user would type them, or the note.
func (o Origin) String() string {
	if len(o.Words) == 0 {
		return o.Note
	}
	return Quote(o.Words)
}
