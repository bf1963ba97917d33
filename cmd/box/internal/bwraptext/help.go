package bwraptext

// helpText lists the options. Callers look for their names. Its texts are box's
// own: only the names and their operands are bubblewrap's. The list is a
// constant and not made of bwrap.Options, since package bwrap imports this one.
const helpText = `    --help                       Print this help
    --version                    Print the version
    --args FD                    Read options from FD, each ended by a NUL
    --argv0 VALUE                argv[0] of COMMAND
    --level-prefix               Prefix messages with <3> or <4>, as sd-daemon(3) reads them
    --unshare-all                New namespaces of every kind there is
    --share-net                  Keep the network namespace (after --unshare-all)
    --unshare-user               New user namespace (may be automatically implied if not root)
    --unshare-user-try           New user namespace if there can be one
    --unshare-ipc                New ipc namespace
    --unshare-pid                New pid namespace
    --unshare-net                New network namespace
    --unshare-uts                New uts namespace
    --unshare-cgroup             New cgroup namespace
    --unshare-cgroup-try         New cgroup namespace if there can be one
    --disable-userns             No further user namespaces inside
    --assert-userns-disabled     Start only if there are none to be had
    --userns FD                  Enter the user namespace FD instead of a new one
    --userns2 FD                 Enter the user namespace FD after the setup
    --pidns FD                   Enter the pid namespace FD
    --uid UID                    User id inside (needs --unshare-user)
    --gid GID                    Group id inside (needs --unshare-user)
    --hostname NAME              Host name inside (needs --unshare-uts)
    --chdir DIR                  Working directory inside
    --clearenv                   Unset all variables
    --setenv VAR VALUE           Set a variable
    --unsetenv VAR               Unset a variable
    --lock-file DEST             Lock DEST for reading while the sandbox runs
    --sync-fd FD                 Keep FD open while the sandbox runs
    --bind SRC DEST              Bind the host path SRC on DEST
    --bind-try SRC DEST          The same, if SRC exists
    --dev-bind SRC DEST          Bind with devices
    --dev-bind-try SRC DEST      The same, if SRC exists
    --ro-bind SRC DEST           Bind read-only
    --ro-bind-try SRC DEST       The same, if SRC exists
    --bind-fd FD DEST            Bind what FD names on DEST
    --ro-bind-fd FD DEST         The same, read-only
    --overlay-src SRC            A layer of the next overlay, the lowest first
    --overlay RWSRC WORKDIR DEST Layers as one directory on DEST, writes go to RWSRC
    --tmp-overlay DEST           The same, writes go to a tmpfs
    --ro-overlay DEST            The same, read-only
    --remount-ro DEST            Make the mount at DEST read-only
    --exec-label LABEL           SELinux label of COMMAND
    --file-label LABEL           SELinux label of temporary files
    --proc DEST                  New procfs on DEST
    --dev DEST                   New /dev on DEST
    --tmpfs DEST                 New tmpfs on DEST
    --mqueue DEST                New mqueue on DEST
    --dir DEST                   Directory at DEST
    --file FD DEST               File at DEST with the data from FD
    --bind-data FD DEST          Such a file, bound on DEST
    --ro-bind-data FD DEST       The same, read-only
    --symlink SRC DEST           Link at DEST to SRC
    --seccomp FD                 Load the seccomp program from FD (once)
    --add-seccomp-fd FD          Load the seccomp program from FD (repeatable)
    --block-fd FD                Wait for data on FD before COMMAND starts
    --userns-block-fd FD         Wait for data on FD while others write the id maps
    --info-fd FD                 Write about the sandbox to FD
    --json-status-fd FD          Write about the sandbox and its end to FD, as JSON
    --new-session                New terminal session
    --die-with-parent            End when bwrap or its parent ends
    --as-pid-1                   COMMAND is pid 1
    --perms OCTAL                Permissions of what the next option makes
    --size BYTES                 Size of the next --tmpfs
    --chmod OCTAL PATH           Permissions of PATH
    --cap-add CAP                Add a capability
    --cap-drop CAP               Drop a capability
    --not-a-security-boundary    Accepted without effect: no step of the setup may fail,
                                 whatever the sandbox is for
`
