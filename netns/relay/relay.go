// Package relay is the process outside of a sandbox that is its network. The sandbox's own kernel ends every connection on its
// loopback interface; this process has the listeners, so it accepts there, judges by name, dials from the host and copies bytes.
// It answers DNS with addresses that stand for names, and it carries connections to published ports the other way.
//
// One thread does everything that has a descriptor, by epoll(7). Goroutines only wait for the host's resolver, for pid 1 and for
// the log. Nothing is held in memory for a connection but its state: bytes stay in the kernel until the other side takes them.
package relay

import (
	"fmt"
	"runtime"
	"sync"

	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Inside makes sockets in the sandbox's network namespace.
type Inside interface {
	// Socket returns a TCP socket of the family, AF_INET or AF_INET6, that neither blocks nor survives an execve(2).
	Socket(family int) (fd int, err error)
}

// Config says what a Relay carries, and from where. It takes over the descriptors.
type Config struct {
	Network   spec.Network
	Hostname  string     // the sandbox's own: its address is 127.0.0.1
	Listeners []int      // TCP sockets that listen in the sandbox, one or more for each port of the rules
	DNS       []int      // UDP sockets and TCP listeners there, on port 53
	Raw       []int      // raw(7) sockets of TCP there, one a family; without them attempts on other ports are not reported
	Inside    Inside     // for published ports; nil where there is none
	Log       int        // a file for a line of JSON a connection, or -1
	Tell      func(Line) // is called for what is worth a line at once, from Run's thread; nil: nothing is
}

// The bounds of what a sandbox can make the relay hold.
const (
	mostDials = 512  // connections that are being resolved or dialled
	reserve   = 40   // descriptors that are no connections
	batch     = 128  // events that one epoll_wait(2) returns
	maxAccept = 64   // connections that are accepted before something else has its turn
	tick      = 50e6 // ns between two looks at deadlines
)

// Relay is the network of one sandbox. Run has its own thread; nothing else is to be called meanwhile.
type Relay struct {
	config Config
	policy policy
	names  names
	hosts  hosts
	routes routes
	report report
	log    *journal
	tell   func(Line)

	epoll     int
	watchers  []watcher // by descriptor
	listeners []*listener
	paused    bool
	resting   *rest
	open      int // connections
	dials     map[*dial]struct{}
	extra     int // sockets of dials that try more than one address at once
	maxOpen   int
	maxDials  int
	maxExtra  int
	timed     map[timed]struct{} // what has a deadline, dials included
	nextTick  int64
	again     []*conn // connections that have used up their turn
	dead      []int   // descriptors to close when all events of a batch have been seen
	buffer    []byte  // for all copying
	pipes     pipes

	lookups map[string]*lookup
	asked   int // goroutines whose answer has not come
	fetch   chan fetch
	wake    int // an eventfd(2): posted is not empty
	mu      sync.Mutex
	posted  []func() // what goroutines want done by the thread; by mu
}

// watcher is told of events on a descriptor.
type watcher interface{ ready(events uint32) }

// timed is told when a time has come.
type timed interface {
	deadline() int64 // on host.Clock
	expire(now int64)
}

// New makes a Relay and the listeners of its published ports. It returns an error, with the port, where one can't be made: a
// *PublishError.
func New(c Config) (*Relay, error) {
	r := &Relay{
		config:  c,
		policy:  policy{network: &c.Network},
		tell:    c.Tell,
		dials:   map[*dial]struct{}{},
		timed:   map[timed]struct{}{},
		lookups: map[string]*lookup{},
		buffer:  make([]byte, 512<<10),
	}
	r.policy.network = &r.config.Network
	r.names.init()
	if err := r.bound(); err != nil {
		return nil, err
	}
	steps := []func() error{r.openLoop, r.routes.open, r.listen, r.publish, r.watchRefusals}
	for _, step := range steps {
		if err := step(); err != nil {
			r.close()
			return nil, err
		}
	}
	r.log = newJournal(c.Log)
	return r, nil
}

// bound sets how much there may be at once, by RLIMIT_NOFILE. A connection has two descriptors, and a name that is being resolved
// has two as well.
func (r *Relay) bound() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("RLIMIT_NOFILE: %w", err)
	}
	usable := int(min(limit.Cur, 1<<20)) - reserve
	r.maxOpen = max(1, usable/3)
	r.maxDials = max(1, min(mostDials, r.maxOpen/2))
	r.maxExtra = min(mostDials, max(0, usable-2*r.maxOpen-2*r.maxDials))
	return nil
}

// Run carries connections until stop can be read from or has ended. What the sandbox has sent by then is still carried, for some
// seconds at most, as a kernel would. It returns an error only where the loop itself fails.
func (r *Relay) Run(stop int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	over := &stopper{}
	if err := r.watch(stop, unix.EPOLLIN|unix.EPOLLRDHUP, over); err != nil {
		return err
	}
	defer r.close()
	for !over.stopped {
		if err := r.turn(-1); err != nil {
			return err
		}
	}
	return r.drain(stop)
}

// Report returns what was refused, each once, in the order in which it happened first, and how much there was no room for. It is
// for after Run.
func (r *Relay) Report() (all []Line, more int) { return r.report.all, r.report.more }

type stopper struct{ stopped bool }

func (s *stopper) ready(uint32) { s.stopped = true }

// close ends everything that was not over yet.
func (r *Relay) close() {
	for _, w := range r.watchers {
		if e, ok := w.(*end); ok {
			e.conn.finish("stopped")
		}
	}
	for fd, w := range r.watchers {
		if _, ok := w.(*stopper); w != nil && !ok {
			unix.Close(fd)
		}
	}
	for _, fd := range r.dead {
		unix.Close(fd)
	}
	r.watchers, r.dead = nil, nil
	if r.fetch != nil {
		close(r.fetch)
		r.fetch = nil
	}
	r.routes.close()
	r.pipes.close()
	if r.epoll > 0 {
		unix.Close(r.epoll)
	}
	r.log.close()
}

// now is the time of deadlines.
func now() int64 { return host.Clock() }
