package bpf

import "box/seccompprofile/policy"

// answer is a value of a word, and what follows if the word has it.
type answer struct {
	value uint32
	then  place
}

// conditions adds conditions that must all hold.
func (a *assembler) conditions(conds []policy.Cond, holds, fails place) place {
	for i := len(conds) - 1; i >= 0; i-- {
		if conds[i].Not {
			holds = a.condition(&conds[i], fails, holds)
		} else {
			holds = a.condition(&conds[i], holds, fails)
		}
	}
	return holds
}

// condition adds a comparison with a condition's values. An argument is compared by halves, and only those halves that the
// mask has bits in: of most arguments the kernel sees the lower one only.
func (a *assembler) condition(c *policy.Cond, equal, differs place) place {
	lowMask, highMask := uint32(c.Mask), uint32(c.Mask>>32)
	var answers []answer
	for i := 0; i < len(c.Values); { // they are sorted: those with the same upper half are beside each other
		upper := uint32(c.Values[i] >> 32)
		var lower []answer
		for ; i < len(c.Values) && uint32(c.Values[i]>>32) == upper; i++ {
			lower = append(lower, answer{uint32(c.Values[i]), equal})
		}
		answers = append(answers, answer{upper, a.word(low(c.Arg), lowMask, lower, differs)})
	}
	return a.word(high(c.Arg), highMask, answers, differs)
}

// word adds the comparison of a word with values.
func (a *assembler) word(word, mask uint32, answers []answer, differs place) place {
	if mask == 0 {
		for _, w := range answers {
			if w.value == 0 {
				return w.then
			}
		}
		return differs
	}
	if len(answers) == 0 {
		return differs
	}
	where := func(p place) int {
		if mask == ^uint32(0) {
			return p.with(word)
		}
		return p.at
	}
	next := where(differs)
	for i := len(answers) - 1; i >= 0; i-- {
		next = a.test(jumpEq, answers[i].value, where(answers[i].then), next)
	}
	if mask != ^uint32(0) {
		a.follow(next)
		next = a.add(instruction{code: and, k: mask})
	}
	return a.load(word, next)
}
