//go:build deadcode

package main

import (
	"box/cmd/box/internal/bwrap"
	"box/cmd/box/internal/native"
	"box/seccompprofile/libseccomp"
)

// What the assembly and tests call, for a search of code that nobody calls: see Makefile, lint.
func init() {
	begin()
	_ = new(native.Line).Plan(nil, nil)
	_ = new(bwrap.Line).Plan(nil, nil, nil)
	libseccomp.Asked()
}
