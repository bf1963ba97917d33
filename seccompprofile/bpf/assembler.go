package bpf

// assembler writes a program from its end to its beginning, since jumps go forward only: what a jump leads to is there
// when the jump is written. A place is counted from the end, and stays what it is.
type assembler struct {
	code   []instruction  // the last instruction first
	rets   map[uint32]int // where the nearest return of a value is
	leaves []leaf
}

// leaf is where the conditions of a span are.
type leaf struct {
	span
	at int
}

// place is where a jump may lead. If its first instruction loads a word, who has that word already may jump behind it.
type place struct {
	at    int
	word  uint32
	loads bool
}

// farthest is what a condition can skip, 255, with room for two jumps that are put in between.
const farthest = 250

func (a *assembler) add(i instruction) int {
	a.code = append(a.code, i)
	return len(a.code) - 1
}

// skip returns how many instructions lie between the next one and a place.
func (a *assembler) skip(at int) int { return len(a.code) - at - 1 }

// near returns a place that a condition can jump to and which leads to at.
func (a *assembler) near(at int) int {
	if a.skip(at) <= farthest {
		return at
	}
	return a.add(instruction{code: jump, k: uint32(a.skip(at))})
}

// ret returns a place that returns a value, an old one if it is near.
func (a *assembler) ret(value uint32) place {
	at, ok := a.rets[value]
	if !ok || a.skip(at) > farthest {
		at = a.add(instruction{code: ret, k: value})
		a.rets[value] = at
	}
	return place{at: at}
}

// test adds a comparison and what follows it either way.
func (a *assembler) test(code uint16, k uint32, then, otherwise int) int {
	if then == otherwise {
		return then
	}
	then, otherwise = a.near(then), a.near(otherwise)
	return a.add(instruction{code: code, jt: uint8(a.skip(then)), jf: uint8(a.skip(otherwise)), k: k})
}

// load adds the loading of a word before the instruction at a place, which must be the next one.
func (a *assembler) load(word uint32, next int) place {
	a.follow(next)
	return place{at: a.add(instruction{code: load, k: word}), word: word, loads: true}
}

// follow makes sure that what comes after the next instruction leads to a place.
func (a *assembler) follow(next int) {
	if a.skip(next) > 0 {
		a.add(instruction{code: jump, k: uint32(a.skip(next))})
	}
}

// with returns where to go on for who has a word.
func (p place) with(word uint32) int {
	if p.loads && p.word == word {
		return p.at - 1
	}
	return p.at
}

// program returns the instructions in order.
func (a *assembler) program() []instruction {
	forward := make([]instruction, 0, len(a.code))
	for i := len(a.code) - 1; i >= 0; i-- {
		forward = append(forward, a.code[i])
	}
	return forward
}
