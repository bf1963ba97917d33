package main

import (
	"box/internal/early"
	"box/spec"
)

// room is memory for the lists of a command line: long enough for ordinary ones, so that these need no heap.
type room struct {
	spec    spec.Spec
	tree    [4 << 10]spec.Entry
	words   [4 << 10]string // of --args files
	used    int             // of words
	filters [8]spec.Filter
	close   [64]int
	dirs    [3]string
	argv    [256]string
	env     [512]string
	envs    [256]envStep
	steps   [4 << 10]step
	keep    [64]int
	keptAs  [64]spec.Description
	sync    [1]int
	homes   [2]string
	raw     [8]spec.Filter
	kept    [16]kept
	locks   [16]string
}

// plainRoom is the room of the process's own command line.
var plainRoom room

// renamed returns a command whose argv[0] is name.
func renamed(room []string, name string, command []string) []string {
	room = early.Append(room, name)
	for _, word := range command[1:] {
		room = early.Append(room, word)
	}
	return room
}

// splitWords returns the words of an --args file: each is ended by a NUL, which the last may lack.
func (r *room) splitWords(data []byte) []string {
	words := r.words[r.used:r.used]
	for start := 0; start < len(data); {
		end := start
		for end < len(data) && data[end] != 0 {
			end++
		}
		words = early.Append(words, early.String(data[start:end]))
		start = end + 1
	}
	r.used = min(r.used+len(words), len(r.words))
	return words
}
