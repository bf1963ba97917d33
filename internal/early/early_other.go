//go:build !amd64

package early

// There is no early entry on this architecture, so none of these is called.

func trap() {}

func escape() {}
