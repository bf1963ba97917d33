"""A terminal for a program under test: what it shows, and what is typed."""
import fcntl, os, re, select, signal, struct, sys, termios, time

# How many times slower than usual the machine is: an emulated one.
SLOW = float(os.environ.get("BOXTEST_SLOW") or 1)

USR = ["box", "--ro-bind", "/usr", "/usr"]

class Terminal:
    def __init__(self, argv, std=(0, 1, 2), others=None, rows=24, columns=80, session=True):
        """std are the descriptors of the program that are the terminal; others are the rest, by number."""
        self.master, slave = os.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.seen = ""
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in std:
                os.dup2(slave, fd)
            for fd, to in (others or {}).items():
                os.dup2(to, fd)
            os.closerange(3, 100)
            try:
                os.execvp(argv[0], argv)
            finally:
                os._exit(255)
        self.slave = slave  # open, so that the modes can be read after the program's end

    def read(self, wait=0.0):
        while select.select([self.master], [], [], wait)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.seen += data.decode(errors="replace")
            wait = 0

    def expect(self, pattern, wait=10.0):
        """What matches is cut off, with all before it."""
        end = time.time() + wait * SLOW
        while True:
            m = re.search(pattern, self.seen)
            if m:
                self.seen = self.seen[m.end():]
                return m
            if time.time() > end:
                raise SystemExit(f"no {pattern!r} in {self.seen!r}")
            self.read(0.05)

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.master, data):]

    def wait(self, wait=10.0):
        """The exit status; what is shown meanwhile is read."""
        end = time.time() + wait * SLOW
        while time.time() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read()
                return os.waitstatus_to_exitcode(status)
            self.read(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise SystemExit(f"does not end; shown: {self.seen!r}")

    def modes(self):
        i, o, c, l, *_ = termios.tcgetattr(self.slave)
        on = [name for bits, bit, name in ((l, termios.ECHO, "echo"), (l, termios.ICANON, "icanon"), (l, termios.ISIG, "isig"), (o, termios.OPOST, "opost")) if bits & bit]
        return " ".join(on) or "-"
