"""A network for tests, without root and without the outside: the namespaces "host" and "srv" in one user namespace, with a veth pair
between them. srv has servers at every address and a name server; host is where box runs, as the user who has started this.

    python3 -m netlab COMMAND...        runs COMMAND in "host"; its status is that of the program

With LABETC in the environment /etc is the user's own, so that files in it can be replaced; with LABNO6 there is no IPv6 in "host"; with
LABOFFLINE nothing but lo.

Names: NAMES below. Every other address answers, too: all addresses are srv's (a route in table main, since one in table local would
swallow what is host's own)."""
import ctypes, os, signal, socket, ssl, struct, subprocess, sys, tempfile, threading

NAMES = {
    "ok.test": ["203.0.113.5"], "dual.test": ["203.0.113.5", "2001:db8::5"], "www.ok.test": ["203.0.113.6"], "a.b.ok.test": ["203.0.113.7"],
    "other.test": ["203.0.113.5"],                  # the same address: another name
    "evil.test": ["203.0.113.66"], "private.test": ["10.9.9.9"], "loop.test": ["127.0.0.1"], "meta.test": ["169.254.169.254"],
    "wild.private.test": ["10.9.9.9"], "mapped.test": ["::ffff:127.0.0.1"], "nat64.test": ["64:ff9b::7f00:1"], "self.test": ["10.77.0.1"], "six.test": ["2001:db8::6"],
    "dead.test": ["203.0.113.250"],                 # what is accepted is closed
    "dropped.test": ["198.51.100.1"],               # nobody answers there
    "both.test": ["203.0.113.250", "203.0.113.5"],  # the first one closes
}
REBIND = ["203.0.113.9", "127.0.0.1"]               # rebind.test: the second answer is another one
HOST, SRV = "10.77.0.1", "10.77.0.2"

libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWUSER, NEWNET = 0x00020000, 0x10000000, 0x40000000


def check(result, what):
    if result != 0:
        raise SystemExit(f"netlab: {what}: {os.strerror(ctypes.get_errno())}")


def unshare(flags):
    check(libc.unshare(flags), "unshare")


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def become(inside_uid, inside_gid, uid, gid):
    """A new user namespace with one id."""
    unshare(NEWUSER)
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{inside_uid} {uid} 1")
    write("/proc/self/gid_map", f"{inside_gid} {gid} 1")


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def mount(source, target):
    check(libc.mount(source.encode(), target.encode(), None, 4096, None), "mount " + target)  # MS_BIND


# The servers.

def serve_tcp(port, handler, family=socket.AF_INET, address=""):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, port))
    s.listen(1024)

    def one(c):
        try:
            handler(c)
        except OSError:
            pass
        finally:
            c.close()

    def loop():
        while True:
            c, _ = s.accept()
            if c.getsockname()[0].endswith("203.0.113.250"):
                c.close()
                continue
            threading.Thread(target=one, args=(c,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()


def http(c, tls=""):
    """Answers with the address that was reached, the name that was asked for and how."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = c.recv(65536)
        if not piece:
            return
        data += piece
    host = [l for l in data.split(b"\r\n") if l.lower().startswith(b"host:")]
    body = b"reached %s for %s %s\n" % (c.getsockname()[0].encode(), host[0][5:].strip() if host else b"-", tls.encode())
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))


def greet(c):
    """A server that speaks first."""
    c.sendall(b"SSH-2.0-netlab\r\n")
    c.recv(100)


def echo(c):
    while True:
        data = c.recv(65536)
        if not data:
            c.shutdown(socket.SHUT_WR)
            return
        c.sendall(data)


def reset(c):
    c.recv(1)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def tls_server(dir):
    key, cert = dir + "/key.pem", dir + "/cert.pem"
    names = ",".join("DNS:" + n for n in NAMES)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                    cert, "-days", "2", "-subj", "/CN=ok.test", "-addext", "subjectAltName=" + names], check=True, stderr=subprocess.DEVNULL)
    os.chmod(cert, 0o644)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def handler(c):
        seen = []
        context.sni_callback = lambda s, name, ctx: seen.append(name)
        try:
            with context.wrap_socket(c, server_side=True) as t:
                http(t, "tls")
        except ssl.SSLError:
            pass
    return handler


def dns():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((SRV, 53))
    asked = {}

    def loop():
        while True:
            query, who = s.recvfrom(4096)
            try:
                s.sendto(answer(query, asked), who)
            except OSError:
                pass
    threading.Thread(target=loop, daemon=True).start()


def answer(query, asked):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]])
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    name = b".".join(labels).decode(errors="replace").lower()
    addresses, code = NAMES.get(name), 0
    if name == "rebind.test" and kind == 1:
        asked[name] = asked.get(name, 0) + 1
        addresses = [REBIND[min(asked[name], 2) - 1]]
    if addresses is None:
        addresses, code = [], 3
    records = b""
    n = 0
    for a in addresses:
        family, want = (socket.AF_INET6, 28) if ":" in a else (socket.AF_INET, 1)
        if kind == want:
            data = socket.inet_pton(family, a)
            records += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(data)) + data
            n += 1
    return query[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, n, 0, 0) + query[12:at + 5] + records


# The namespaces.

def srv(ready, go, dir):
    unshare(NEWNET)
    ready.send(b"1")
    go.recv(1)
    ip("link", "set", "lo", "up")
    ip("addr", "add", SRV + "/24", "dev", "veth1")
    ip("addr", "add", "fd77::2/64", "dev", "veth1", "nodad")
    ip("link", "set", "veth1", "up")
    ip("route", "add", "local", "default", "dev", "lo", "table", "main")
    ip("-6", "route", "add", "local", "default", "dev", "lo", "table", "main")
    ip("route", "add", "blackhole", "198.51.100.0/24", "table", "local")
    secure = tls_server(dir)
    for family in (socket.AF_INET, socket.AF_INET6):
        serve_tcp(80, http, family)
        serve_tcp(8080, http, family)
        serve_tcp(443, secure, family)
        serve_tcp(22, greet, family)
        serve_tcp(7, echo, family)
        serve_tcp(9, reset, family)
    dns()
    if os.environ.get("LABSERVER"):  # a command that is one server more; it says a line when it is ready
        subprocess.Popen(["sh", "-c", os.environ["LABSERVER"]], stdout=subprocess.PIPE,
                         preexec_fn=lambda: libc.prctl(1, signal.SIGKILL, 0, 0, 0)).stdout.readline()
    ready.send(b"2")
    while go.recv(1):
        pass
    os._exit(0)


def main():
    uid, gid = os.getuid(), os.getgid()
    dir = tempfile.mkdtemp(prefix="netlab")
    os.chmod(dir, 0o755)
    status = 125
    try:
        status = lab(uid, gid, dir, sys.argv[1:])
    finally:
        subprocess.run(["rm", "-rf", dir])
    sys.exit(status)


def own_etc(dir):
    """An /etc that whoever has started this may change."""
    os.mkdir(dir + "/etc")
    subprocess.run("cd /etc && cp -rL alternatives ld.so* nsswitch.conf passwd group host.conf %s/etc" % dir, shell=True, stderr=subprocess.DEVNULL)
    for name in ("resolv.conf", "hosts"):
        os.rename(f"{dir}/{name}", f"{dir}/etc/{name}")
    mount(dir + "/etc", "/etc")


def lab(uid, gid, dir, argv):
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) % 256
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    become(0, 0, uid, gid)
    unshare(NEWNET | NEWNS)
    ours, theirs = socket.socketpair()
    server = os.fork()
    if server == 0:
        ours.close()
        libc.prctl(1, signal.SIGKILL, 0, 0, 0)
        try:
            srv(theirs, theirs, dir)
        finally:
            os._exit(1)
    theirs.close()
    ours.recv(1)
    ip("link", "set", "lo", "up")
    ip("link", "add", "veth0", "type", "veth", "peer", "name", "veth1", "netns", str(server))
    ip("addr", "add", HOST + "/24", "dev", "veth0")
    ip("addr", "add", "fd77::1/64", "dev", "veth0", "nodad")
    ip("link", "set", "veth0", "up")
    ours.send(b"1")
    if not ours.recv(1):
        raise SystemExit("netlab: the servers can't begin")
    ip("route", "add", "default", "via", SRV)
    if os.environ.get("LABNO6"):
        write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1")
    else:
        ip("-6", "route", "add", "default", "via", "fd77::2")
    if os.environ.get("LABOFFLINE"):
        ip("link", "delete", "veth0")
    write(dir + "/resolv.conf", f"nameserver {SRV}\n")
    write(dir + "/hosts", "127.0.0.1 localhost\n::1 localhost\n203.0.113.8 local.test\n127.0.0.1 myself.test\n")
    check(libc.mount(None, b"/", None, 0x40000 | 0x4000, None), "mount")  # MS_PRIVATE | MS_REC
    if os.environ.get("LABETC"):
        own_etc(dir)
    else:
        for name in ("resolv.conf", "hosts"):
            mount(f"{dir}/{name}", os.path.realpath("/etc/" + name))
    become(uid, gid, 0, 0)
    os.environ.update(CERT=dir + "/cert.pem", LAB=dir)
    user = os.fork()
    if user == 0:
        ours.close()
        os.execvp(argv[0], argv)
    _, status = os.waitpid(user, 0)
    ours.close()
    os._exit(os.waitstatus_to_exitcode(status) % 256)


if __name__ == "__main__":
    main()
