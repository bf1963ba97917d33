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
	// Do has the effect of the option. words begin with the option itself. It
	// is nil for --args, which parse does by itself.
	Do func(*Line, []string) error
}

// Options are the options of bubblewrap 0.11.1. --help, --version and "--" are
// none of them: they end the line, and parse knows them. The order is of no
// meaning.
var Options = [...]Option{
	{"--args", 1, "an argument", false, nil},
	{"--argv0", 1, "one argument", false, (*Line).argv0Option},
	{"--level-prefix", 0, "", false, (*Line).levelPrefix},
	{"--unshare-all", 0, "", false, (*Line).unshareAll},
	{"--share-net", 0, "", false, (*Line).shareNet},
	{"--unshare-user", 0, "", false, (*Line).unshareUser},
	{"--unshare-user-try", 0, "", false, (*Line).unshareUserTry},
	{"--unshare-ipc", 0, "", false, (*Line).unshareIPC},
	{"--unshare-pid", 0, "", false, (*Line).unsharePID},
	{"--unshare-net", 0, "", false, (*Line).unshareNet},
	{"--unshare-uts", 0, "", false, (*Line).unshareUTS},
	{"--unshare-cgroup", 0, "", false, (*Line).unshareCgroup},
	{"--unshare-cgroup-try", 0, "", false, (*Line).unshareCgroupTry},
	{"--disable-userns", 0, "", false, (*Line).disableUserns},
	{"--assert-userns-disabled", 0, "", false, (*Line).assertOption},
	{"--userns", 1, "an argument", true, (*Line).joinUser},
	{"--userns2", 1, "an argument", true, (*Line).joinLast},
	{"--pidns", 1, "an argument", true, (*Line).joinPID},
	{"--uid", 1, "an argument", true, (*Line).uidOption},
	{"--gid", 1, "an argument", true, (*Line).gidOption},
	{"--hostname", 1, "an argument", true, (*Line).hostname},
	{"--chdir", 1, "one argument", true, (*Line).chdir},
	{"--clearenv", 0, "", false, (*Line).clearenv},
	{"--setenv", 2, "two arguments", false, (*Line).setenv},
	{"--unsetenv", 1, "an argument", false, (*Line).unsetenv},
	{"--lock-file", 1, "an argument", false, (*Line).lockFile},
	{"--sync-fd", 1, "an argument", true, (*Line).syncFD},
	{"--bind", 2, "two arguments", false, (*Line).bind},
	{"--bind-try", 2, "two arguments", false, (*Line).bindTry},
	{"--dev-bind", 2, "two arguments", false, (*Line).devBind},
	{"--dev-bind-try", 2, "two arguments", false, (*Line).devBindTry},
	{"--ro-bind", 2, "two arguments", false, (*Line).roBind},
	{"--ro-bind-try", 2, "two arguments", false, (*Line).roBindTry},
	{"--bind-fd", 2, "two arguments", false, (*Line).bindFD},
	{"--ro-bind-fd", 2, "two arguments", false, (*Line).roBindFD},
	{"--overlay-src", 1, "one argument", false, (*Line).overlaySrc},
	{"--overlay", 3, "three arguments", false, (*Line).overlay},
	{"--tmp-overlay", 1, "an argument", false, (*Line).tmpOverlay},
	{"--ro-overlay", 1, "an argument", false, (*Line).roOverlay},
	{"--remount-ro", 1, "one argument", false, (*Line).remountRO},
	{"--exec-label", 1, "an argument", true, (*Line).execLabel},
	{"--file-label", 1, "an argument", true, (*Line).fileLabel},
	{"--proc", 1, "an argument", false, (*Line).proc},
	{"--dev", 1, "an argument", false, (*Line).dev},
	{"--tmpfs", 1, "an argument", false, (*Line).tmpfs},
	{"--mqueue", 1, "an argument", false, (*Line).mqueue},
	{"--dir", 1, "an argument", false, (*Line).dirOption},
	{"--file", 2, "two arguments", false, (*Line).file},
	{"--bind-data", 2, "two arguments", false, (*Line).bindData},
	{"--ro-bind-data", 2, "two arguments", false, (*Line).roBindData},
	{"--symlink", 2, "two arguments", false, (*Line).symlink},
	{"--seccomp", 1, "an argument", true, (*Line).seccomp},
	{"--add-seccomp-fd", 1, "an argument", false, (*Line).addSeccomp},
	{"--block-fd", 1, "an argument", true, (*Line).blockFD},
	{"--userns-block-fd", 1, "an argument", true, (*Line).usernsBlockFD},
	{"--info-fd", 1, "an argument", true, (*Line).infoFD},
	{"--json-status-fd", 1, "an argument", true, (*Line).jsonStatusFD},
	{"--new-session", 0, "", false, (*Line).newSession},
	{"--die-with-parent", 0, "", false, (*Line).dieWithParent},
	{"--as-pid-1", 0, "", false, (*Line).asPID1Option},
	{"--perms", 1, "an argument", false, (*Line).permsOption},
	{"--size", 1, "an argument", false, (*Line).sizeOption},
	{"--chmod", 2, "two arguments", false, (*Line).chmod},
	{"--cap-add", 1, "an argument", false, (*Line).capAdd},
	{"--cap-drop", 1, "an argument", false, (*Line).capDrop},
	{"--not-a-security-boundary", 0, "", false, (*Line).nothing},
}
