package relay

import (
	"encoding/json"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// journal writes a line of JSON for each connection. A reader that doesn't read makes nobody wait: lines are lost, and counted.
type journal struct {
	lines chan []byte
	done  chan struct{}
	lost  int
}

// entry is a line. Its fields are those of docs/network.md.
type entry struct {
	Time    string `json:"ts"`
	Proto   string `json:"proto"`
	Name    string `json:"name,omitempty"`
	Dst     string `json:"dst,omitempty"`
	Dialed  string `json:"dialed,omitempty"`
	Via     string `json:"via,omitempty"`
	SNI     string `json:"sni,omitempty"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Up      int64  `json:"up"`
	Down    int64  `json:"down"`
	Millis  int64  `json:"ms"`
	Lost    int    `json:"lost,omitempty"`
}

// newJournal begins a log in fd, which it takes over. It returns nil if fd is below 0.
func newJournal(fd int) *journal {
	if fd < 0 {
		return nil
	}
	j := &journal{lines: make(chan []byte, 1024), done: make(chan struct{})}
	go func() {
		defer close(j.done)
		for line := range j.lines {
			for len(line) > 0 {
				n, err := unix.Write(fd, line)
				if err == unix.EINTR {
					continue
				}
				if err != nil {
					break
				}
				line = line[n:]
			}
		}
		unix.Close(fd)
	}()
	return j
}

func (j *journal) write(e *entry) {
	if j == nil {
		return
	}
	e.Time = time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	e.Lost = j.lost
	line, err := json.Marshal(e)
	if err != nil {
		return
	}
	select {
	case j.lines <- append(line, '\n'):
		j.lost = 0
	default:
		j.lost++
	}
}

// conn notes a connection that is over.
func (j *journal) conn(c *conn, why string) {
	if j == nil {
		return
	}
	e := c.verdict.entry()
	e.SNI, e.Up, e.Down, e.Millis = escape(c.sni), c.up, c.down, (now()-c.began)/1e6
	e.Dialed = address(c.dialed)
	e.Verdict = "allowed"
	if e.Reason != "" {
		e.Verdict = "refused"
	} else {
		e.Reason = why
	}
	j.write(&e)
}

// refused notes a connection that never was.
func (j *journal) refused(v *verdict) {
	if j == nil {
		return
	}
	e := v.entry()
	e.Verdict = "refused"
	j.write(&e)
}

// name notes a name that gets no address.
func (j *journal) name(name, reason string) {
	if j == nil {
		return
	}
	j.write(&entry{Proto: "dns", Name: escape(name), Verdict: "refused", Reason: reason})
}

func (v *verdict) entry() entry {
	return entry{Proto: "tcp", Name: escape(v.name), Dst: address(v.to), Via: v.via, Reason: v.reason, Rule: v.rule}
}

func address(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// close writes what there is, for a second at most.
func (j *journal) close() {
	if j == nil {
		return
	}
	close(j.lines)
	select {
	case <-j.done:
	case <-time.After(time.Second):
	}
}
