package policy

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
)

// settle makes one thing of the rules about a call, and finds the contradictions between them.
func settle(a *Arch, nr uint32, b bound) (Call, error) {
	c := Call{Number: nr, Name: b.name}
	for _, r := range b.rules {
		if len(r.Conds) == 0 {
			if c.Otherwise != nil && c.Otherwise.Action != r.Action {
				return c, contradiction(c.Otherwise, r, b.name)
			}
			if c.Otherwise == nil {
				c.Otherwise = r
			}
			continue
		}
		conds, err := narrow(a, r, b.name, nr)
		if err != nil {
			return c, err
		}
		for i := range c.Cases {
			if err := agree(&c.Cases[i], r, conds, b.name); err != nil {
				return c, err
			}
		}
		c.Cases = append(c.Cases, Case{r, conds})
	}
	return c, nil
}

// narrow masks the conditions of a rule to the widths of a call's arguments.
func narrow(a *Arch, r *Rule, name string, nr uint32) ([]Cond, error) {
	wrong := func(word, msg string) error {
		return &Error{File: r.File, Line: r.Line, Word: word, Msg: msg}
	}
	known := callOf(name)
	if known == nil {
		return nil, wrong(cmp.Or(name, strconv.FormatUint(uint64(nr), 10)),
			"there are conditions on the arguments of known calls only")
	}
	var conds []Cond
	for i := range r.Conds {
		c := &r.Conds[i]
		bits, why := known.width(c.Arg, a)
		if bits == 0 {
			return nil, wrong(argWords[c.Arg], why+": "+name)
		}
		if !a.Narrow { // there a call may have fewer bits than where the policy was written for
			written := append([]uint64{c.maskWritten()}, c.Values...)
			for _, v := range written {
				if !fits(v, bits) {
					return nil, wrong(argWords[c.Arg],
						fmt.Sprintf("of %s has %d bits, which can't hold %#x", name, bits, v))
				}
			}
		}
		conds = append(conds, c.narrowed(bits))
	}
	return conds, nil
}

var argWords = [...]string{"arg0", "arg1", "arg2", "arg3", "arg4", "arg5"}

// agree reports whether a case and a rule with conditions can stand beside each other: their actions are the same, or
// no arguments fulfil both.
func agree(c *Case, r *Rule, conds []Cond, name string) error {
	if c.Rule.Action == r.Action {
		return nil
	}
	both, err := overlap(c.Conds, conds)
	switch {
	case errors.Is(err, ErrComplex):
		return &Error{File: r.File, Line: r.Line, Word: name, Msg: err.Error()}
	case both:
		return contradiction(c.Rule, r, name)
	}
	return err
}
