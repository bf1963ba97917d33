package bwrap

// Option is an option of bubblewrap: how many arguments it takes, and how it
// says that one is missing.
type Option struct {
	// Name is the option as it is typed. --option=value is not a form of
	// bubblewrap's.
	Name string
	// Words is the number of arguments, which are taken whatever they look
	// like.
	Words int
	// Takes is how the message for a missing argument ends. bubblewrap says "an
	// argument" for some and "one argument" for others, and its texts are kept.
	Takes string
	// OnlyLast says that the option, given again, takes the place of what was
	// given before, with a warning.
	OnlyLast bool
	// Paths says which arguments may not be empty: bit n is argument n.
	Paths uint8
	// Do has the effect of the option. words begin with the option itself. It
	// is nil for --args, which parse does by itself.
	Do func(*Line, []string) error
}

// The arguments that are paths.
const (
	first  = 1 << 1
	second = 1 << 2
	third  = 1 << 3
)

// Options are the options of bubblewrap 0.13.1. --help, --version and "--" are
// none of them: they end the line, and parse knows them. The order is of no
// meaning.
var Options = [...]Option{
	{"--args", 1, "an argument", false, 0, nil},
	{"--argv0", 1, "one argument", false, 0, (*Line).argv0Option},
	{"--level-prefix", 0, "", false, 0, (*Line).levelPrefix},
	{"--unshare-all", 0, "", false, 0, (*Line).unshareAll},
	{"--share-net", 0, "", false, 0, (*Line).shareNet},
	{"--unshare-user", 0, "", false, 0, (*Line).unshareUser},
	{"--unshare-user-try", 0, "", false, 0, (*Line).unshareUserTry},
	{"--unshare-ipc", 0, "", false, 0, (*Line).unshareIPC},
	{"--unshare-pid", 0, "", false, 0, (*Line).unsharePID},
	{"--unshare-net", 0, "", false, 0, (*Line).unshareNet},
	{"--unshare-uts", 0, "", false, 0, (*Line).unshareUTS},
	{"--unshare-cgroup", 0, "", false, 0, (*Line).unshareCgroup},
	{"--unshare-cgroup-try", 0, "", false, 0, (*Line).unshareCgroupTry},
	{"--disable-userns", 0, "", false, 0, (*Line).disableUserns},
	{"--assert-userns-disabled", 0, "", false, 0, (*Line).assertOption},
	{"--userns", 1, "an argument", true, 0, (*Line).joinUser},
	{"--userns2", 1, "an argument", true, 0, (*Line).joinLast},
	{"--pidns", 1, "an argument", true, 0, (*Line).joinPID},
	{"--uid", 1, "an argument", true, 0, (*Line).uidOption},
	{"--gid", 1, "an argument", true, 0, (*Line).gidOption},
	{"--hostname", 1, "an argument", true, 0, (*Line).hostname},
	{"--chdir", 1, "one argument", true, first, (*Line).chdir},
	{"--clearenv", 0, "", false, 0, (*Line).clearenv},
	{"--setenv", 2, "two arguments", false, 0, (*Line).setenv},
	{"--unsetenv", 1, "an argument", false, 0, (*Line).unsetenv},
	{"--lock-file", 1, "an argument", false, first, (*Line).lockFile},
	{"--sync-fd", 1, "an argument", false, 0, (*Line).syncFD},
	{"--bind", 2, "two arguments", false, first | second, (*Line).bind},
	{"--bind-try", 2, "two arguments", false, first | second, (*Line).bindTry},
	{"--dev-bind", 2, "two arguments", false, first | second, (*Line).devBind},
	{"--dev-bind-try", 2, "two arguments", false, first | second, (*Line).devBindTry},
	{"--ro-bind", 2, "two arguments", false, first | second, (*Line).roBind},
	{"--ro-bind-try", 2, "two arguments", false, first | second, (*Line).roBindTry},
	{"--bind-fd", 2, "two arguments", false, second, (*Line).bindFD},
	{"--ro-bind-fd", 2, "two arguments", false, second, (*Line).roBindFD},
	{"--overlay-src", 1, "one argument", false, first, (*Line).overlaySrc},
	{"--overlay", 3, "three arguments", false, first | second | third, (*Line).overlay},
	{"--tmp-overlay", 1, "an argument", false, first, (*Line).tmpOverlay},
	{"--ro-overlay", 1, "an argument", false, first, (*Line).roOverlay},
	{"--remount-ro", 1, "one argument", false, first, (*Line).remountRO},
	{"--exec-label", 1, "an argument", true, 0, (*Line).execLabel},
	{"--file-label", 1, "an argument", true, 0, (*Line).fileLabel},
	{"--proc", 1, "an argument", false, first, (*Line).proc},
	{"--dev", 1, "an argument", false, first, (*Line).dev},
	{"--tmpfs", 1, "an argument", false, first, (*Line).tmpfs},
	{"--mqueue", 1, "an argument", false, first, (*Line).mqueue},
	{"--dir", 1, "an argument", false, first, (*Line).dirOption},
	{"--file", 2, "two arguments", false, second, (*Line).file},
	{"--bind-data", 2, "two arguments", false, second, (*Line).bindData},
	{"--ro-bind-data", 2, "two arguments", false, second, (*Line).roBindData},
	{"--symlink", 2, "two arguments", false, first | second, (*Line).symlink},
	{"--seccomp", 1, "an argument", true, 0, (*Line).seccomp},
	{"--add-seccomp-fd", 1, "an argument", false, 0, (*Line).addSeccomp},
	{"--block-fd", 1, "an argument", true, 0, (*Line).blockFD},
	{"--userns-block-fd", 1, "an argument", true, 0, (*Line).usernsBlockFD},
	{"--info-fd", 1, "an argument", true, 0, (*Line).infoFD},
	{"--json-status-fd", 1, "an argument", true, 0, (*Line).jsonStatusFD},
	{"--new-session", 0, "", false, 0, (*Line).newSession},
	{"--die-with-parent", 0, "", false, 0, (*Line).dieWithParent},
	{"--as-pid-1", 0, "", false, 0, (*Line).asPID1Option},
	{"--perms", 1, "an argument", false, 0, (*Line).permsOption},
	{"--size", 1, "an argument", false, 0, (*Line).sizeOption},
	{"--chmod", 2, "two arguments", false, second, (*Line).chmod},
	{"--cap-add", 1, "an argument", false, 0, (*Line).capAdd},
	{"--cap-drop", 1, "an argument", false, 0, (*Line).capDrop},
	// A system call that the kernel has is not made: nothing that can be seen.
	{debugOption + "force-openat-fallback", 0, "", false, 0, (*Line).withoutOpenat2},
	{debugOption + "force-mount-setattr-fallback", 0, "", false, 0, (*Line).withoutSetattr},
	{"--not-a-security-boundary", 0, "", false, 0, (*Line).nothing},
}
