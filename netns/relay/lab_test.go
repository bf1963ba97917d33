package relay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"box/internal/unprivileged"

	"golang.org/x/sys/unix"
)

// The tests run in a user namespace of an ordinary user's: the process is "the host", whose network leads by a veth(4) to "srv",
// where the servers are. Each relay has a third network namespace, made as netns makes that of a sandbox.
const (
	labVar  = "RELAY_TEST_LAB"
	hostIP4 = "198.51.100.1"
	srvIP4  = "198.51.100.2" // public, as far as ranges tell
	hostIP6 = "2001:db8::1"
	srvIP6  = "2001:db8::2"
	private = "10.77.0.2" // of srv, too
)

func TestMain(m *testing.M) {
	switch {
	case strings.Contains(strings.Join(os.Args, " "), "-test.fuzz="), os.Getenv(labVar) != "":
		os.Exit(m.Run())
	case os.Getuid() == 0:
		os.Exit(unprivileged.Main(m))
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), labVar+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "can't make the namespaces of the tests:", err)
		os.Exit(1)
	}
}

// world is what all tests of the process have in common.
var world struct {
	host, srv *netspace
	hosts     string // the host's /etc/hosts
}

// netspace is a network namespace.
type netspace struct{ fd int }

// newNetspace makes one with lo up.
func newNetspace(t testing.TB) *netspace {
	n := &netspace{-1}
	must(t, thread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		n.fd = fd
		return err
	}))
	n.do(t, func() error { return up("lo") })
	return n
}

// do calls f in the namespace.
func (n *netspace) do(t testing.TB, f func() error) {
	t.Helper()
	must(t, thread(func() error {
		if err := unix.Setns(n.fd, unix.CLONE_NEWNET); err != nil {
			return err
		}
		return f()
	}))
}

// thread calls f in a thread of its own, which ends with it.
func thread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread goes with the goroutine
		done <- f()
	}()
	return <-done
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lab makes the host and srv, once.
func lab(t testing.TB) {
	t.Helper()
	if os.Getenv(labVar) == "" {
		t.Skip("with -fuzz there are no namespaces") // only fuzz targets run then
	}
	if world.srv != nil {
		return
	}
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must(t, unix.Mount("etc", "/etc", "tmpfs", 0, ""))
	for name, text := range map[string]string{
		"resolv.conf":   "nameserver " + srvIP4 + "\noptions timeout:1 attempts:2\n",
		"hosts":         "127.0.0.1 localhost\n" + srvIP4 + " static.example\n" + private + " inner.example\n",
		"nsswitch.conf": "hosts: files dns\n",
	} {
		must(t, os.WriteFile(filepath.Join("/etc", name), []byte(text), 0o644))
	}
	fd, err := unix.Open("/proc/self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(t, err)
	world.host, world.srv = &netspace{fd}, newNetspace(t)
	must(t, up("lo"))
	must(t, veth("out", "in", world.srv.fd))
	// rtnetlink's own tables: addresses, then routes by them.
	for _, a := range []string{hostIP4 + "/24", hostIP6 + "/64", "10.77.0.1/24"} {
		must(t, address6("out", a))
	}
	must(t, up("out"))
	world.srv.do(t, func() error {
		for _, a := range []string{srvIP4 + "/24", "198.51.100.3/24", srvIP6 + "/64", private + "/24", "169.254.169.254/32"} {
			if err := address6("in", a); err != nil {
				return err
			}
		}
		return up("in")
	})
	must(t, route("169.254.169.254/32", "out"))
	must(t, route("203.0.113.0/24", "out"))
	must(t, neighbour("203.0.113.5", "out")) // nobody answers there
	startNameServer(t)
}

// message is a netlink request that is being written, see rtnetlink(7).
type message []byte

func newMessage(kind, flags uint16, fixed ...byte) message {
	m := make(message, 16, 256)
	binary.NativeEndian.PutUint16(m[4:], kind)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK|flags)
	return append(m, fixed...)
}

func (m *message) attribute(kind uint16, value []byte) {
	for len(*m)%4 != 0 {
		*m = append(*m, 0)
	}
	*m = binary.NativeEndian.AppendUint16(*m, uint16(4+len(value)))
	*m = binary.NativeEndian.AppendUint16(*m, kind)
	*m = append(*m, value...)
	for len(*m)%4 != 0 {
		*m = append(*m, 0)
	}
}

func (m message) send() error {
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	var answer [4096]byte
	n, err := unix.Read(fd, answer[:])
	if err != nil {
		return err
	}
	if n < 20 || binary.NativeEndian.Uint16(answer[4:]) != unix.NLMSG_ERROR {
		return errors.New("netlink: no acknowledgement")
	}
	if code := int32(binary.NativeEndian.Uint32(answer[16:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

func index(name string) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq(name)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return binary.NativeEndian.AppendUint32(nil, r.Uint32()), nil
}

func up(name string) error {
	i, err := index(name)
	if err != nil {
		return err
	}
	flags := binary.NativeEndian.AppendUint32(nil, unix.IFF_UP)
	fixed := append([]byte{unix.AF_UNSPEC, 0, 0, 0}, i...)
	fixed = append(fixed, flags...)
	return newMessage(unix.RTM_NEWLINK, 0, append(fixed, flags...)...).send()
}

// veth makes a pair, the second end in another namespace.
func veth(name, peer string, namespace int) error {
	var inner, data, info message
	inner = append(inner, make([]byte, unix.SizeofIfInfomsg)...)
	inner.attribute(unix.IFLA_IFNAME, append([]byte(peer), 0))
	inner.attribute(unix.IFLA_NET_NS_FD, binary.NativeEndian.AppendUint32(nil, uint32(namespace)))
	data.attribute(1, inner) // VETH_INFO_PEER
	info.attribute(unix.IFLA_INFO_KIND, []byte("veth"))
	info.attribute(unix.IFLA_INFO_DATA, data)
	m := newMessage(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, make([]byte, unix.SizeofIfInfomsg)...)
	m.attribute(unix.IFLA_IFNAME, append([]byte(name), 0))
	m.attribute(unix.IFLA_LINKINFO, info)
	return m.send()
}

// address6 gives an address of either family, without duplicate address detection.
func address6(name, prefix string) error {
	i, err := index(name)
	if err != nil {
		return err
	}
	p := netip.MustParsePrefix(prefix)
	m := newMessage(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL,
		append([]byte{byte(family(p.Addr())), byte(p.Bits()), unix.IFA_F_NODAD, unix.RT_SCOPE_UNIVERSE}, i...)...)
	m.attribute(unix.IFA_LOCAL, p.Addr().AsSlice())
	m.attribute(unix.IFA_ADDRESS, p.Addr().AsSlice())
	return m.send()
}

func route(prefix, name string) error {
	i, err := index(name)
	if err != nil {
		return err
	}
	p := netip.MustParsePrefix(prefix)
	m := newMessage(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, byte(family(p.Addr())), byte(p.Bits()), 0, 0,
		unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, unix.RT_SCOPE_LINK, unix.RTN_UNICAST, 0, 0, 0, 0)
	m.attribute(unix.RTA_DST, p.Addr().AsSlice())
	m.attribute(unix.RTA_OIF, i)
	return m.send()
}

// neighbour gives an address the link layer address of nobody: what is sent there gets no answer, not even that there is none.
func neighbour(addr, name string) error {
	i, err := index(name)
	if err != nil {
		return err
	}
	m := newMessage(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_EXCL, append(append([]byte{unix.AF_INET, 0, 0, 0}, i...),
		unix.NUD_PERMANENT, 0, 0, 0)...)
	m.attribute(unix.NDA_DST, netip.MustParseAddr(addr).AsSlice())
	m.attribute(unix.NDA_LLADDR, []byte{2, 0, 0, 0, 0, 9})
	return m.send()
}

// catchAll makes every address local, as netns does.
func catchAll(source string) error {
	a := netip.MustParseAddr(source)
	if err := address6("lo", netip.PrefixFrom(a, a.BitLen()).String()); err != nil {
		return err
	}
	m := newMessage(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, byte(family(a)), 0, 0, 0,
		unix.RT_TABLE_LOCAL, unix.RTPROT_BOOT, unix.RT_SCOPE_HOST, unix.RTN_LOCAL, 0, 0, 0, 0)
	m.attribute(unix.RTA_OIF, []byte{1, 0, 0, 0})
	m.attribute(unix.RTA_PREFSRC, a.AsSlice())
	return m.send()
}
