package launch

import (
	"bytes"
	"errors"
	"unsafe"

	"box/internal/early"
	"box/plan"

	"golang.org/x/sys/unix"
)

// Failure is a step of the plan that could not be done.
type Failure struct {
	Call  plan.Call
	Step  int // -1 is the clone
	Errno unix.Errno
	Text  string // what was found where something else should be
}

// Error says which system call could not be made. What that means to a user, Call.For and Call.Why tell.
func (f *Failure) Error() string {
	return f.Call.Name() + ": " + f.Errno.Error()
}

// Unwrap returns the errno.
func (f *Failure) Unwrap() error { return f.Errno }

// lostError is an errno of poll(2) or recvmsg(2).
type lostError struct{ errno unix.Errno }

func (e *lostError) Error() string { return "the sandbox can't be watched: " + e.errno.Error() }

// Unwrap returns the errno.
func (e *lostError) Unwrap() error { return e.errno }

// problem is why a sandbox has not run to its end. There is room for one in a Sandbox, since nothing can be allocated for it
// before the Go runtime has begun.
type problem struct {
	failure Failure
	lost    lostError
	act     ActError
	mask    LostMaskError
	text    [unix.PathMax + 8]byte
	n       int // of text
}

// noteText notes a piece of the text of the failure to come.
func (p *problem) noteText(r *plan.Record) {
	p.n += copy(p.text[p.n:], unsafe.Slice((*byte)(unsafe.Pointer(r)), unsafe.Sizeof(*r))[4:])
}

// notStarted returns the failure of a step.
func (p *problem) notStarted(call *plan.Call, step int, errno unix.Errno) *Failure {
	p.failure = Failure{Call: *call, Step: step, Errno: errno}
	if p.n > 0 {
		n := bytes.IndexByte(p.text[:p.n], 0)
		if n < 0 {
			n = p.n
		}
		p.failure.Text = unsafe.String(&p.text[0], n)
	}
	return &p.failure
}

// lose returns the error of a monitor that can't go on.
func (p *problem) lose(errno unix.Errno) error {
	p.lost.errno = errno
	return &p.lost
}

// earlier is how a sandbox ended that was started before the Go runtime had begun, if a message has to be found for
// that: it needs the runtime, and the same command line is compiled again.
var earlier error

// over notes the end of a sandbox: from now on the ordinary way can be taken, which finds the message but starts
// nothing.
func (b *Sandbox) over(err error) error {
	if early.Running() && err != nil {
		earlier = err
		early.Over()
	}
	return err
}

// Earlier returns how the sandbox ended that was started before the Go runtime had begun, with the step of the same plan,
// compiled again. If the host has changed meanwhile, and the plan with it, the call has no arguments: they would be
// another's.
//
//go:noinline
func Earlier(p *plan.Plan) error {
	early.Ordinary()
	f, ok := errors.AsType[*Failure](earlier)
	if !ok || f.Step < 0 {
		return earlier
	}
	same := plan.Call{Nr: f.Call.Nr, For: f.Call.For, Why: f.Call.Why}
	if f.Step < len(p.Inside) && p.Inside[f.Step].Nr == same.Nr && p.Inside[f.Step].For == same.For {
		same = p.Inside[f.Step]
	}
	f.Call = same
	return earlier
}
