package plan

import (
	"slices"
	"unsafe"

	"box/internal/early"
)

// Builder writes a Plan. It owns the memory of everything that the calls point to: a fixed block that is enough for
// plain sandboxes, so that compiling one allocates nothing, and further blocks for large ones. A Builder must not
// be on a goroutine's stack, which moves.
type Builder struct {
	Plan
	forWhom uint32
	free    [8]Reg // registers to use again
	nfree   int
	link    Ptr      // where SymlinkatOnce finds what is there
	block   []byte   // what is left of the current block
	more    [][]byte // keeps the further blocks alive
	fixed   struct {
		calls [8 << 10]Call
		acts  [2]Act
		keep  [8]Reg
		bytes [512 << 10]byte
	}
}

// Reset makes b empty, with room for a plain plan.
func (b *Builder) Reset() {
	b.Plan = Plan{
		Outside: b.fixed.acts[:0], Inside: b.fixed.calls[:0], Regs: int(firstFree), Data: b.fixed.bytes[:], Keep: b.fixed.keep[:0],
	}
	b.block, b.more, b.forWhom, b.nfree, b.link = b.fixed.bytes[:], nil, 0, 0, 0
	b.Sends, b.Masks = 1<<Failed, 0
}

// For says whose wish the calls are that are written from now on. It returns whose those before were: who says
// something else for a moment puts that back.
func (b *Builder) For(whom uint32) (was uint32) {
	was, b.forWhom = b.forWhom, whom
	return was
}

// Whom returns what For was given last.
func (b *Builder) Whom() uint32 { return b.forWhom }

// Reg hands out a register.
func (b *Builder) Reg() Reg {
	if b.nfree > 0 {
		b.nfree--
		return b.free[b.nfree]
	}
	return b.Fresh()
}

// Fresh hands out a register that was never used: registers from successive calls are consecutive.
func (b *Builder) Fresh() Reg {
	b.Regs++
	return Reg(b.Regs - 1)
}

// memory returns n fresh bytes, aligned to 8.
func (b *Builder) memory(n int) []byte {
	size := (n + 7) &^ 7
	if size > len(b.block) {
		early.Ordinary()
		b.block = make([]byte, max(size, 1<<20))
		b.more = append(b.more, b.block)
	}
	p := b.block[:size:size]
	b.block = b.block[size:]
	return p[:n]
}

// Scratch returns n zero bytes to work with while compiling.
func (b *Builder) Scratch(n int) []byte {
	p := b.memory(n)
	clear(p)
	return p
}

// RegList returns memory to note n registers while compiling.
func (b *Builder) RegList(n int) []Reg {
	if n == 0 {
		return nil
	}
	p := b.Scratch(n * int(unsafe.Sizeof(None)))
	return unsafe.Slice((*Reg)(unsafe.Pointer(unsafe.SliceData(p))), n)
}

// Space returns the address of n zero bytes.
func (b *Builder) Space(n int) Ptr {
	p := b.memory(n)
	clear(p)
	return address(p)
}

// String returns the address of a copy of s with a NUL at its end.
func (b *Builder) String(s string) Ptr {
	p := b.memory(len(s) + 1)
	copy(p, s)
	p[len(s)] = 0
	return address(p)
}

// Join is String for dir + "/" + name.
func (b *Builder) Join(dir, name string) Ptr { return b.Concat(dir, "/", name) }

// Concat is String for three strings, one after the other.
func (b *Builder) Concat(first, second, third string) Ptr {
	p := b.memory(len(first) + len(second) + len(third) + 1)
	n := copy(p, first)
	n += copy(p[n:], second)
	n += copy(p[n:], third)
	p[n] = 0
	return address(p)
}

// Bytes returns the address of a copy of data.
func (b *Builder) Bytes(data []byte) Ptr {
	p := b.memory(len(data))
	copy(p, data)
	return address(p)
}

// Words64 returns the address of an array of 64-bit words: most kernel structures are one.
func (b *Builder) Words64(words ...uint64) Ptr {
	p := b.memory(8 * len(words))
	for i, w := range words {
		*(*uint64)(unsafe.Pointer(&p[8*i])) = w
	}
	return address(p)
}

// Words32 returns the address of an array of 32-bit words.
func (b *Builder) Words32(words ...uint32) Ptr {
	p := b.memory(4 * len(words))
	for i, w := range words {
		*(*uint32)(unsafe.Pointer(&p[4*i])) = w
	}
	return address(p)
}

// Strings returns the address of a NULL-terminated array of strings, as execve(2) takes it.
func (b *Builder) Strings(list []string) Ptr {
	p := pointers(b.memory(wordSize * (len(list) + 1)))
	for i, s := range list {
		p[i] = b.String(s)
	}
	p[len(list)] = 0
	return Ptr(unsafe.Pointer(&p[0]))
}

// Pointers returns the address of an array of n null pointers, and one more.
func (b *Builder) Pointers(n int) Ptr { return b.Space(wordSize * (n + 1)) }

// Store sets element i of such an array.
func (b *Builder) Store(array Ptr, i int, to Ptr) {
	at := Slot(array, i)
	**(**Ptr)(unsafe.Pointer(&at)) = to
}

// Slot returns the address of element i of an array that Strings has made.
func Slot(array Ptr, i int) Ptr { return array + Ptr(i*wordSize) }

// Script returns the arguments with which a shell runs the script at path: argv, an array of n strings, with shell and
// path in the place of its first.
func (b *Builder) Script(shell, path, argv Ptr, n int) Ptr {
	p := pointers(b.memory(wordSize * (n + 2)))
	p[0], p[1] = shell, path
	copy(p[2:], unsafe.Slice(*(**Ptr)(unsafe.Pointer(&argv)), n+1)[1:])
	return Ptr(unsafe.Pointer(&p[0]))
}

const wordSize = int(unsafe.Sizeof(Ptr(0)))

func pointers(p []byte) []Ptr {
	return unsafe.Slice((*Ptr)(unsafe.Pointer(unsafe.SliceData(p))), len(p)/wordSize)
}

// Text returns the address and the length of format with a NUL after it, in which each %d stands for the next of
// values in decimal and each %o for one in octal. It is what fmt.Sprintf would give, without allocating.
func (b *Builder) Text(format string, values ...uint64) (Ptr, int) {
	var text [192]byte
	n, v := 0, 0
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			text[n] = format[i]
			n++
			continue
		}
		i++
		base := uint64(10)
		if format[i] == 'o' {
			base = 8
		}
		var buffer [early.MaxDigits]byte
		n += copy(text[n:], early.Digits(buffer[:], values[v], base))
		v++
	}
	p := b.memory(n + 1)
	copy(p, text[:n])
	p[n] = 0
	return address(p), n
}

func address(p []byte) Ptr { return Ptr(unsafe.Pointer(unsafe.SliceData(p))) }

// add appends a call with its reason and returns it; the pointer holds until the next call is added.
func (b *Builder) add(why Why, nr uintptr, args ...uintptr) *Call {
	if len(b.Inside) == cap(b.Inside) {
		b.grow()
	}
	b.Inside = b.Inside[:len(b.Inside)+1]
	c := &b.Inside[len(b.Inside)-1]
	*c = Call{}
	c.Nr, c.For, c.Why = uint16(nr), b.forWhom, why
	copy(c.Args[:], args)
	return c
}

// grow makes room for more calls and more to keep.
//
//go:noinline
func (b *Builder) grow() {
	early.Ordinary()
	b.Inside, b.Keep = slices.Grow(b.Inside, 1), slices.Grow(b.Keep, 1)
}

// KeepOpen lets pid 1 keep r open after the fork.
func (b *Builder) KeepOpen(r Reg) {
	if len(b.Keep) == cap(b.Keep) {
		b.grow()
	}
	b.Keep = b.Keep[:len(b.Keep)+1]
	b.Keep[len(b.Keep)-1] = r
}

// fd makes argument i the descriptor r.
func (c *Call) fd(i int, r Reg) *Call {
	if r == Cwd {
		c.Args[i] = atFDCWD
	} else {
		c.In[i] = r
	}
	return c
}

// out keeps the call's result in r.
func (c *Call) out(r Reg) { c.Out = r }
