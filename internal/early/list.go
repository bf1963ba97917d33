package early

import "slices"

// Append is append for one value that allocates only where the Go runtime runs.
func Append[T any](list []T, value T) []T {
	if len(list) == cap(list) {
		list = longer(list)
	}
	list = list[:len(list)+1]
	list[len(list)-1] = value
	return list
}

//go:noinline
func longer[T any](list []T) []T {
	Ordinary()
	return slices.Grow(list, 1+len(list))
}
