package session

import (
	"box/cmd/box/internal/inputs"
	"box/internal/early"
	"box/project"
	"box/spec"
)

// Memory is memory for the lists of a command line: long enough for ordinary
// ones, so that these need no heap. The lengths are bounds of an early run
// only: early.Append goes the ordinary way where a list is full, and there it
// is append. All of it is in one value so that a Session is a static variable
// and needs no heap; pages that are not used cost nothing.
type Memory struct {
	Spec       spec.Spec
	Tree       [4 << 10]spec.Entry
	Words      [4 << 10]string // of --args files
	Used       int             // of words
	Filters    [8]spec.Filter
	Close      [64]int
	Dirs       [3]string
	Argv       [256]string
	Env        [512]string
	Remembered [512]string // of the caller's environment
	Keep       [64]int
	KeptAs     [64]spec.Description
	Sync       [16]int
	Homes      [2]string
	Raw        [8]spec.Filter
	Kept       [16]inputs.Kept
	Locks      [16]string
	AllowNew   [16]string
	Brought    [3]spec.Entry
	Project    project.Found
	Locked     [256]spec.LockedPath
	Names      [64]string
	Allow      [512]spec.NetRule
	Deny       [64]spec.NetRule
	Publish    [64]spec.NetPort
	Volumes    [16]string
}

// Renamed returns a command whose argv[0] is name. The command itself is not
// changed: its words are the caller's, and its first one is still what is
// executed.
func Renamed(buffer []string, name string, command []string) []string {
	buffer = early.Append(buffer, name)
	for _, word := range command[1:] {
		buffer = early.Append(buffer, word)
	}
	return buffer
}

// SplitWords returns the words of an --args file: each is ended by a NUL, which
// the last may lack. The words share the memory of data, which must not be
// changed afterwards. Files share one list: each takes its words behind those
// of the one before.
func (r *Memory) SplitWords(data []byte) []string {
	words := r.Words[r.Used:r.Used]
	for start := 0; start < len(data); {
		end := start
		for end < len(data) && data[end] != 0 {
			end++
		}
		words = early.Append(words, early.String(data[start:end]))
		start = end + 1
	}
	r.Used = min(r.Used+len(words), len(r.Words))
	return words
}
