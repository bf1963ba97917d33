package arg

import (
	"box/cmd/box/internal/say"
	"box/internal/early"
)

// Descriptor reads a descriptor's number, which must not be below least. It
// does not look whether it is open. An error has no words of the flag.
func Descriptor(word string, least int) (int, error) {
	n, ok := Number(word, 10)
	if !ok || n > 1<<31-1 {
		return 0, say.Bad(early.Concat(word, " is not a descriptor's number"))
	}
	if int(n) < least {
		return 0, say.Bad("descriptors 0, 1 and 2 are always inherited")
	}
	return int(n), nil
}
