package failure

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Offsets and numbers of elf(5), for 64-bit little-endian programs. debug/elf
// would do the same, but the packages that it brings cost every start 25
// microseconds.
const (
	elfMagic      = "\x7fELF\x02\x01"
	elfHeader     = 64
	elfPhOff      = 32 // in the header: where the program headers are
	elfPhEntSize  = 54 // the size of one
	elfPhNum      = 56 // how many
	phOffset      = 8  // in a program header: where its data is in the file
	phFileSize    = 32
	phSize        = 56
	ptInterp      = 3
	maxLoaderName = 4096
)

// loader returns the path of the loader that a program asks for (PT_INTERP), or
// "". The file may be anybody's, so no number in it is trusted: there are at
// most 65535 headers, and a name has a bound of its own. Programs of 32 bits
// and of the other byte order have "" here.
func loader(f io.ReaderAt) string {
	header := make([]byte, elfHeader)
	if _, err := f.ReadAt(header, 0); err != nil || !bytes.HasPrefix(header, []byte(elfMagic)) {
		return ""
	}
	at := int64(binary.LittleEndian.Uint64(header[elfPhOff:]))
	size := int64(binary.LittleEndian.Uint16(header[elfPhEntSize:]))
	for range binary.LittleEndian.Uint16(header[elfPhNum:]) {
		program := make([]byte, phSize)
		if _, err := f.ReadAt(program, at); err != nil {
			return ""
		}
		if binary.LittleEndian.Uint32(program) == ptInterp {
			name := make([]byte, min(binary.LittleEndian.Uint64(program[phFileSize:]), maxLoaderName))
			n, _ := f.ReadAt(name, int64(binary.LittleEndian.Uint64(program[phOffset:])))
			name, _, _ = bytes.Cut(name[:n], []byte{0})
			return string(name)
		}
		at += size
	}
	return ""
}
