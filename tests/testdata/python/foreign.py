"""Root directories laid out like those of other systems, and a way to make one the root.

A chroot would not do: no user namespace can be made in one, see clone(2). So the tree becomes / by an outer user and
mount namespace and pivot_root(2), and the program is run there as an ordinary user."""
import ctypes, os, shutil, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWUSER, BIND, REC, PRIVATE, DETACH = 0x20000, 0x10000000, 4096, 16384, 1 << 18, 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}[os.uname().machine]

def need(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def user_namespace(inside):
    uid, gid = os.getuid(), os.getgid()
    need(libc.unshare(NEWUSER))
    for name, text in ("setgroups", "deny"), ("uid_map", f"{inside} {uid} 1"), ("gid_map", f"{inside} {gid} 1"):
        with open(f"/proc/self/{name}", "w") as f:
            f.write(text)

def run(tree, argv, cwd="/home/u/project", path="/usr/bin:/bin"):
    """Runs argv in tree as /, and returns its status and what it has written."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            user_namespace(0)
            need(libc.unshare(NEWNS))
            mount = lambda source, target, kind, flags: need(libc.mount(source.encode(), target.encode(), kind, flags, None))
            mount(tree, tree, None, BIND | REC)
            for name in "proc", "dev", "sys":
                os.makedirs(f"{tree}/{name}", exist_ok=True)
                mount(f"/{name}", f"{tree}/{name}", None, BIND | REC)
            os.makedirs(f"{tree}/tmp", exist_ok=True)
            mount("none", f"{tree}/tmp", b"tmpfs", 0)
            os.chdir(tree)
            need(libc.syscall(PIVOT_ROOT, b".", b"."))
            need(libc.umount2(b".", DETACH))
            user_namespace(1000)
            os.chdir(cwd)
            for fd in 1, 2:
                os.dup2(write, fd)
            os.execve(argv[0], argv, {"PATH": path, "HOME": "/home/u", "USER": "u", "LANG": "C"})
        except BaseException as e:
            os.write(write, repr(e).encode())
        os._exit(255)
    os.close(write)
    with os.fdopen(read) as f:
        text = f.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text

class Tree:
    """A root directory under construction."""
    def __init__(self, name):
        self.root = os.path.abspath(name)
        self.dirs("home/u/project", "etc", "opt", "var", "root")
        shutil.copy(os.path.realpath(shutil.which("box")), self.root + "/opt/box")

    def dirs(self, *names):
        for name in names:
            os.makedirs(f"{self.root}/{name}", exist_ok=True)

    def link(self, name, target):
        self.dirs(os.path.dirname(name))
        os.symlink(target, f"{self.root}/{name}")

    def copy(self, source, name):
        self.dirs(os.path.dirname(name))
        shutil.copy(os.path.realpath(source), f"{self.root}/{name}")

def glibc():
    """The host's shell, the loader that it asks for, and its libraries."""
    loader, libraries = None, {}
    for line in subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True).stdout.splitlines():
        words = line.split()
        if "=>" in words:
            libraries[words[0]] = words[2]
        elif words[0].startswith("/"):
            loader = words[0]
    return loader, libraries
