package native

import (
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/seccompprofile"
	"box/spec"
)

// seccomp takes the program in the place of one that was given before.
// bubblewrap does so as well, and refuses the mixture with --add-seccomp-fd.
func (b *Line) seccomp(w []string) error {
	f, err := b.filter(w[0])
	if err != nil {
		return err
	}
	if len(b.raw) > 0 {
		return say.Bad("can't be combined with --add-seccomp-fd")
	}
	b.last.Set(f)
	return nil
}

// addSeccomp adds a program. All that were added are loaded, in order.
func (b *Line) addSeccomp(w []string) error {
	f, err := b.filter(w[0])
	if err != nil {
		return err
	}
	if b.last.Given {
		return say.Bad("can't be combined with --seccomp")
	}
	b.raw = early.Append(b.raw, f)
	return nil
}

// filter reads a raw program. Only its length is checked here: the kernel
// checks the rest, and a program that it refuses fails with EINVAL when it is
// loaded. Its Policy is empty, by which others know that box can't say what it
// refuses.
func (b *Line) filter(word string) (spec.Filter, error) {
	_, program, err := b.read(word)
	if err != nil {
		return spec.Filter{}, err
	}
	if n := len(program); n == 0 || n%seccompprofile.InstructionSize != 0 ||
		n/seccompprofile.InstructionSize > seccompprofile.MaxInstructions {
		return spec.Filter{}, noProgram(word, n)
	}
	return spec.Filter{Program: program, Origin: spec.Origin{Words: b.step.words}}, nil
}

// noProgram is for n bytes that are not a program.
//
//go:noinline
func noProgram(word string, n int) error {
	early.Ordinary()
	switch {
	case n == 0:
		return say.Badf("descriptor %s holds no program: it is empty", word)
	case n%seccompprofile.InstructionSize != 0:
		return say.Badf("descriptor %s holds no program: %d bytes are no multiple of %d", word, n, seccompprofile.InstructionSize)
	}
	return say.Badf("the program on descriptor %s is too long: the kernel takes %d instructions",
		word, seccompprofile.MaxInstructions)
}
