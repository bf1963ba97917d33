package main

import (
	"fmt"

	"box/seccompprofile"
	"box/spec"
)

func (b *build) seccomp(w []string) error {
	f, err := b.filter(w[0])
	if err != nil {
		return err
	}
	if b.raw != nil {
		return fmt.Errorf("can't be combined with --add-seccomp-fd")
	}
	b.last = &f
	return nil
}

func (b *build) addSeccomp(w []string) error {
	f, err := b.filter(w[0])
	if err != nil {
		return err
	}
	if b.last != nil {
		return fmt.Errorf("can't be combined with --seccomp")
	}
	b.raw = append(b.raw, f)
	return nil
}

// filter reads a raw program.
func (b *build) filter(word string) (spec.Filter, error) {
	_, program, err := b.read(word)
	if err != nil {
		return spec.Filter{}, err
	}
	switch n := len(program); {
	case n == 0:
		return spec.Filter{}, fmt.Errorf("descriptor %s holds no program: it is empty", word)
	case n%seccompprofile.InstructionSize != 0:
		return spec.Filter{}, fmt.Errorf("descriptor %s holds no program: %d bytes are no multiple of %d",
			word, n, seccompprofile.InstructionSize)
	case n/seccompprofile.InstructionSize > seccompprofile.MaxInstructions:
		return spec.Filter{}, fmt.Errorf("the program on descriptor %s is too long: the kernel takes %d instructions",
			word, seccompprofile.MaxInstructions)
	}
	return spec.Filter{Program: program, Origin: spec.Origin{Words: b.step.words}}, nil
}
