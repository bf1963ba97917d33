package policy

// Width returns how many bits of an argument of a call the kernel looks at on the architecture, or 0 if the call is not
// known, doesn't have the argument, or gets it in more than one register.
func (a *Arch) Width(name string, arg int) int {
	c := callOf(name)
	if c == nil {
		return 0
	}
	bits, _ := c.width(arg, a)
	return bits
}

// Known reports whether the name is that of a call on any architecture that box knows.
func Known(name string) bool { return callOf(name) != nil }
