package main

import (
	"os"
	"strconv"
	"strings"
)

// maxWords is how many words a command line may have, those of --args files too. Callers rely on the number.
const maxWords = 9000

// onlyLast are the options of which the last counts, with a warning.
var onlyLast = map[string]bool{
	"--chdir": true, "--exec-label": true, "--file-label": true, "--sync-fd": true, "--block-fd": true, "--userns-block-fd": true,
	"--info-fd": true, "--json-status-fd": true, "--seccomp": true, "--userns": true, "--userns2": true, "--pidns": true,
	"--uid": true, "--gid": true, "--hostname": true,
}

// parse does the options that words begin with and returns the command. done is true after --help and --version. An
// --args file ends with its options: a command in it is dropped.
func (b *bwrap) parse(words []string, inFile bool) (command []string, done bool, err error) {
	if b.words += len(words); b.words > maxWords {
		return nil, false, die("Exceeded maximum number of arguments %d", maxWords)
	}
	for len(words) > 0 {
		word := words[0]
		switch {
		case word == "--help":
			bwrapUsage(os.Stdout, b.name)
			return nil, true, nil
		case word == "--version":
			return nil, true, printBwrapVersion(os.Stdout)
		case word == "--":
			return words[1:], false, b.noLayers()
		case !strings.HasPrefix(word, "-"):
			return words, false, b.noLayers()
		}
		f := findBwrap(word)
		if f == nil {
			return nil, false, die("Unknown option %s", word)
		}
		if word == "--args" && inFile {
			return nil, false, die("--args not supported in arguments file")
		}
		if len(words) <= f.words {
			if word == "--overlay-src" {
				return nil, false, errLayers
			}
			return nil, false, die("%s takes %s", word, f.takes)
		}
		if onlyLast[word] {
			b.repeated(word)
		}
		taken := words[: 1+f.words : 1+f.words]
		words = words[1+f.words:]
		if word == "--args" {
			done, err = b.argsFile(taken[1])
		} else {
			err = f.do(b, taken)
		}
		if err == nil && !done {
			err = b.checkModifiers(word)
		}
		if err != nil || done {
			return nil, done, err
		}
	}
	return nil, false, nil
}

var errLayers = die("--overlay-src must be followed by another --overlay-src or one of --overlay, --tmp-overlay, or --ro-overlay")

// noLayers fails if an --overlay-src was not used up.
func (b *bwrap) noLayers() error {
	if b.layers != nil {
		return errLayers
	}
	return nil
}

func findBwrap(word string) *bwrapFlag {
	for i := range bwrapFlags {
		if bwrapFlags[i].name == word {
			return &bwrapFlags[i]
		}
	}
	return nil
}

// repeated warns of an option of which only the last counts.
func (b *bwrap) repeated(word string) {
	if b.once[word] {
		b.warning("Only the last %s option will take effect", word)
	}
	b.once[word] = true
}

// argsFile does the options in an --args file.
func (b *bwrap) argsFile(word string) (done bool, err error) {
	var fd int
	if err := b.named(&fd, word); err != nil {
		return false, err
	}
	data, err := b.read(word)
	if err != nil {
		return false, die("Can't read --args data: %s", cText(err))
	}
	if len(data) == 0 {
		return false, nil
	}
	_, done, err = b.parse(strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00"), true)
	return done, err
}

// checkModifiers fails if --perms or --size was not used up by the option that followed it.
func (b *bwrap) checkModifiers(word string) error {
	if word != "--overlay-src" && b.layers != nil {
		return errLayers
	}
	if word == "--perms" || word == "--size" {
		return nil
	}
	if b.perms != nil {
		return die("--perms must be followed by an option that creates a file")
	}
	if b.size != nil {
		return die("--size must be followed by --tmpfs")
	}
	return nil
}

// strtol reads a decimal number as strtol(3) does: blanks and a sign may stand in front.
func strtol(word string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimLeft(word, " \t\n\v\f\r"), 10, 64)
	return n, err == nil
}

// bwrapFD reads the number of a descriptor.
func bwrapFD(word string) (int, error) {
	n, ok := strtol(word)
	if !ok || n < 0 || n > 1<<31-1 {
		return 0, die("Invalid fd: %s", word)
	}
	return int(n), nil
}
