// Package arg reads the arguments of flags: what one means by itself. A reader returns false, or an error without
// the argument, for one that means nothing; nothing is allocated.
package arg

// Optional is a value that may not have been given.
type Optional[T any] struct {
	Given bool
	Value T
}

// Set gives the value.
func (o *Optional[T]) Set(value T) { o.Given, o.Value = true, value }

// Take returns the value and forgets it, or other. A modifier such as --perms
// is so used up by the flag that it is for.
func (o *Optional[T]) Take(other T) T {
	if !o.Given {
		return other
	}
	o.Given = false
	return o.Value
}
