package native

// Flag is one word that begins with a dash. This table is the reference manual
// of box: the scanner, --help and the man page read it. The order of the table
// has no meaning for the scanner: find goes through all of it.
type Flag struct {
	Name string // as it is typed
	Args string // the arguments that must follow: their number, and their names in --help and in errors
	// Group is the title of --help that the flag stands under, one of Groups.
	Group string
	// Help is one line. --help and the man page print it.
	Help string
	// Do has the effect of the flag. words are those of Args, without the flag
	// itself. It is nil for what the scanner does by itself: --args, --help and
	// --version.
	Do func(*Line, []string) error
}

// The groups of --help, in order. Each is both the title and the key by which a
// Flag names its group.
const (
	groupFiles = "Files (in order; a later one covers an earlier one)"
	groupView  = "Files that no flag names"
	groupNS    = "Namespaces and ids (all are the sandbox's own unless shared)"
	groupNet   = "Network (none, unless one of these is given)"
	groupEnv   = "Environment"
	groupLife  = "Process"
	groupBox   = "Boxes: sandboxes with a name"
	groupSys   = "System calls"
	groupLook  = "Inspection"
)

// Groups are in the order of --help. A group that is missing here would be
// missing in --help.
var Groups = [...]string{groupFiles, groupView, groupNS, groupNet, groupEnv, groupLife, groupBox, groupSys, groupLook}

// Flags are in the order of the help. All options of bubblewrap are here, but
// for --level-prefix and --not-a-security-boundary. Some of them do nothing, or
// take back what is the default anyway: a command line of bubblewrap's can so
// be moved to box word by word.
var Flags = [...]Flag{
	{"--ro-bind", "SRC DEST", groupFiles, "Bind SRC of the host at DEST, read-only", (*Line).roBind},
	{"--ro-bind-try", "SRC DEST", groupFiles, "The same, if SRC exists", (*Line).roBindTry},
	{"--bind", "SRC DEST", groupFiles, "Bind SRC of the host at DEST, writable", (*Line).bind},
	{"--bind-try", "SRC DEST", groupFiles, "The same, if SRC exists", (*Line).bindTry},
	{"--dev-bind", "SRC DEST", groupFiles, "Bind SRC of the host at DEST, writable, devices work", (*Line).devBind},
	{"--dev-bind-try", "SRC DEST", groupFiles, "The same, if SRC exists", (*Line).devBindTry},
	{"--bind-fd", "FD DEST", groupFiles, "Bind what descriptor FD names at DEST, writable", (*Line).bindFD},
	{"--ro-bind-fd", "FD DEST", groupFiles, "The same, read-only", (*Line).roBindFD},
	{"--overlay-src", "SRC", groupFiles, "A layer of the next overlay; the first is the lowest", (*Line).overlaySrc},
	{"--overlay", "UPPER WORK DEST", groupFiles, "The layers as one at DEST, writes go to UPPER", (*Line).overlay},
	{"--tmp-overlay", "DEST", groupFiles, "The layers as one at DEST, writes go to memory", (*Line).tmpOverlay},
	{"--ro-overlay", "DEST", groupFiles, "The layers as one at DEST, read-only", (*Line).roOverlay},
	{"--tmpfs", "DEST", groupFiles, "An empty writable directory in memory", (*Line).tmpfs},
	{"--size", "BYTES", groupFiles, "Size of the next --tmpfs", (*Line).size},
	{"--perms", "OCTAL", groupFiles, "Mode of what the next flag makes", (*Line).perms},
	{"--dir", "DEST", groupFiles, "Make a directory, if there is none", (*Line).dir},
	{"--file", "FD DEST", groupFiles, "Make a file with the content of descriptor FD", (*Line).file},
	{"--bind-data", "FD DEST", groupFiles, "Bind such a file, so that it can't be removed", (*Line).bindData},
	{"--ro-bind-data", "FD DEST", groupFiles, "The same, read-only", (*Line).roBindData},
	{"--symlink", "TARGET DEST", groupFiles, "Make a symbolic link to TARGET", (*Line).symlink},
	{"--chmod", "OCTAL PATH", groupFiles, "Set the mode of what is at PATH", (*Line).chmod},
	{"--remount-ro", "DEST", groupFiles, "Make the mount at DEST read-only", (*Line).remountRO},
	{"--proc", "DEST", groupFiles, "Mount a procfs of the sandbox's own processes", (*Line).proc},
	{"--dev", "DEST", groupFiles, "Mount a minimal /dev", (*Line).dev},
	{"--mqueue", "DEST", groupFiles, "Mount POSIX message queues", (*Line).mqueue},

	{"-w", "", groupView, "Make the project writable: the checkout of the working directory, or that itself", (*Line).writable},
	{"--scratch", "[=DIR]", groupView, "Let the command write in a copy of the project, in memory or in DIR", (*Line).scratch},
	{"--allow-new", "NAME", groupView, "Let NAME (.git, .envrc, ...) appear with -w", (*Line).allowNew},
	{"--project", "DIR", groupView, "Make DIR the project, instead of the checkout", (*Line).projectDir},
	{"-B", "SRC[:DEST]", groupView, "Bind SRC of the host beside the base view, read-only", (*Line).besideRO},
	{"-W", "SRC[:DEST]", groupView, "The same, writable", (*Line).besideWritable},
	{"-v", "SRC:DEST[:ro]", groupView, "The same, writable without ro; or SRC is the name of a volume", (*Line).volume},
	{"--volume", "SRC:DEST[:ro]", groupView, "As -v", (*Line).volume},
	{"--base", "full|none", groupView, "Add the base view, or not even /proc, /dev and /tmp", (*Line).base},

	{"--share-pid", "", groupNS, "See the caller's processes", (*Line).sharePID},
	{"--share-ipc", "", groupNS, "Use the caller's System V IPC and message queues", (*Line).shareIPC},
	{"--share-uts", "", groupNS, "Use the caller's host name", (*Line).shareUTS},
	{"--pid", "box:NAME", groupNS, "See the processes of a box that is up, and end with it", (*Line).pidOf},
	{"--ipc", "box:NAME", groupNS, "Use System V IPC and message queues of a box that is up", (*Line).ipcOf},
	{"--uts", "host|box:NAME", groupNS, "Use the caller's host name, or that of a box that is up", (*Line).utsOf},
	{"--share-cgroup", "", groupNS, "See the caller's cgroups", (*Line).shareCgroup},
	{"--share-user", "", groupNS, "Use the caller's user namespace (root only)", (*Line).shareUser},
	{"--unshare-all", "", groupNS, "Take back what was shared: all namespaces are new", (*Line).unshareAll},
	{"--unshare-pid", "", groupNS, "Take back --share-pid", (*Line).unsharePID},
	{"--unshare-ipc", "", groupNS, "Take back --share-ipc", (*Line).unshareIPC},
	{"--unshare-uts", "", groupNS, "Take back --share-uts", (*Line).unshareUTS},
	{"--unshare-cgroup", "", groupNS, "Take back --share-cgroup", (*Line).unshareCgroup},
	{"--unshare-user", "", groupNS, "Take back --share-user", (*Line).unshareUser},
	{"--nested-userns", "", groupNS, "Let the command make namespaces of its own", (*Line).nestedUserns},
	{"--disable-userns", "", groupNS, "Take back --nested-userns", (*Line).disableUserns},
	{"--assert-userns-disabled", "", groupNS, "Start only if the command can't make user namespaces", (*Line).assertUserns},
	{"--unshare-user-try", "", groupNS, "As --unshare-user", (*Line).unshareUser},
	{"--unshare-cgroup-try", "", groupNS, "As --unshare-cgroup", (*Line).unshareCgroup},
	{"--userns", "FD", groupNS, "Enter the user namespace FD instead of making one", (*Line).joinUser},
	{"--userns2", "FD", groupNS, "Enter the user namespace FD after everything else is made", (*Line).joinLast},
	{"--pidns", "FD", groupNS, "Make the sandbox in the pid namespace FD, or below it", (*Line).joinPID},
	{"--userns-block-fd", "FD", groupNS, "Wait for FD while somebody else writes the id maps", (*Line).usernsBlockFD},
	{"--uid", "N", groupNS, "User id inside; the caller's by default", (*Line).uid},
	{"--gid", "N", groupNS, "Group id inside; the caller's by default", (*Line).gid},
	{"--map-ids", "auto|single", groupNS, "Map the caller's subordinate ids too (newuidmap, newgidmap)", (*Line).mapIDs},
	{"--hostname", "NAME", groupNS, "Host name inside; it is box by default", (*Line).hostname},

	{"--allow", "NAME[:PORT]", groupNet, "Reach NAME, *.NAME, *, ADDR:PORT, NET/BITS:PORT, host:PORT, @GROUP", (*Line).allow},
	{"--deny", "NAME", groupNet, "Don't reach NAME, whatever --allow says", (*Line).deny},
	{"--publish", "PORT:PORT", groupNet, "Let others reach a TCP port of the sandbox: [ADDR:]OUTSIDE:INSIDE", (*Line).publish},
	{"--net", "MODE", groupNet, "What is reached: none, names (what is allowed), host, or that of box:NAME", (*Line).netMode},
	{"--add-host", "NAME:ADDR", groupNet, "Give NAME an address in /etc/hosts: what is reached stays the same", (*Line).addHost},
	{"--net-log", "FILE|-", groupNet, "Note each connection in FILE, as JSON; - is standard error", (*Line).netLog},
	{"--share-net", "", groupNet, "As --net host", (*Line).shareNet},
	{"--unshare-net", "", groupNet, "Take back --share-net", (*Line).unshareNet},

	{"-e", "NAME[=VALUE]", groupEnv, "Set a variable, or pass the caller's", (*Line).env1},
	{"--env-file", "FILE", groupEnv, "The same for each line of FILE; # begins a comment", (*Line).envFile},
	{"--setenv", "NAME VALUE", groupEnv, "Set a variable", (*Line).setenv},
	{"--unsetenv", "NAME", groupEnv, "Remove a variable", (*Line).unsetenv},
	{"--clearenv", "", groupEnv, "Remove all variables", (*Line).clearenv},
	{"--env-pass", "GLOB", groupEnv, "Pass the variables of the caller that match GLOB", (*Line).envPass},
	{"--chdir", "DIR", groupEnv, "Working directory inside", (*Line).chdir},

	{"-d", "", groupBox, "Run it in the background: print its number when it has started, and end", (*Line).detach},
	{"--detach", "", groupBox, "As -d", (*Line).detach},
	{"--name", "NAME", groupBox, "Give the sandbox a name: box ps, stop, kill and others know it by that", (*Line).boxName},
	{"--rm", "", groupBox, "Forget it when it ends: its log and how it ended", (*Line).removeAfter},
	{"--replace", "", groupBox, "End and forget the box that has the name", (*Line).replace},
	{"-i", "", groupBox, "With -d: keep the input open, for box attach", (*Line).interactive},
	{"-t", "", groupBox, "With -d: a terminal of its own, for box attach; without, it has one if the caller has", (*Line).tty},
	{"--stop-signal", "SIGNAL", groupBox, "What box stop sends; it is TERM by default", (*Line).stopSignal},
	{"--log", "SIZE|none", groupBox, "Size of each of the two files of the log; it is 8M by default", (*Line).logSize},
	{"--restart", "WHEN", groupBox, "With -d: start it again when it ends: no, on-failure[:N], always", (*Line).restart},
	{"--time", "DURATION", groupBox, "Send TERM after so long (90s, 5m, 2h), and KILL 10 s later: status 124", (*Line).timeLimit},

	{"--die-with-parent", "", groupLife, "End when the caller ends (the default)", (*Line).dieWithParent},
	{"--outlive-parent", "", groupLife, "Do not end when the caller ends", (*Line).outliveParent},
	{"--new-session", "", groupLife, "No effect: a sandbox always has a session of its own", (*Line).newSession},
	{"--pty", "auto|off", groupLife, "A terminal of its own if there is one (auto), or the caller's", (*Line).pty},
	{"--as-pid-1", "", groupLife, "Make the command itself pid 1 of the sandbox", (*Line).asPID1},
	{"--argv0", "NAME", groupLife, "Set argv[0] of the command", (*Line).argv0Flag},
	{"--cap-add", "CAP", groupLife, "Let the command have a capability in its own namespaces; ALL is all", (*Line).capAdd},
	{"--cap-drop", "CAP", groupLife, "Take back --cap-add", (*Line).capDrop},
	{"--exec-label", "CONTEXT", groupLife, "SELinux context of the command", (*Line).execLabel},
	{"--file-label", "CONTEXT", groupLife, "SELinux context of what box makes", (*Line).fileLabel},
	{"--info-fd", "FD", groupLife, "Write the process id and the namespaces of the sandbox to FD, as JSON", (*Line).infoFD},
	{"--json-status-fd", "FD", groupLife, "The same, and the exit status when there is one", (*Line).jsonStatusFD},
	{"--block-fd", "FD", groupLife, "Wait for FD before the command starts", (*Line).blockFD},
	{"--sync-fd", "FD", groupLife, "Keep FD open as long as the sandbox lives", (*Line).syncFD},
	{"--lock-file", "PATH", groupLife, "Hold a read lock on PATH as long as the sandbox lives", (*Line).lockFile},
	{"--keep-fd", "N", groupLife, "Let the command inherit descriptor N", (*Line).keepFD},
	{"--require", "landlock|guard", groupLife, "Start only with Landlock (Linux 5.19), or a watched project", (*Line).require},
	{"--args", "FD", groupLife, "Read further flags from descriptor FD, each ended by a NUL", nil},

	{"--seccomp-policy", "NAME|FILE", groupSys, "Use another policy; box seccomp ls lists those that have a name", (*Line).policy},
	{"--allow-32bit", "", groupSys, "Let the command make the calls of i386, under the same policy", (*Line).allow32bit},
	{"--allow-debug", "", groupSys, "Let the command trace processes, for strace and gdb", (*Line).allowDebug},
	{"--allow-setid", "", groupSys, "Let the command make set-user-ID and set-group-ID files", (*Line).allowSetid},
	{"--seccomp-log", "", groupSys, "Report at the end which calls were refused, and what would allow them", (*Line).seccompLog},
	{"--seccomp", "FD", groupSys, "Load a raw BPF program as well; the last one counts", (*Line).seccomp},
	{"--add-seccomp-fd", "FD", groupSys, "Load a raw BPF program as well; all of them count", (*Line).addSeccomp},

	{"--dry-run", "", groupLook, "Print the plan, call by call, and run nothing", (*Line).dryRun},
	{"--print-bwrap", "", groupLook, "Print the same for bubblewrap, and run nothing", (*Line).printBwrap},
	{"--help", "", groupLook, "Print this help", nil},
	{"--version", "", groupLook, "Print the version", nil},
}

// Words returns how many words must follow the flag. [=VALUE] is a part of the
// flag's own word.
func (f *Flag) Words() (n int) {
	for i := range len(f.Args) {
		if i == 0 && f.Args[0] != '[' || f.Args[i] == ' ' {
			n++
		}
	}
	return n
}

// takesDescriptor reports whether the flag names a descriptor of the caller's.
func (f *Flag) takesDescriptor() bool {
	return len(f.Args) >= 2 && f.Args[:2] == "FD" || f.Name == "--keep-fd"
}

// Title returns a flag with its arguments, as it is typed.
func (f *Flag) Title() string {
	if f.Args != "" && f.Args[0] == '[' {
		return f.Name + f.Args
	}
	return f.Name + " " + f.Args
}

// find returns the flag that is typed as word, or nil. A map would need the Go
// runtime, which has not begun. The table is short enough to be gone through.
func find(word string) *Flag {
	for i := range Flags {
		if Flags[i].Name == word {
			return &Flags[i]
		}
	}
	return nil
}
