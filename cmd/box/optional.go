package main

// optional is a value that may not have been given.
type optional[T any] struct {
	given bool
	value T
}

// set gives the value.
func (o *optional[T]) set(value T) { o.given, o.value = true, value }

// take returns the value and forgets it, or other.
func (o *optional[T]) take(other T) T {
	if !o.given {
		return other
	}
	o.given = false
	return o.value
}
