package policyfile

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"box/cmd/box/internal/say"
	"box/launch"
	"box/seccompprofile/policy"

	"golang.org/x/sys/unix"
)

// Refusals are what --seccomp-log collects: the calls that the policy refused
// with an errno. The monitor fills it while the command runs.
type Refusals struct {
	Policy string
	Rules  []*policy.Rules // of each architecture that is allowed
	kinds  map[refusal]int // places in list
	list   []tally
	more   int // refusals of kinds that the list has no place for
	probed [len(probes)]int
}

// probes are the calls that a C library tries first and does without where they are ENOSYS, as on an older kernel: glibc makes
// threads by clone then, and no shadow stacks. To allow them would weaken the sandbox and change nothing.
var probes = [...]string{"clone3", "map_shadow_stack"}

// refusal is a kind of refused calls: those of one program that differ in what no condition looks at are one.
type refusal struct {
	arch    uint32
	number  uint32
	program string
	args    [6]uint64 // as far as the policy looks at them
}

// tally is a refused call, and how often there were others of its kind.
type tally struct {
	refusal
	first [6]uint64 // the arguments of the first
	count int
}

// mostKinds bounds the list: the command could fill any other. Beyond it
// refusals are only counted.
const mostKinds = 200

// Notice notes a call that the policy refuses, and returns the errno that the
// policy says. The answer is what the filter would have said without the flag,
// so the flag changes nothing for the command. Arguments that no condition
// looks at are left out of the kind: addresses would make each call one of its
// own.
func (r *Refusals) Notice(n launch.Notice) unix.Errno {
	q, ok := r.questionOf(n.Arch, uint32(n.Number), n.Args)
	if !ok {
		return unix.ENOSYS
	}
	d, _ := q.Decided()
	errno := d.Action.Errno()
	if errno == 0 {
		return unix.EPERM // it has asked, so it is refused
	}
	if r.probe(q.Name(), errno) {
		return errno
	}
	kind := refusal{arch: n.Arch, number: uint32(n.Number), program: programName(n.PID)}
	if c := q.Call(); c != nil {
		for i := range c.Cases {
			for _, cond := range c.Cases[i].Conds {
				kind.args[cond.Arg] = n.Args[cond.Arg]
			}
		}
	}
	at, known := r.kinds[kind]
	switch {
	case known:
		r.list[at].count++
	case len(r.list) == mostKinds:
		r.more++
	default:
		if r.kinds == nil {
			r.kinds = map[refusal]int{}
		}
		r.kinds[kind] = len(r.list)
		r.list = append(r.list, tally{kind, n.Args, 1})
	}
	return errno
}

// probe counts a refusal that a C library expects. It reports whether it is one.
func (r *Refusals) probe(call string, errno unix.Errno) bool {
	at := slices.Index(probes[:], call)
	if at < 0 || errno != unix.ENOSYS {
		return false
	}
	r.probed[at]++
	return true
}

// Question asks the policy about a call. It returns false for an architecture that it says nothing of.
func (r *Refusals) questionOf(arch, nr uint32, args [6]uint64) (Question, bool) {
	for _, rules := range r.Rules {
		if rules.Arch.Audit == arch {
			return Question{r.Policy, rules, nr, args, Arity(rules.Arch, rules.Arch.CallName(nr))}, true
		}
	}
	return Question{}, false
}

// programName returns the name of a process, see proc_pid_comm(5). It may be
// gone if it was killed. The name is the process's own choice, and is escaped
// when it is printed.
func programName(pid int) string {
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return "a process that has ended"
	}
	return strings.TrimSuffix(string(name), "\n")
}

// title is what lines of the report about system calls begin with.
const title = "seccomp"

// Report says on stderr what was refused. A call that the policy kills can't be
// in the list, because such a filter does not ask; the status tells of it.
func (r *Refusals) Report(s launch.Status) { say.Sum(r.section(s.Exit())) }

// section returns the part of the report that is about system calls.
func (r *Refusals) section(status int) say.Section {
	s := say.Section{Title: title, More: r.more}
	add := func(line say.Refusal) { s.Lines = append(s.Lines, line) }
	for i := range r.list {
		add(r.line(&r.list[i]))
	}
	nothing := "nothing"
	for i, n := range r.probed {
		if n > 0 {
			add(say.Refusal{Text: probes[i] + ": ENOSYS, and the C library does without", Count: n})
			nothing = "nothing else"
		}
	}
	if len(r.list) == 0 {
		add(say.Refusal{Text: "the policy " + r.Policy + " refused " + nothing})
	}
	if status == 128+int(unix.SIGSYS) {
		add(say.Refusal{
			Text: "a call has ended the command (signal SIGSYS), and such calls are not in this list",
			Hint: "it was one that the policy kills, or of another architecture: --allow-32bit allows those of i386",
		})
	}
	return s
}

// line returns the line about a refused call.
func (r *Refusals) line(t *tally) say.Refusal {
	q, _ := r.questionOf(t.arch, t.number, t.first)
	d, _ := q.Decided()
	errno := strings.TrimPrefix(d.Action.String(), "errno ")
	line := say.Refusal{
		Text: fmt.Sprintf("%s by %s: %s", &q, t.program, errno), Count: t.count, Flag: q.Flag(), Cause: q.Reason(),
	}
	if line.Flag == "" {
		line.Hint = q.Remedy()
	}
	return line
}
