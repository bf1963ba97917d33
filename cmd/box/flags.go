package main

// flag is one word that begins with a dash. This table is the reference manual of box: the scanner, --help and the man
// page read it.
type flag struct {
	name  string // as it is typed
	args  string // the words that must follow: their number, and their names in --help and in errors
	group string
	help  string
	do    func(*build, []string) error // words are those of args
}

// The groups of --help, in order.
const (
	groupFiles = "Files (in order; a later one covers an earlier one)"
	groupView  = "Files that no flag names"
	groupNS    = "Namespaces and ids (all are the sandbox's own unless shared)"
	groupEnv   = "Environment"
	groupLife  = "Process"
	groupSys   = "System calls"
	groupLook  = "Inspection"
)

var groups = [...]string{groupFiles, groupView, groupNS, groupEnv, groupLife, groupSys, groupLook}

var flags = [...]flag{
	{"--ro-bind", "SRC DEST", groupFiles, "Bind SRC of the host at DEST, read-only", (*build).roBind},
	{"--ro-bind-try", "SRC DEST", groupFiles, "The same, if SRC exists", (*build).roBindTry},
	{"--bind", "SRC DEST", groupFiles, "Bind SRC of the host at DEST, writable", (*build).bind},
	{"--bind-try", "SRC DEST", groupFiles, "The same, if SRC exists", (*build).bindTry},
	{"--dev-bind", "SRC DEST", groupFiles, "Bind SRC of the host at DEST, writable, devices work", (*build).devBind},
	{"--dev-bind-try", "SRC DEST", groupFiles, "The same, if SRC exists", (*build).devBindTry},
	{"--bind-fd", "FD DEST", groupFiles, "Bind what descriptor FD names at DEST, writable", (*build).bindFD},
	{"--ro-bind-fd", "FD DEST", groupFiles, "The same, read-only", (*build).roBindFD},
	{"--overlay-src", "SRC", groupFiles, "A layer of the next overlay; the first is the lowest", (*build).overlaySrc},
	{"--overlay", "UPPER WORK DEST", groupFiles, "The layers as one at DEST, writes go to UPPER", (*build).overlay},
	{"--tmp-overlay", "DEST", groupFiles, "The layers as one at DEST, writes go to memory", (*build).tmpOverlay},
	{"--ro-overlay", "DEST", groupFiles, "The layers as one at DEST, read-only", (*build).roOverlay},
	{"--tmpfs", "DEST", groupFiles, "An empty writable directory in memory", (*build).tmpfs},
	{"--size", "BYTES", groupFiles, "Size of the next --tmpfs", (*build).size},
	{"--perms", "OCTAL", groupFiles, "Mode of what the next flag makes", (*build).perms},
	{"--dir", "DEST", groupFiles, "Make a directory, if there is none", (*build).dir},
	{"--file", "FD DEST", groupFiles, "Make a file with the content of descriptor FD", (*build).file},
	{"--bind-data", "FD DEST", groupFiles, "Bind such a file, so that it can't be removed", (*build).bindData},
	{"--ro-bind-data", "FD DEST", groupFiles, "The same, read-only", (*build).roBindData},
	{"--symlink", "TARGET DEST", groupFiles, "Make a symbolic link to TARGET", (*build).symlink},
	{"--chmod", "OCTAL PATH", groupFiles, "Set the mode of what is at PATH", (*build).chmod},
	{"--remount-ro", "DEST", groupFiles, "Make the mount at DEST read-only", (*build).remountRO},
	{"--proc", "DEST", groupFiles, "Mount a procfs of the sandbox's own processes", (*build).proc},
	{"--dev", "DEST", groupFiles, "Mount a minimal /dev", (*build).dev},
	{"--mqueue", "DEST", groupFiles, "Mount POSIX message queues", (*build).mqueue},

	{"-w", "", groupView, "Make the working directory writable (without a file flag)", (*build).writable},
	{"--base", "full|none", groupView, "Add the base view, or not even /proc, /dev and /tmp", (*build).base},

	{"--share-net", "", groupNS, "Use the caller's network", (*build).shareNet},
	{"--share-pid", "", groupNS, "See the caller's processes", (*build).sharePID},
	{"--share-ipc", "", groupNS, "Use the caller's System V IPC and message queues", (*build).shareIPC},
	{"--share-uts", "", groupNS, "Use the caller's host name", (*build).shareUTS},
	{"--share-cgroup", "", groupNS, "See the caller's cgroups", (*build).shareCgroup},
	{"--share-user", "", groupNS, "Use the caller's user namespace (root only)", (*build).shareUser},
	{"--unshare-all", "", groupNS, "Take back what was shared: all namespaces are new", (*build).unshareAll},
	{"--unshare-net", "", groupNS, "Take back --share-net", (*build).unshareNet},
	{"--unshare-pid", "", groupNS, "Take back --share-pid", (*build).unsharePID},
	{"--unshare-ipc", "", groupNS, "Take back --share-ipc", (*build).unshareIPC},
	{"--unshare-uts", "", groupNS, "Take back --share-uts", (*build).unshareUTS},
	{"--unshare-cgroup", "", groupNS, "Take back --share-cgroup", (*build).unshareCgroup},
	{"--unshare-user", "", groupNS, "Take back --share-user", (*build).unshareUser},
	{"--nested-userns", "", groupNS, "Let the command make namespaces of its own", (*build).nestedUserns},
	{"--disable-userns", "", groupNS, "Take back --nested-userns", (*build).disableUserns},
	{"--assert-userns-disabled", "", groupNS, "Start only if the command can't make user namespaces", (*build).assertUserns},
	{"--unshare-user-try", "", groupNS, "As --unshare-user", (*build).unshareUser},
	{"--unshare-cgroup-try", "", groupNS, "As --unshare-cgroup", (*build).unshareCgroup},
	{"--userns", "FD", groupNS, "Enter the user namespace FD instead of making one", (*build).joinUser},
	{"--userns2", "FD", groupNS, "Enter the user namespace FD after everything else is made", (*build).joinLast},
	{"--pidns", "FD", groupNS, "Make the sandbox in the pid namespace FD, or below it", (*build).joinPID},
	{"--userns-block-fd", "FD", groupNS, "Wait for FD while somebody else writes the id maps", (*build).usernsBlockFD},
	{"--uid", "N", groupNS, "User id inside; the caller's by default", (*build).uid},
	{"--gid", "N", groupNS, "Group id inside; the caller's by default", (*build).gid},
	{"--map-ids", "auto|single", groupNS, "Map the caller's subordinate ids too (newuidmap, newgidmap)", (*build).mapIDs},
	{"--hostname", "NAME", groupNS, "Host name inside", (*build).hostname},

	{"--setenv", "NAME VALUE", groupEnv, "Set a variable", (*build).setenv},
	{"--unsetenv", "NAME", groupEnv, "Remove a variable", (*build).unsetenv},
	{"--clearenv", "", groupEnv, "Remove all variables", (*build).clearenv},
	{"--env-pass", "GLOB", groupEnv, "Pass the variables of the caller that match GLOB", (*build).envPass},
	{"--chdir", "DIR", groupEnv, "Working directory inside", (*build).chdir},

	{"--die-with-parent", "", groupLife, "End when the caller ends (the default)", (*build).dieWithParent},
	{"--outlive-parent", "", groupLife, "Do not end when the caller ends", (*build).outliveParent},
	{"--new-session", "", groupLife, "No effect: a sandbox always has a session of its own", (*build).newSession},
	{"--pty", "auto|off", groupLife, "A terminal of its own if there is one (auto), or the caller's", (*build).pty},
	{"--as-pid-1", "", groupLife, "Make the command itself pid 1 of the sandbox", (*build).asPID1},
	{"--argv0", "NAME", groupLife, "Set argv[0] of the command", (*build).argv0Flag},
	{"--cap-add", "CAP", groupLife, "Let the command have a capability in its own namespaces; ALL is all", (*build).capAdd},
	{"--cap-drop", "CAP", groupLife, "Take back --cap-add", (*build).capDrop},
	{"--exec-label", "CONTEXT", groupLife, "SELinux context of the command", (*build).execLabel},
	{"--file-label", "CONTEXT", groupLife, "SELinux context of what box makes", (*build).fileLabel},
	{"--info-fd", "FD", groupLife, "Write the process id and the namespaces of the sandbox to FD, as JSON", (*build).infoFD},
	{"--json-status-fd", "FD", groupLife, "The same, and the exit status when there is one", (*build).jsonStatusFD},
	{"--block-fd", "FD", groupLife, "Wait for FD before the command starts", (*build).blockFD},
	{"--sync-fd", "FD", groupLife, "Keep FD open as long as the sandbox lives", (*build).syncFD},
	{"--lock-file", "PATH", groupLife, "Hold a read lock on PATH as long as the sandbox lives", (*build).lockFile},
	{"--keep-fd", "N", groupLife, "Let the command inherit descriptor N", (*build).keepFD},
	{"--require", "landlock", groupLife, "Start only if the kernel has Landlock (Linux 5.19)", (*build).require},
	{"--args", "FD", groupLife, "Read further flags from descriptor FD, each ended by a NUL", nil},

	{"--seccomp-policy", "NAME|FILE", groupSys, "Use another policy; box seccomp ls lists those that have a name", (*build).policy},
	{"--allow-32bit", "", groupSys, "Let the command make the calls of i386, under the same policy", (*build).allow32bit},
	{"--allow-debug", "", groupSys, "Let the command trace processes, for strace and gdb", (*build).allowDebug},
	{"--allow-setid", "", groupSys, "Let the command make set-user-ID and set-group-ID files", (*build).allowSetid},
	{"--seccomp-log", "", groupSys, "Report at the end which calls were refused, and what would allow them", (*build).seccompLog},
	{"--seccomp", "FD", groupSys, "Load a raw BPF program as well; the last one counts", (*build).seccomp},
	{"--add-seccomp-fd", "FD", groupSys, "Load a raw BPF program as well; all of them count", (*build).addSeccomp},

	{"--dry-run", "", groupLook, "Print the plan, call by call, and run nothing", (*build).dryRun},
	{"--print-bwrap", "", groupLook, "Print the same for bubblewrap, and run nothing", (*build).printBwrap},
	{"--help", "", groupLook, "Print this help", nil},
	{"--version", "", groupLook, "Print the version", nil},
}

// find returns the flag that is typed as word, or nil.
func find(word string) *flag {
	for i := range flags {
		if flags[i].name == word {
			return &flags[i]
		}
	}
	return nil
}
