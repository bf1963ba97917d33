package early

import "unsafe"

// texts is memory for the strings that every start makes, so that it can do without the heap.
var texts struct {
	used   int
	buffer [64 << 10]byte
}

// Concat returns its parts, one after the other.
func Concat(parts ...string) string { return String(Bytes(parts...)) }

// Bytes is Concat for who wants bytes.
func Bytes(parts ...string) []byte {
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	buffer := Buffer(n)
	at := 0
	for _, part := range parts {
		at += copy(buffer[at:], part)
	}
	return buffer
}

// String returns data as a string, without copying it: nobody may change it any more.
func String(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// Buffer returns n bytes that may become a string: they are never used again.
func Buffer(n int) []byte {
	if len(texts.buffer)-texts.used < n {
		return furtherRoom(n)
	}
	buffer := texts.buffer[texts.used : texts.used+n : texts.used+n]
	texts.used += n
	return buffer
}

// Mark returns how much of that memory is used, and Release gives back what has been used since: no string of it is needed any
// more. They are for what lives long and makes strings again and again.
func Mark() int { return texts.used }

// Release gives memory back: see Mark.
func Release(mark int) { texts.used = mark }

// Spare goes the ordinary way if there is no memory for so many bytes of further strings: they are made when it can't be taken
// any more.
func Spare(n int) {
	if running && len(texts.buffer)-texts.used < n {
		Ordinary()
	}
}

//go:noinline
func furtherRoom(n int) []byte {
	Ordinary()
	return make([]byte, n)
}

// Text is a text that grows in a place of its own. It is as long as a path can be.
type Text struct {
	data       [4096]byte // PATH_MAX
	start, end int
	full       bool
}

// Add appends s, if there is room.
func (t *Text) Add(s string) {
	if len(s) >= len(t.data)-t.end {
		t.full = true
		return
	}
	t.end += copy(t.data[t.end:], s)
}

// Cut leaves the first n bytes.
func (t *Text) Cut(n int) {
	if n == 0 {
		t.start = 0
	}
	t.end = t.start + n
}

// Reset empties the text; what did not fit is forgotten.
func (t *Text) Reset() { t.start, t.end, t.full = 0, 0, false }

// Skip takes n bytes off the front.
func (t *Text) Skip(n int) { t.start += n }

// Len returns how long the text is.
func (t *Text) Len() int { return t.end - t.start }

// Full reports whether something did not fit.
func (t *Text) Full() bool { return t.full }

// Buffer empties the text and returns all of its memory, for somebody else's use.
func (t *Text) Buffer() []byte {
	t.start, t.end = 0, 0
	return t.data[:]
}

// String returns the text, as long as it isn't changed.
func (t *Text) String() string { return unsafe.String(&t.data[t.start], t.end-t.start) }

// AddNumber appends a number in decimal.
func (t *Text) AddNumber(n uint64) {
	var buffer [MaxDigits]byte
	t.Add(String(Digits(buffer[:], n, 10)))
}

// MaxDigits is how many digits a number has at most, in a base from 8 on.
const MaxDigits = 22

// Digits writes a number at the end of buffer, which is long enough, and returns the part that it fills. The base is at most 10.
func Digits(buffer []byte, n, base uint64) []byte {
	for at := len(buffer) - 1; ; at-- {
		buffer[at] = byte('0' + n%base)
		if n /= base; n == 0 {
			return buffer[at:]
		}
	}
}

// Clean reports whether path is absolute and spelled without what means nothing: ".", "..", a slash too many.
func Clean(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	for start := 1; start < len(path); {
		end := start
		for end < len(path) && path[end] != '/' {
			end++
		}
		switch path[start:end] {
		case "", ".", "..":
			return false
		}
		if end == len(path)-1 {
			return false // a slash at its end
		}
		start = end + 1
	}
	return true
}
