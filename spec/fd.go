package spec

// FD is a descriptor of the caller, and the flag that named it. The zero value means that no descriptor was named.
type FD struct {
	given  bool
	number int
	Origin Origin
}

// At returns the descriptor with a number.
func At(number int, words []string) FD {
	return FD{given: true, number: number, Origin: Origin{Words: words}}
}

// Given reports whether there is one.
func (f FD) Given() bool { return f.given }

// Number returns its number, or -1 if there is none.
func (f FD) Number() int {
	if !f.given {
		return -1
	}
	return f.number
}
