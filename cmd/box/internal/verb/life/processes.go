package life

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"box/register"
)

// process is a process of the user's, as /proc shows it. Nothing here is sent a signal: numbers can be others' by the time that
// they are printed.
type process struct {
	pid, parent int
	inside      int    // its number in the innermost pid namespace
	space       string // that, as a link of /proc/PID/ns; "" where it can't be read
	depth       int    // in how many pid namespaces it is
	uid         string
	state       string
	terminal    int
	ticks       uint64 // of CPU time, in hundredths of a second: USER_HZ
	began       uint64 // in the same, since the machine has begun
	pages       uint64
	args        string
}

// processes returns what /proc has, by their numbers.
func processes() map[int]*process {
	found := map[int]*process{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return found
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p := look(pid); p != nil {
				found[pid] = p
			}
		}
	}
	return found
}

// look reads what there is of a process; nil if it has gone.
func look(pid int) *process {
	dir := "/proc/" + strconv.Itoa(pid)
	p := &process{pid: pid}
	data, _ := os.ReadFile(dir + "/stat")
	stat := string(data)
	end := strings.LastIndexByte(stat, ')') // the name before it may have spaces
	fields := strings.Fields(stat[end+1:])
	if len(fields) < 22 {
		return nil
	}
	number := func(field int) uint64 { // by its place in proc_pid_stat(5)
		n, _ := strconv.ParseUint(fields[field-3], 10, 64)
		return n
	}
	p.state, p.parent, p.terminal = fields[0], int(number(4)), int(number(7))
	p.ticks, p.began, p.pages = number(14)+number(15), number(22), number(24)
	p.args = "[" + stat[strings.IndexByte(stat, '(')+1:end] + "]"
	if data, err := os.ReadFile(dir + "/cmdline"); err == nil && len(data) > 0 {
		if p.args = strings.ReplaceAll(strings.TrimRight(string(data), "\x00"), "\x00", " "); p.args == "" {
			p.args = "box" // which wipes its arguments in a sandbox
		}
	}
	data, _ = os.ReadFile(dir + "/status")
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch values := strings.Fields(value); {
		case len(values) == 0:
		case name == "Uid":
			p.uid = values[0]
		case name == "NSpid":
			p.depth = len(values)
			p.inside, _ = strconv.Atoi(values[len(values)-1])
		}
	}
	p.space, _ = os.Readlink(dir + "/ns/pid")
	return p
}

// of returns the processes of a box, pid 1 first: those that descend from its pid 1, and those in its pid namespace: what exec has
// started. The process of box's own that stands above such a command can't be looked into, but its child can. init is pid 1.
func of(all map[int]*process, init int) (list []*process) {
	first := all[init]
	if first == nil {
		return nil
	}
	in, space := map[int]bool{init: true}, spaceOf(all, init)
	for again := true; again; {
		again = false
		for _, p := range all {
			if !in[p.pid] && (in[p.parent] || space != "" && p.space == space) {
				in[p.pid], again = true, true
			}
		}
	}
	for _, p := range all {
		if in[p.pid] {
			if above := all[p.parent]; above != nil && !in[above.pid] && above.space == "" && above.depth == p.depth {
				in[above.pid] = true
			}
		}
	}
	for pid := range in {
		list = append(list, all[pid])
	}
	slices.SortFunc(list, func(a, b *process) int {
		if a.inside != b.inside {
			return a.inside - b.inside
		}
		return a.pid - b.pid
	})
	return list
}

// spaceOf returns the pid namespace of a box, or "" if that is the caller's.
func spaceOf(all map[int]*process, init int) string {
	if own := look(os.Getpid()); own != nil {
		for _, p := range all {
			if p.parent == init && p.space != "" && p.space != own.space {
				return p.space
			}
		}
	}
	return ""
}

// ticksPerSecond is USER_HZ, which is the same on all machines that box runs on.
const ticksPerSecond = 100

// cpu returns a CPU time as ps(1) has it.
func (p *process) cpu() string {
	d := time.Duration(p.ticks) * time.Second / ticksPerSecond
	return pad(int(d/time.Hour)) + ":" + pad(int(d/time.Minute)%60) + ":" + pad(int(d/time.Second)%60)
}

func pad(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// share returns the part of a CPU that it has had since it began, in per cent. uptime is of the machine, in seconds.
func (p *process) share(uptime float64) string {
	lived := uptime - float64(p.began)/ticksPerSecond
	if lived <= 0 {
		return "0.0"
	}
	return strconv.FormatFloat(float64(p.ticks)/ticksPerSecond/lived*100, 'f', 1, 64)
}

// memory returns how much of it is in memory.
func (p *process) memory() string { return size(p.pages * uint64(os.Getpagesize())) }

// size returns a number of bytes for people.
func size(n uint64) string {
	units := "KMGT"
	value := float64(n) / 1024
	for len(units) > 1 && value >= 1024 {
		value, units = value/1024, units[1:]
	}
	digits := 0
	if value < 10 {
		digits = 1
	}
	return strconv.FormatFloat(value, 'f', digits, 64) + units[:1]
}

// tty returns the name of its terminal: those of pseudoterminals are known, see proc_pid_stat(5), tty_nr.
func (p *process) tty() string {
	major, minor := p.terminal>>8&0xfff, p.terminal&0xff|p.terminal>>12&0xfff00
	if major >= 136 && major <= 143 {
		return "pts/" + strconv.Itoa((major-136)<<20|minor)
	}
	return "?"
}

// uptime returns how long the machine has run, in seconds.
func uptime() float64 {
	data, _ := os.ReadFile("/proc/uptime")
	first, _, _ := strings.Cut(string(data), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}

// isInit reports whether the process that a box has noted as its pid 1 is that still.
func isInit(b *register.Box) bool {
	live := b.Live()
	return live.Number("init") > 0 && register.StartTime(live.Number("init")) == live.Value("init_start") &&
		live.Value("boot") == register.BootID()
}
