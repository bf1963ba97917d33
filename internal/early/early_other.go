//go:build !amd64

package early

// There is no early entry on this architecture, so none of these is called.

var mask uint64

func trap() {}

func escape() {}
