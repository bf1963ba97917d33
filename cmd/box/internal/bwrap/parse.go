package bwrap

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/bwraptext"
	"box/internal/early"
)

// maxWords is how many words a command line may have, those of --args files
// too. Callers rely on the number. bubblewrap has the same bound.
const maxWords = 9000 // the message has it, too

// parse does the options that words begin with and returns the command. done is
// true after --help and --version. An --args file ends with its options: a
// command in it is dropped. Options have their effect while they are read, so a
// message for a wrong word comes after the warnings of those before it, as with
// bubblewrap. inFile is true for the words of such a file, in which no further
// one may be named.
func (b *Line) parse(words []string, inFile bool) (command []string, done bool, err error) {
	if b.words += len(words); b.words > maxWords {
		return nil, false, bwraptext.Errorf("Exceeded maximum number of arguments 9000")
	}
	for len(words) > 0 {
		word := words[0]
		switch {
		case word == "--help":
			bwraptext.Usage(false, b.name)
			return nil, true, nil
		case word == "--version":
			return nil, true, bwraptext.PrintVersion()
		case word == debugOption+"print-assumed-kernel":
			return nil, true, bwraptext.PrintKernel()
		case word == "--":
			return words[1:], false, b.noLayers()
		case !strings.HasPrefix(word, "-"):
			return words, false, b.noLayers()
		}
		index := find(word)
		if index < 0 {
			return nil, false, unknown(word)
		}
		f := &Options[index]
		if word == "--args" && inFile {
			return nil, false, bwraptext.Errorf("--args not supported in arguments file")
		}
		if len(words) <= f.Words {
			return nil, false, tooFew(f)
		}
		if f.OnlyLast && b.once[index] {
			early.Ordinary()
			bwraptext.Print(b.warn, "Only the last %s option will take effect", word)
		}
		b.once[index] = true
		// The capacity is cut too: the words become part of the Spec, and an
		// append to them must not write over the next ones.
		taken := words[: 1+f.Words : 1+f.Words]
		words = words[1+f.Words:]
		if word == "--args" {
			done, err = b.argsFile(taken[1])
		} else {
			err = f.Do(b, taken)
		}
		if err == nil {
			err = noEmptyPath(f, taken)
		}
		if err == nil && !done {
			err = b.checkModifiers(word)
		}
		if err != nil || done {
			return nil, done, err
		}
	}
	return nil, false, b.noLayers()
}

// tooFew is the error for an option without all of its arguments. bubblewrap has
// another sentence for one of them.
func tooFew(f *Option) error {
	if f.Name == "--overlay-src" {
		return dieLayers()
	}
	return bwraptext.Errorf("%s takes %s", f.Name, f.Takes)
}

// noEmptyPath fails if an argument of an option is a path and empty.
func noEmptyPath(f *Option, words []string) error {
	for i, word := range words {
		if word == "" && f.Paths>>i&1 != 0 {
			return bwraptext.Errorf("%s does not take an empty path argument", f.Name)
		}
	}
	return nil
}

// debugOption begins an option of bubblewrap's own tests.
const debugOption = "--debug-opt="

// unknown is the error for a word that is no option.
func unknown(word string) error {
	if what, is := strings.CutPrefix(word, debugOption); is {
		return bwraptext.Errorf("Unknown --debug-opt value: %s", what)
	}
	return bwraptext.Errorf("Unknown option %s", word)
}

// dieLayers is the error for an --overlay-src that nothing uses.
func dieLayers() error {
	return bwraptext.Errorf("--overlay-src must be followed by another --overlay-src or one of --overlay, --tmp-overlay, " +
		"or --ro-overlay")
}

// noLayers fails if an --overlay-src was not used up. It is asked where the
// command begins.
func (b *Line) noLayers() error {
	if b.layers != nil {
		return dieLayers()
	}
	return nil
}

// find returns the index of an option, or -1. An index and not a pointer: once
// is a list beside the table.
func find(word string) int {
	for i := range Options {
		if Options[i].Name == word {
			return i
		}
	}
	return -1
}

// argsFile does the options in an --args file. Its words count with those of
// the command line, see maxWords. An empty file has no words.
func (b *Line) argsFile(word string) (done bool, err error) {
	var fd int
	if err := b.named(&fd, word); err != nil {
		return false, err
	}
	data, err := b.read(word)
	if err != nil {
		return false, bwraptext.Errorf("Can't read --args data: %s", bwraptext.Reason(err))
	}
	if len(data) == 0 {
		return false, nil
	}
	_, done, err = b.parse(b.memory.SplitWords(data), true)
	return done, err
}

// checkModifiers fails if --perms or --size was not used up by the option that
// followed it. It is asked after each option, as bubblewrap does. --perms and
// --size may stand in either order before the option that they are for.
func (b *Line) checkModifiers(word string) error {
	if word != "--overlay-src" && b.layers != nil {
		return dieLayers()
	}
	if word == "--perms" || word == "--size" {
		return nil
	}
	if b.perms.Given {
		return bwraptext.Errorf("--perms must be followed by an option that creates a file")
	}
	if b.size.Given {
		return bwraptext.Errorf("--size must be followed by --tmpfs")
	}
	return nil
}

// descriptor reads the number of a descriptor. bubblewrap reads it by
// strtol(3), so that blanks and a plus sign may stand in front.
func descriptor(word string) (int, error) {
	n, ok := arg.Strtol(word)
	if !ok || n < 0 || n > 1<<31-1 {
		return 0, bwraptext.Errorf("Invalid fd: %s", word)
	}
	return int(n), nil
}
