package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a monitor waits for in one set, see epoll(7), and by a clock, see timerfd_create(2).

// EventSet returns a set of descriptors to wait for. It is readable when one of them has something to say.
func EventSet() (fd int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_EPOLL_CREATE1, unix.EPOLL_CLOEXEC, 0, 0)
	return int(r), errno
}

// Watch adds a descriptor to a set, for events such as unix.EPOLLIN, with a number to tell it by.
func Watch(set, fd int, events uint32, number int32) unix.Errno {
	return control(set, unix.EPOLL_CTL_ADD, fd, events, number)
}

// Rewatch changes what a descriptor in a set is waited for; 0 is nothing but its end.
func Rewatch(set, fd int, events uint32, number int32) {
	control(set, unix.EPOLL_CTL_MOD, fd, events, number)
}

// Unwatch takes a descriptor out of a set.
func Unwatch(set, fd int) { control(set, unix.EPOLL_CTL_DEL, fd, 0, 0) }

func control(set, how, fd int, events uint32, number int32) unix.Errno {
	event := unix.EpollEvent{Events: events, Fd: number}
	at := uintptr(unsafe.Pointer(&event))
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(set), uintptr(how), uintptr(fd), at, 0, 0)
	return errno
}

// Happened returns how many descriptors of a set have something to say, and writes these to events. It does not wait.
func Happened(set int, events []unix.EpollEvent) int {
	at, n := uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events))
	r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(set), at, n, 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(r)
}

// Timer returns a descriptor that becomes readable at the time that SetTimer says.
func Timer() (fd int, errno unix.Errno) {
	const flags = unix.TFD_CLOEXEC | unix.TFD_NONBLOCK
	r, _, errno := unix.RawSyscall(unix.SYS_TIMERFD_CREATE, unix.CLOCK_MONOTONIC, flags, 0)
	return int(r), errno
}

// SetTimer lets a timer end at a time of Clock; 0 is never.
func SetTimer(timer int, at int64) {
	value := unix.ItimerSpec{Value: unix.NsecToTimespec(at)}
	to := uintptr(unsafe.Pointer(&value))
	_, _, _ = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(timer), unix.TFD_TIMER_ABSTIME, to, 0, 0, 0)
}
