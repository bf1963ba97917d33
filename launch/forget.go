package launch

import (
	"unsafe"

	"box/internal/early"
	"box/plan"

	"golang.org/x/sys/unix"
)

// A monitor and a pid 1 live as long as the command does, and need little of what a start needs: they give it back, see
// madvise(2), MADV_DONTNEED. Code is read from the file again when it runs, which takes longer than a short command: so they do
// it when they have waited for some time.

// settled is how long they wait before, in nanoseconds.
const settled = 50e6

// unsettled is after how many events a monitor does not wait for that any more: one with a log may always have something to do.
const unsettled = 256

// memory is a span of whole pages.
type memory struct{ start, size uintptr }

// pages returns the whole pages from start to end. Where pages are larger than these, the kernel refuses, and nothing is lost.
func pages(start, end uintptr) memory {
	const page = 4 << 10
	start = (start + page - 1) &^ (page - 1)
	if end &^= page - 1; end <= start {
		return memory{}
	}
	return memory{start, end - start}
}

// code is what can be read from the program's file again. Before the Go runtime has begun nobody has written to data that has
// a value to begin with: what box has of it are tables.
func code() memory {
	if early.Running() {
		return pages(textStart(), dataEnd())
	}
	return pages(textStart(), textEnd())
}

// forgetful notes what pid 1 can do without when the command runs: the code of the start, and the plan.
func (m *machine) forgetful(p *plan.Plan) {
	m.give[0] = code()
	if n := uintptr(len(p.Inside)); n > 0 {
		calls := uintptr(unsafe.Pointer(&p.Inside[0]))
		m.give[1] = pages(calls, calls+n*callSize)
	}
	if n := uintptr(len(p.Data)); n > 0 {
		data := uintptr(unsafe.Pointer(&p.Data[0]))
		m.give[2] = pages(data, data+n)
	}
}

// forget gives back what forgetful has noted.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) forget() {
	for i := range m.give {
		sys(unix.SYS_MADVISE, m.give[i].start, m.give[i].size, unix.MADV_DONTNEED, 0, 0, 0)
	}
}
