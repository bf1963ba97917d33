package launch

import (
	"errors"
	"os"
	"testing"
	"unsafe"

	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// heard is a monitor without a sandbox: what pid 1 would send, the test does.
type heard struct {
	*Sandbox
	peer  int
	build plan.Builder
}

// listening returns a monitor for the plan of s.
func listening(t testing.TB, s *spec.Spec) *heard {
	t.Helper()
	h := &heard{Sandbox: &Sandbox{
		spec: s, m: new(machine), signal: -1, caller: -1, listener: -1, process: -1, mounts: -1, stdio: noStdio,
	}}
	if err := Compile(&h.build, s); err != nil {
		t.Fatal(err)
	}
	pair, errno := host.SocketPair()
	if errno != 0 {
		t.Fatal(errno)
	}
	h.plan, h.pid = &h.build.Plan, 1<<30 // nobody's
	h.upper, h.user = -1, -1
	h.conn, h.peer = int(pair[0]), int(pair[1])
	if s.Joins() {
		host.SetOption(h.conn, unix.SO_PASSCRED, 1)
	}
	h.ended = true // or a record would stop the test
	return h
}

// send sends data and so many descriptors, and takes it as the monitor does.
func (h *heard) send(t testing.TB, data []byte, descriptors int) (more bool, err error) {
	t.Helper()
	var control []byte
	if descriptors > 0 {
		fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		fds := make([]int, descriptors)
		for i := range fds {
			fds[i] = fd
		}
		control = unix.UnixRights(fds...)
	}
	if err := unix.Sendmsg(h.peer, data, control, nil, unix.MSG_DONTWAIT); err != nil {
		t.Fatal(err)
	}
	return h.hear()
}

// over closes all that the monitor has.
func (h *heard) over() {
	for _, m := range h.made {
		if !m.shares {
			unix.Close(m.dir)
		}
		unix.Close(m.lock)
	}
	for _, fd := range []int{h.mounts, h.upper} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	for _, fd := range h.stdio {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	if h.tty != nil {
		unix.Close(h.tty.master)
		for _, fd := range h.tty.own {
			unix.Close(fd)
		}
	}
	h.close()
	unix.Close(h.peer)
}

func bytesOf(r plan.Record) []byte {
	return append([]byte{}, unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r))...)
}

// speakers are Specs whose plans send all kinds of records, one or the other.
func speakers(t testing.TB) []*spec.Spec {
	t.Helper()
	inside := t.TempDir()
	plainOne, terminal, mounting, asking := plain("true"), plain("true"), plain("true"), plain("true")
	joining, reporting, direct, guarded, scratch := plain("true"), plain("true"), plain("true"), plain("true"), plain("true")
	terminal.Life.TTY = [3]bool{false, true, false} // input would make the caller's terminal raw
	mounting.Tree = append(mounting.Tree, spec.Entry{Kind: spec.Bind, Source: inside, Dest: "/w"},
		spec.Entry{Kind: spec.Tmpfs, Dest: "/w/new"}, spec.Entry{Kind: spec.Bind, Source: "/dev/null", Dest: "/w/file"})
	asking.Filters[0].Ask = true
	joining.New &^= spec.User
	joining.Join.User = spec.At(0, nil)
	reporting.Life.Await, reporting.Life.TellExec = true, true
	reporting.Tree = append(reporting.Tree, spec.Entry{Kind: spec.Symlink, Source: "x", Dest: "/usr/link"})
	scratch.Tree = append(scratch.Tree, spec.Entry{Kind: spec.Overlay, Scratch: true, Layers: []string{inside}, Dest: "/w"})
	direct.Life.Direct = true
	guarded.Life.Open = true
	return []*spec.Spec{plainOne, terminal, mounting, asking, joining, reporting, direct, guarded, scratch}
}

// A record is taken only if the plan can send it, with values that it can have, and no more often.
func TestHearTakesWhatPid1Sends(t *testing.T) {
	const mkdir, tooFar = 0, 1 << 30
	all := speakers(t)
	plainOne, terminal, mounting, asking := all[0], all[1], all[2], all[3]
	joining, reporting, direct, guarded, scratch := all[4], all[5], all[6], all[7], all[8]
	bare := plain("true")
	bare.Tree = bare.Tree[:1] // no links
	type sent struct {
		r  plan.Record
		fd int
	}
	replacing := plain("true")
	replacing.Confine.Use, replacing.Nested = true, true
	replacing.Life.Stdio[0] = spec.Description{Kind: spec.RegularFile, Reads: true}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	before, err := unix.Dup(0)
	if err == nil {
		err = unix.Dup2(int(file.Fd()), 0) // compiling looks at what 0 is
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = unix.Dup2(before, 0), unix.Close(before) }()
	input := sent{plan.Record{Kind: plan.Stdio}, 1}
	stopped := sent{plan.Record{Kind: plan.Stopped, Value: 19}, 0}
	failed := sent{plan.Record{Kind: plan.Failed, Step: 3, Value: 1}, 0}
	for _, c := range []struct {
		name string
		s    *spec.Spec
		sent []sent
		good bool // the last one is taken; those before it are
	}{
		{"failed", plainOne, []sent{failed}, true},
		{"failed twice", plainOne, []sent{failed, failed}, false},
		{"failed beyond the plan", plainOne, []sent{{plan.Record{Kind: plan.Failed, Step: tooFar, Value: 1}, 0}}, false},
		{"failed at minus one", plainOne, []sent{{plan.Record{Kind: plan.Failed, Step: 1<<32 - 1, Value: 1}, 0}}, false},
		{"failed with success", plainOne, []sent{{plan.Record{Kind: plan.Failed, Step: 3}, 0}}, false},
		{"failed with no errno", plainOne, []sent{{plan.Record{Kind: plan.Failed, Step: 3, Value: 4096}, 0}}, false},
		{"ended", plainOne, []sent{{plan.Record{Kind: plan.Ended, Value: 7 << 8}, 0}}, true},
		{"ended by a signal", plainOne, []sent{{plan.Record{Kind: plan.Ended, Value: 11 | 0x80}, 0}}, true},
		{"ended while stopped", plainOne, []sent{{plan.Record{Kind: plan.Ended, Value: 0x137f}, 0}}, false},
		{"ended and more", plainOne, []sent{{plan.Record{Kind: plan.Ended, Value: 1 << 16}, 0}}, false},
		{"ended twice", plainOne, []sent{{plan.Record{Kind: plan.Ended}, 0}, {plan.Record{Kind: plan.Ended}, 0}}, false},
		{"ended without pid 1", direct, []sent{{plan.Record{Kind: plan.Ended}, 0}}, false},
		{"ended with a descriptor", plainOne, []sent{{plan.Record{Kind: plan.Ended}, 1}}, false},
		{"stopped", plainOne, []sent{stopped, stopped}, true},
		{"stopped by no signal", plainOne, []sent{{plan.Record{Kind: plan.Stopped, Value: 65}, 0}}, false},
		{"stopped, where pid 1 doesn't look", guarded, []sent{{plan.Record{Kind: plan.Stopped, Value: 19}, 0}}, false},
		{"a terminal", terminal, []sent{{plan.Record{Kind: plan.Master}, 1}}, true},
		{"standard input", replacing, []sent{input}, true},
		{"standard input twice", replacing, []sent{input, input}, false},
		{"no standard descriptor", replacing, []sent{{plan.Record{Kind: plan.Stdio, Step: 3}, 1}}, false},
		{"standard input of its own", plainOne, []sent{input}, false},
		{"two terminals", terminal, []sent{{plan.Record{Kind: plan.Master}, 1}, {plan.Record{Kind: plan.Master}, 1}}, false},
		{"two terminals at once", terminal, []sent{{plan.Record{Kind: plan.Master}, 2}}, false},
		{"a terminal that was not asked for", plainOne, []sent{{plan.Record{Kind: plan.Master}, 1}}, false},
		{"made early", plainOne, []sent{{plan.Record{Kind: plan.Made, Step: mkdir}, 2}}, false},
		{"made by something else", mounting, []sent{{plan.Record{Kind: plan.Made, Step: mkdir}, 2}}, false},
		{"made beyond the plan", mounting, []sent{{plan.Record{Kind: plan.Made, Step: tooFar}, 2}}, false},
		{"made at the plan's end", mounting, []sent{{plan.Record{Kind: plan.Made, Step: 1<<32 - 1}, 2}}, false},
		{"a mask of something else", mounting, []sent{{plan.Record{Kind: plan.Mask, Step: mkdir, Value: 1}, 0}}, false},
		{"a mask beyond the plan", mounting, []sent{{plan.Record{Kind: plan.Mask, Step: tooFar, Value: 1}, 0}}, false},
		{"a mask for nothing", plainOne, []sent{{plan.Record{Kind: plan.Mask}, 0}}, false},
		{"a mount table for nothing", plainOne, []sent{{plan.Record{Kind: plan.Mounts}, 1}}, false},
		{"a mount table of something else", mounting, []sent{{plan.Record{Kind: plan.Mounts, Step: tooFar}, 1}}, false},
		{"what was written somewhere else", scratch, []sent{{plan.Record{Kind: plan.Upper, Step: mkdir}, 1}}, false},
		{"what was written, without it", scratch, []sent{{plan.Record{Kind: plan.Upper}, 0}}, false},
		{"what was written to nothing", plainOne, []sent{{plan.Record{Kind: plan.Upper}, 1}}, false},
		{"built twice", mounting, []sent{{plan.Record{Kind: plan.Built}, 0}, {plan.Record{Kind: plan.Built}, 0}}, false},
		{"a listener", asking, []sent{{plan.Record{Kind: plan.Listener}, 1}}, true},
		{"two listeners", asking, []sent{{plan.Record{Kind: plan.Listener}, 1}, {plan.Record{Kind: plan.Listener}, 1}}, false},
		{"a listener that nobody asked for", plainOne, []sent{{plan.Record{Kind: plan.Listener}, 1}}, false},
		{"here", joining, []sent{{plan.Record{Kind: plan.Here}, 0}}, true},
		{"here twice", joining, []sent{{plan.Record{Kind: plan.Here}, 0}, {plan.Record{Kind: plan.Here}, 0}}, false},
		{"here from the start", plainOne, []sent{{plan.Record{Kind: plan.Here}, 0}}, false},
		{"ready", reporting, []sent{{plan.Record{Kind: plan.Ready}, 0}}, true},
		{"ready twice", reporting, []sent{{plan.Record{Kind: plan.Ready}, 0}, {plan.Record{Kind: plan.Ready}, 0}}, false},
		{"ready for nothing", plainOne, []sent{{plan.Record{Kind: plan.Ready}, 0}}, false},
		{"running", reporting, []sent{{plan.Record{Kind: plan.Running}, 0}}, true},
		{"running unasked", plainOne, []sent{{plan.Record{Kind: plan.Running}, 0}}, false},
		{"text", reporting, []sent{{plan.Record{Kind: plan.Text, Step: 0x41414141}, 0}, failed}, true},
		{"text for nothing", bare, []sent{{plan.Record{Kind: plan.Text}, 0}}, false},
		{"a signal", plainOne, []sent{{plan.Record{Kind: plan.Signal, Value: 9}, 0}}, false},
		{"no kind", plainOne, []sent{{plan.Record{}, 0}}, false},
		{"no kind, 32 further", plainOne, []sent{{plan.Record{Kind: 32 + plan.Ended}, 0}}, false},
	} {
		h := listening(t, c.s)
		for i, s := range c.sent {
			_, err := h.send(t, bytesOf(s.r), s.fd)
			if forged := errors.Is(err, ErrForged); forged == (c.good || i < len(c.sent)-1) {
				t.Errorf("%s: record %d: %v", c.name, i, err)
			}
		}
		h.over()
	}
}

// What pid 1 has made on the host it tells while it builds. After that it is somebody else who tells it.
func TestHearTakesMountPointsOnlyWhileTheTreeIsBuilt(t *testing.T) {
	s := speakers(t)[2]
	h := listening(t, s)
	defer h.over()
	made := uint32(0)
	for i := range h.plan.Inside {
		if h.calls(uint32(i), plan.Claim) {
			made = uint32(i)
		}
	}
	record := bytesOf(plan.Record{Kind: plan.Made, Step: made})
	if _, err := h.send(t, record, 2); err != nil || len(h.made) != 1 {
		t.Fatalf("while it is built: %v, %d mount points", err, len(h.made))
	}
	for _, descriptors := range []int{0, 1} {
		if _, err := h.send(t, record, descriptors); !errors.Is(err, unix.EMFILE) {
			t.Errorf("with %d of its descriptors: %v", descriptors, err)
		}
	}
	if _, err := h.send(t, record, 3); !errors.Is(err, ErrForged) {
		t.Errorf("with one more: %v", err)
	}
	if _, err := h.send(t, bytesOf(plan.Record{Kind: plan.Built}), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := h.send(t, record, 2); !errors.Is(err, ErrForged) || len(h.made) != 1 {
		t.Errorf("after that: %v, %d mount points", err, len(h.made))
	}
}

// When the sandbox has been killed, what it had reported is still taken, and nothing else.
func TestDrainTakesTheMountPointsThatAreTold(t *testing.T) {
	h := listening(t, speakers(t)[2])
	defer h.over()
	want := 0
	for i := range h.plan.Inside {
		if h.calls(uint32(i), plan.Claim) {
			want++
		}
		for _, kind := range []uint32{plan.Made, plan.Failed} {
			if h.calls(uint32(i), plan.Claim) {
				record := bytesOf(plan.Record{Kind: kind, Step: uint32(i), Value: 1})
				if err := unix.Sendmsg(h.peer, record, unix.UnixRights(0, 0), nil, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	h.drain()
	if want == 0 || len(h.made) != want || h.failed != nil {
		t.Errorf("%d mount points of %d, failure %v", len(h.made), want, h.failed)
	}
}

// FuzzHear sends packets: of each, the first byte says how long it is, and how many descriptors it carries.
func FuzzHear(f *testing.F) {
	size := byte(unsafe.Sizeof(plan.Record{}))
	all := speakers(f)
	for n := range all {
		for kind := range uint32(16) {
			for _, descriptors := range []byte{0, 1, 3} {
				one := append([]byte{size | descriptors<<5}, bytesOf(plan.Record{Kind: kind, Step: 1 << 30, Value: 1})...)
				two := append([]byte{size | descriptors<<5}, bytesOf(plan.Record{Kind: kind, Step: uint32(n), Value: 0x101})...)
				f.Add(byte(n), append(one, two...))
			}
		}
		f.Add(byte(n), []byte{0, 1, 1, 31, 5, 1 << 5})
	}
	f.Fuzz(func(t *testing.T, n byte, data []byte) {
		before := openFiles(t)
		h := listening(t, all[int(n)%len(all)])
		for len(data) > 0 {
			length, descriptors := int(data[0]&31), int(data[0]>>5)
			packet := data[1:min(1+length, len(data))]
			data = data[1+len(packet):]
			more, err := h.send(t, packet, descriptors)
			if !more || err != nil {
				break
			}
			if len(packet) != int(size) || h.plan.Sends>>packet[0]&1 == 0 {
				t.Errorf("%v with %d descriptors was taken", packet, descriptors)
			}
		}
		h.over()
		if after := openFiles(t); after != before {
			t.Errorf("%d descriptors were open before, and %d are now", before, after)
		}
	})
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
