package plan

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// form is how a system call is printed: its name, and a letter for each argument.
//
//	f descriptor   s string   w data, its length is the next argument   d decimal   o octal   x hexadecimal
//	- left out     p string, left out if it is empty   v list of strings   h struct open_how
//	a struct mount_attr   l struct landlock_ruleset_attr   b struct landlock_path_beneath_attr
//	i struct sockaddr_in or sockaddr_in6
//	any other letter: an index of flagNames
type form struct {
	nr         uint16
	name, args string
}

var forms = [...]form{
	{unix.SYS_OPENAT, "openat", "fsO-"},
	{unix.SYS_OPENAT2, "openat2", "fsh-"},
	{unix.SYS_FCNTL, "fcntl", "f--"},
	{unix.SYS_READ, "read", "f--"},
	{unix.SYS_LSEEK, "lseek", "ffd"},
	{unix.SYS_CLOSE, "close", "f"},
	{unix.SYS_CLOSE_RANGE, "close_range", "ddR"},
	{unix.SYS_DUP3, "dup3", "fd-"},
	{unix.SYS_WRITE, "write", "fw-"},
	{unix.SYS_SENDFILE, "sendfile", "ff--"},
	{unix.SYS_MKDIRAT, "mkdirat", "fso"},
	{unix.SYS_MKNODAT, "mknodat", "fso-"},
	{unix.SYS_SYMLINKAT, "symlinkat", "sfs"},
	{unix.SYS_READLINKAT, "readlinkat", "fs--"},
	{unix.SYS_FCHMODAT, "fchmodat", "fso"},
	{unix.SYS_FCHDIR, "fchdir", "f"},
	{unix.SYS_CHDIR, "chdir", "s"},
	{unix.SYS_UMASK, "umask", "o"},
	{unix.SYS_MOUNT, "mount", "sssMs"},
	{unix.SYS_OPEN_TREE, "open_tree", "fsT"},
	{unix.SYS_MOUNT_SETATTR, "mount_setattr", "fsTa-"},
	{unix.SYS_MOVE_MOUNT, "move_mount", "f-fp-"},
	{unix.SYS_PIVOT_ROOT, "pivot_root", "ss"},
	{unix.SYS_UMOUNT2, "umount2", "sU"},
	{unix.SYS_FSOPEN, "fsopen", "s-"},
	{unix.SYS_FSCONFIG, "fsconfig", "fdss-"},
	{unix.SYS_FSMOUNT, "fsmount", "f-A"},
	{unix.SYS_UNSHARE, "unshare", "N"},
	{unix.SYS_PRCTL, "prctl", "Pd---"},
	{unix.SYS_CAPSET, "capset", "--"},
	{unix.SYS_SETGROUPS, "setgroups", "d-"},
	{unix.SYS_SETSID, "setsid", ""},
	{unix.SYS_GETPGID, "getpgid", "d"},
	{unix.SYS_SETPGID, "setpgid", "dd"},
	{unix.SYS_PRLIMIT64, "prlimit64", "-L2-"},
	{unix.SYS_SCHED_SETAFFINITY, "sched_setaffinity", "d--"},
	{unix.SYS_SETHOSTNAME, "sethostname", "w-"},
	{unix.SYS_KEYCTL, "keyctl", "K-"},
	{unix.SYS_RT_SIGACTION, "rt_sigaction", "S1--"},
	{unix.SYS_RT_SIGPROCMASK, "rt_sigprocmask", "-1--"},
	{unix.SYS_SIGNALFD4, "signalfd4", "-1--"},
	{unix.SYS_SECCOMP, "seccomp", "dd-"},
	{unix.SYS_LANDLOCK_CREATE_RULESET, "landlock_create_ruleset", "l--"},
	{unix.SYS_LANDLOCK_ADD_RULE, "landlock_add_rule", "f-b-"},
	{unix.SYS_LANDLOCK_RESTRICT_SELF, "landlock_restrict_self", "f-"},
	{unix.SYS_EXECVE, "execve", "sv-"},
	{unix.SYS_SOCKET, "socket", "D--"},
	{unix.SYS_IOCTL, "ioctl", "fI-"},
	{unix.SYS_SENDTO, "sendto", "f-----"},
	{unix.SYS_SENDMSG, "sendmsg", "f--"},
	{unix.SYS_SETSOCKOPT, "setsockopt", "fdd--"},
	{unix.SYS_BIND, "bind", "fi-"},
	{unix.SYS_LISTEN, "listen", "fd"},
	{unix.SYS_RECVFROM, "recvfrom", "f-----"},
	{unix.SYS_CLONE3, "clone3", ""},
	{unix.SYS_MMAP, "mmap", "-----"},
	{Fork, "clone", ""},
	{Poke, "store", "-f"},
	{Wipe, "wipe", "--"},
	{Same, "same", "----"},
	{Differ, "differ", "--"},
	{unix.SYS_STATX, "statx", "fs---"},
	{GiveUp, "give_up", ""},
	{Equal, "equal", "---"},
	{Fail, "fail", "d"},
	{Digits, "digits", "-f"},
	{Hop, "clone", "N"},
	{Claim, "claim", "fso-"},
	{State, "state_directory", "s-"},
	{Masked, "masked", "f"},
	{CloseRest, "close_rest", "-d"},
	{Guarded, "await_guard", ""},
	{Orphaned, "await_end_of_parent", ""},
	{Skip, "skip_unless", "df"},
	{Acked, "acked", "-s"},
	{unix.SYS_SETNS, "setns", "dN"},
	{unix.SYS_SETRESUID, "setresuid", "d--"},
	{unix.SYS_SETRESGID, "setresgid", "d--"},
}

type flagName struct {
	bit  uint64
	name string
}

// flagNames are the names of bits, or of values where a group is marked as such in valueGroups.
var flagNames = [128][]flagName{
	'M': {
		{unix.MS_RDONLY, "ro"},
		{unix.MS_NOSUID, "nosuid"},
		{unix.MS_NODEV, "nodev"},
		{unix.MS_NOEXEC, "noexec"},
		{unix.MS_BIND, "bind"},
		{unix.MS_REC, "rec"},
		{unix.MS_REMOUNT, "remount"},
		{unix.MS_SLAVE, "slave"},
	},
	'A': {
		{unix.MOUNT_ATTR_RDONLY, "ro"},
		{unix.MOUNT_ATTR_NOSUID, "nosuid"},
		{unix.MOUNT_ATTR_NODEV, "nodev"},
		{unix.MOUNT_ATTR_NOEXEC, "noexec"},
	},
	'O': {
		{unix.O_WRONLY, "write"},
		{unix.O_RDWR, "read-write"},
		{unix.O_CREAT, "create"},
		{unix.O_EXCL, "new"},
		{unix.O_TRUNC, "truncate"},
		{unix.O_PATH, "path"},
		{unix.O_DIRECTORY, "directory"},
		{unix.O_NOFOLLOW, "nofollow"},
		{unix.O_NONBLOCK, "nonblock"},
		{unix.O_NOCTTY, "noctty"},
		{unix.O_APPEND, "append"},
	},
	'T': {{unix.OPEN_TREE_CLONE, "clone"}, {unix.AT_RECURSIVE, "recursive"}, {unix.AT_EMPTY_PATH, "empty_path"}},
	'N': {
		{unix.CLONE_NEWUSER, "user"},
		{unix.CLONE_NEWPID, "pid"},
		{unix.CLONE_NEWNS, "mount"},
		{unix.CLONE_NEWNET, "net"},
		{unix.CLONE_NEWIPC, "ipc"},
		{unix.CLONE_NEWUTS, "uts"},
		{unix.CLONE_NEWCGROUP, "cgroup"},
	},
	'U': {{unix.MNT_DETACH, "detach"}},
	'R': {{unix.CLOSE_RANGE_CLOEXEC, "cloexec"}},
	'P': {
		{unix.PR_SET_PDEATHSIG, "pdeathsig"},
		{unix.PR_SET_DUMPABLE, "dumpable"},
		{unix.PR_CAPBSET_DROP, "capbset_drop"},
		{unix.PR_SET_NO_NEW_PRIVS, "no_new_privs"},
		{unix.PR_SET_SECCOMP, "seccomp"},
		{unix.PR_SET_SECUREBITS, "securebits"},
		{unix.PR_CAP_AMBIENT, "ambient_clear_all"},
		{unix.PR_SET_CHILD_SUBREAPER, "child_subreaper"},
	},
	'L': {
		{unix.RLIMIT_CORE, "core"},
		{unix.RLIMIT_NPROC, "nproc"},
		{unix.RLIMIT_SIGPENDING, "sigpending"},
		{unix.RLIMIT_MSGQUEUE, "msgqueue"},
		{unix.RLIMIT_NOFILE, "nofile"},
	},
	'K': {{unix.KEYCTL_JOIN_SESSION_KEYRING, "join_session_keyring"}},
	'D': {{unix.AF_INET, "inet"}, {unix.AF_INET6, "inet6"}, {unix.AF_NETLINK, "netlink"}, {unix.AF_PACKET, "packet"}},
	'B': {{unix.LANDLOCK_ACCESS_NET_BIND_TCP, "bind_tcp"}, {unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, "connect_tcp"}},
	'E': {{unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, "abstract_unix_socket"}, {unix.LANDLOCK_SCOPE_SIGNAL, "signal"}},
	'F': {
		{unix.LANDLOCK_ACCESS_FS_EXECUTE, "execute"},
		{unix.LANDLOCK_ACCESS_FS_READ_FILE, "read_file"},
		{unix.LANDLOCK_ACCESS_FS_READ_DIR, "read_dir"},
		{unix.LANDLOCK_ACCESS_FS_WRITE_FILE, "write_file"},
		{unix.LANDLOCK_ACCESS_FS_TRUNCATE, "truncate"},
		{unix.LANDLOCK_ACCESS_FS_IOCTL_DEV, "ioctl_dev"},
		{unix.LANDLOCK_ACCESS_FS_MAKE_REG, "make_and_remove"},
	},
	'I': {
		{unix.SIOCSIFFLAGS, "siocsifflags lo up"},
		{unix.TIOCSCTTY, "tiocsctty"},
		{unix.TIOCSPGRP, "tiocspgrp"},
		{unix.TIOCSPTLCK, "tiocsptlck"},
		{unix.TIOCGPTPEER, "tiocgptpeer"},
		{unix.TIOCSWINSZ, "tiocswinsz"},
		{unix.TCSETS, "tcsets"},
	},
}

// valueGroups are the groups of flagNames whose numbers are values and not bits.
const valueGroups = "PLKDI"

// Name returns the name of the system call.
func (c *Call) Name() string {
	return c.form().name
}

// form returns how the call is printed.
func (c *Call) form() form {
	for _, f := range forms {
		if f.nr == c.Nr {
			return f
		}
	}
	return form{name: "syscall " + strconv.Itoa(int(c.Nr)), args: "xxxxxx"}
}

// Path returns the first path among the call's arguments, or "".
func (c *Call) Path() string {
	if i := strings.IndexByte(c.form().args, 's'); i >= 0 {
		return text(c.Args[i])
	}
	return ""
}

// String returns the call as one line: mkdirat(root, "usr", 0755).
func (c *Call) String() string {
	var line strings.Builder
	if c.When == Done {
		line.WriteString("if done: ")
	} else if c.When != 0 {
		fmt.Fprintf(&line, "if %s: ", unix.ErrnoName(unix.Errno(c.When)))
	}
	line.WriteString(c.Name())
	line.WriteByte('(')
	first := true
	for i, kind := range []byte(c.form().args) {
		if kind == '-' || kind == 'p' && text(c.Args[i]) == "" {
			continue
		}
		if !first {
			line.WriteString(", ")
		}
		first = false
		line.WriteString(c.argument(i, kind))
	}
	line.WriteByte(')')
	if c.Out != None {
		line.WriteString(" = " + c.Out.String())
	}
	return line.String()
}

// argument returns argument i in the way that kind says.
func (c *Call) argument(i int, kind byte) string {
	v := c.Args[i]
	if r := c.In[i]; r != None {
		return r.String()
	}
	switch kind {
	case 'f':
		if v == atFDCWD {
			return "cwd"
		}
		return strconv.Itoa(int(v))
	case 'd':
		return strconv.FormatInt(int64(int32(uint32(v))), 10)
	case 'o':
		return fmt.Sprintf("%#04o", v&0o7777)
	case 's', 'p':
		if v == 0 {
			return "none"
		}
		return strconv.Quote(text(v))
	case 'w':
		return dataText(memory(v, int(c.Args[i+1])))
	case 'v':
		return spaced(list(v))
	case 'O':
		if v&^unix.O_CLOEXEC == 0 {
			return "read"
		}
	case 'x':
		return fmt.Sprintf("%#x", v)
	case 'h', 'a', 'l', '1', '2':
		return structText(v, kind)
	case 'b':
		return c.ruleText(words64(v, 2))
	case 'i':
		return addressText(memory(v, int(c.Args[i+1])))
	case 'S':
		return unix.SignalName(unix.Signal(v))
	}
	return names(kind, uint64(v))
}

// structText returns what of a structure at an address is printed.
func structText(v uintptr, kind byte) string {
	switch kind {
	case 'h':
		return names('O', words64(v, 1)[0])
	case 'a':
		w := words64(v, 2)
		if w[0] == 0 && w[1] != 0 {
			return "not " + names('A', w[1])
		}
		return names('A', w[0])
	case 'l':
		return rulesetText(words64(v, 3))
	case '2':
		w := words64(v, 2)
		return limitText(w[0]) + ":" + limitText(w[1])
	}
	return fmt.Sprintf("%#x", words64(v, 1)[0])
}

// String returns the register's name.
func (r Reg) String() string {
	switch fixed := [...]string{
		None: "none", Status: "status", Peer: "peer", Proc: "proc", Root: "root", Base: "base", Tty: "tty", Reaper: "reaper",
		Caller: "caller", Flag: "flag", Net: "net",
	}; {
	case r == Cwd:
		return "cwd"
	case int(r) < len(fixed):
		return fixed[r]
	}
	return "r" + strconv.Itoa(int(r-firstFree))
}

// FlagsText names CLONE_NEW* flags.
func FlagsText(flags uint64) string { return names('N', flags) }

// names returns the names of the bits, or of the value, in group.
func names(group byte, v uint64) string {
	var found []string
	for _, n := range flagNames[group] {
		switch {
		case strings.IndexByte(valueGroups, group) >= 0:
			if v == n.bit {
				return n.name
			}
		case v&n.bit != 0:
			found = append(found, n.name)
		}
	}
	if len(found) == 0 {
		return strconv.FormatUint(v, 10)
	}
	return strings.Join(found, "|")
}

func limitText(v uint64) string {
	if v == unix.RLIM_INFINITY {
		return "unlimited"
	}
	return strconv.FormatUint(v, 10)
}

// dataText quotes data, shortened.
func dataText(data []byte) string {
	const most = 60
	if len(data) <= most {
		return strconv.Quote(string(data))
	}
	return fmt.Sprintf("%q… (%d bytes)", data[:most], len(data))
}

func spaced(words []string) string {
	for i, w := range words {
		words[i] = strconv.Quote(w)
	}
	return "[" + strings.Join(words, " ") + "]"
}

// Read returns the string at an address that the Builder has handed out.
func (b *Builder) Read(at Ptr) string { return text(uintptr(at)) }

// memory returns n bytes at an address that the Builder has handed out.
func memory(address uintptr, n int) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&address)), n)
}

func words64(address uintptr, n int) []uint64 {
	return unsafe.Slice(*(**uint64)(unsafe.Pointer(&address)), n)
}

// text returns the string at an address that the Builder has handed out.
func text(address uintptr) string {
	if address == 0 {
		return ""
	}
	return unix.BytePtrToString(*(**byte)(unsafe.Pointer(&address)))
}

func list(address uintptr) []string {
	var found []string
	for ; ; address += unsafe.Sizeof(address) {
		s := *(*uintptr)(*(*unsafe.Pointer)(unsafe.Pointer(&address)))
		if s == 0 {
			return found
		}
		found = append(found, text(s))
	}
}
