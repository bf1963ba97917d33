// Command setentry gives a program the entry that its note asks for, see cmd/box/entry_amd64.s: setentry FILE.
// A program without a note stays as it is.
package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
)

// The note in a file: the mark, the address of the early entry, and room for that of the ordinary one.
const (
	mark       = "boxentry"
	earlyAt    = 8
	ordinaryAt = 16
	noteSize   = 24
)

const elfEntry = 24 // the offset of e_entry, see elf(5)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: setentry FILE")
		os.Exit(2)
	}
	said, err := set(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "setentry:", err)
		os.Exit(1)
	}
	fmt.Println(said)
}

// set writes the entry into the file at path, in place, and says what it has done.
func set(path string) (said string, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if file.Type != elf.ET_EXEC || file.Class != elf.ELFCLASS64 {
		return path + ": starts in the ordinary way, since it is not at a fixed address", nil
	}
	before, after, found := bytes.Cut(data, []byte(mark))
	switch {
	case !found:
		return path + ": starts in the ordinary way, which is the only one of this build", nil
	case bytes.Contains(after, []byte(mark)):
		return "", fmt.Errorf("%s: more than one note", path)
	}
	note := data[len(before):][:noteSize]
	word := binary.LittleEndian
	if word.Uint64(note[ordinaryAt:]) != 0 {
		return path + ": starts early already", nil
	}
	early := word.Uint64(note[earlyAt:])
	if !executable(file, early) {
		return "", fmt.Errorf("%s: the entry %#x is no code", path, early)
	}
	copy(note[ordinaryAt:], data[elfEntry:elfEntry+8])
	word.PutUint64(data[elfEntry:], early)
	return path + ": starts early", replace(path, data)
}

// executable reports whether there is code at an address.
func executable(file *elf.File, address uint64) bool {
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 && address >= p.Vaddr && address < p.Vaddr+p.Filesz {
			return true
		}
	}
	return false
}

// replace writes a new file in the place of another, with its mode: that may be running.
func replace(path string, data []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, info.Mode()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
