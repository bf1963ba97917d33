package libseccomp

/*
#cgo LDFLAGS: -Wl,--wrap=seccomp_api_get
#include "quiet.h"
*/
import "C"

import seccomp "github.com/seccomp/libseccomp-golang"

// enable lets libseccomp do what its Go binding wants at every start of a program, box's included: to ask the kernel what
// filters it knows. It is asked when something is compiled, and not before.
func enable() {
	if C.box_seccomp_enabled == 0 {
		C.box_seccomp_enabled = 1
		_, _ = seccomp.GetAPI() // 2.5.0 and later ask by themselves
	}
}

// Asked returns how often libseccomp has been asked for something at the start of the program, and how often it was let.
func Asked() (wanted, let int) { return int(C.box_seccomp_wanted), int(C.box_seccomp_let) }
