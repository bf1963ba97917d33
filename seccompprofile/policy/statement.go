package policy

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"box/internal/nearest"
)

// statement is a line that is being read.
type statement struct {
	policy  *Policy
	rule    Rule
	words   []string
	include func(string) ([]byte, error)
	above   []string
}

func (s *statement) wrong(word, msg string, valid ...string) error {
	e := &Error{File: s.rule.File, Line: s.rule.Line, Word: word, Msg: msg}
	if word != "" {
		e.Nearest = nearest.Of(word, valid)
	}
	return e
}

// version reads the first line.
func (s *statement) version() error {
	switch {
	case s.words[0] != "version":
		return s.wrong(s.words[0], "a policy begins with \"version "+Version+"\"")
	case len(s.words) != 2:
		return s.wrong("version", "needs one number")
	case s.words[1] != Version:
		return s.wrong(s.words[1], "this version of the format is not known: there is "+Version)
	}
	return nil
}

// read reads another line.
func (s *statement) read() error {
	switch word := s.words[0]; word {
	case "version":
		return s.wrong(word, "there is one already")
	case "default":
		return s.readDefault()
	case "arch":
		return s.readArch()
	case "include":
		return s.readInclude()
	case "allow", "errno", "kill", "log":
		return s.readRule()
	case "notify":
		return s.wrong(word, "this action is reserved")
	default:
		return s.wrong(word, "no such statement", append(actionWords[:], "default", "arch", "include")...)
	}
}

func (s *statement) readDefault() error {
	if s.policy.Default != nil {
		return contradiction(s.policy.Default, &s.rule, "the default")
	}
	s.words = s.words[1:]
	if len(s.words) == 0 {
		return s.wrong("default", "needs an action", actionWords[:]...)
	}
	if err := s.action(); err != nil {
		return err
	}
	if len(s.words) != 0 {
		return s.wrong(s.words[0], "a default is an action alone")
	}
	s.policy.Default = &s.rule
	return nil
}

// action reads an action and takes its words off.
func (s *statement) action() error {
	word := s.words[0]
	s.words = s.words[1:]
	switch word {
	case "allow":
		s.rule.Action = Allow
	case "log":
		s.rule.Action = Log
	case "kill":
		s.rule.Action = Kill
	case "notify":
		return s.wrong(word, "this action is reserved")
	case "errno":
		if len(s.words) == 0 {
			return s.wrong(word, "needs the name of an errno, such as EPERM")
		}
		e, ok := errnoOf(s.words[0])
		if !ok {
			return s.wrong(s.words[0], "no such errno", errnoNames()...)
		}
		s.rule.Action, s.words = Errno(e), s.words[1:]
	default:
		return s.wrong(word, "no such action", actionWords[:]...)
	}
	return nil
}

func (s *statement) readArch() error {
	if s.policy.archLine != nil {
		return s.wrong("arch", "there is such a line already: one names all")
	}
	if len(s.words) == 1 {
		return s.wrong("arch", "needs the name of an architecture, such as x86_64")
	}
	for _, word := range s.words[1:] {
		a := ArchOf(word)
		if a == nil {
			return s.wrong(word, "no such architecture", AMD64.Machine, ARM64.Machine, I386.Machine)
		}
		s.policy.arches = append(s.policy.arches, a)
	}
	s.policy.archLine = &s.rule
	return nil
}

func (s *statement) readInclude() error {
	if len(s.words) != 2 {
		return s.wrong("include", "needs one name")
	}
	word := s.words[1]
	name := word
	if strings.ContainsAny(name, "/.") && !path.IsAbs(name) {
		name = path.Join(path.Dir(s.rule.File), name)
	}
	above := append(slices.Clone(s.above), s.rule.File)
	switch {
	case slices.Contains(above, name):
		return s.wrong(word, "includes itself: "+strings.Join(append(above, name), " includes "))
	case len(above) >= maxDepth:
		return s.wrong(word, "this is "+strconv.Itoa(maxDepth)+" files deep, which is too deep")
	case s.include == nil:
		return s.wrong(word, "there is nothing to include here")
	}
	text, err := s.include(name)
	if err != nil {
		return s.wrong(word, "can't be included: "+err.Error())
	}
	sub := &Policy{Name: name}
	if err := sub.parse(text, s.include, above); err != nil {
		return err
	}
	s.policy.includes = append(s.policy.includes, sub)
	return nil
}

// readRule reads an action with calls and conditions.
func (s *statement) readRule() error {
	first := s.words[0]
	if err := s.action(); err != nil {
		return err
	}
	calls, conds := s.words, []string(nil)
	if at := slices.Index(s.words, "if"); at >= 0 {
		calls, conds = s.words[:at], s.words[at+1:]
		if len(conds) == 0 {
			return s.wrong("if", "needs a condition, such as \"arg0 == 1\"")
		}
	}
	if len(calls) == 0 {
		return s.wrong(first, "needs a call")
	}
	for _, word := range calls {
		t, err := s.term(word)
		if err != nil {
			return err
		}
		s.rule.terms = append(s.rule.terms, t)
	}
	for len(conds) > 0 {
		end := slices.Index(conds, "and")
		if end < 0 {
			end = len(conds)
		} else if end == len(conds)-1 {
			return s.wrong("and", "needs another condition")
		}
		c, err := s.condition(conds[:end])
		if err != nil {
			return err
		}
		s.rule.Conds = append(s.rule.Conds, c)
		conds = conds[min(end+1, len(conds)):]
	}
	s.policy.rules = append(s.policy.rules, &s.rule)
	return nil
}

// term reads a word that stands for calls.
func (s *statement) term(word string) (term, error) {
	if strings.HasPrefix(word, "@") {
		if groupOf(word) == "" {
			return term{}, s.wrong(word, "no such group", Groups()...)
		}
		return term{word: word, kind: byGroup}, nil
	}
	name, digits, both := strings.Cut(word, "=")
	if !both && word[0] >= '0' && word[0] <= '9' {
		name, digits = "", word
	}
	known := callOf(name)
	if digits == "" && !both {
		if known == nil {
			return term{}, s.wrong(word, "no such call", append(callNames(), Groups()...)...)
		}
		return term{word: word, name: name}, nil
	}
	number, err := strconv.ParseUint(digits, 0, 32)
	switch {
	case err != nil:
		return term{}, s.wrong(word, "no number of a call")
	case number >= x32Bit:
		return term{}, s.wrong(word, "no call has a number as high as this")
	case both && !isName(name):
		return term{}, s.wrong(word, "no name of a call")
	}
	if known != nil {
		if !slices.Contains(known.numbers[:], int32(number)) {
			return term{}, s.wrong(word, name+" has another number")
		}
		return term{word: word, name: name}, nil
	}
	return term{word: word, name: name, number: uint32(number), kind: byNumber}, nil
}

func isName(word string) bool {
	for _, r := range word {
		if r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return word != ""
}

// condition reads ARG == VALUE, ARG in VALUE ..., ARG & MASK == VALUE, and the same with != and not in.
func (s *statement) condition(words []string) (Cond, error) {
	c := Cond{Mask: ^uint64(0)}
	whole := strings.Join(words, " ")
	if len(words) == 0 {
		return c, s.wrong("and", "stands between two conditions")
	}
	digit, ok := strings.CutPrefix(words[0], "arg")
	if !ok || len(digit) != 1 || digit[0] < '0' || digit[0] > '5' {
		return c, s.wrong(words[0], "no argument of a call", "arg0", "arg1", "arg2", "arg3", "arg4", "arg5")
	}
	c.Arg, words = int(digit[0]-'0'), words[1:]
	if len(words) > 2 && words[0] == "&" {
		mask, err := s.value(words[1])
		if err != nil {
			return c, err
		}
		c.Mask, words = mask, words[2:]
	}
	words, several, err := s.comparison(&c, words)
	if err != nil {
		return c, err
	}
	if len(words) == 0 || len(words) > 1 && !several {
		return c, s.wrong(whole, "this is no condition: they are such as \"arg0 == 1\", \"arg1 in 1 2\", \"arg0 & 0xf == 2\"")
	}
	return c, s.values(&c, words)
}

// comparison reads what a value is compared by, and returns the words that follow, and whether there may be several of them.
func (s *statement) comparison(c *Cond, words []string) (rest []string, several bool, err error) {
	switch {
	case len(words) == 0:
		return words, false, nil
	case words[0] == "==", words[0] == "!=":
		c.Not = words[0] == "!="
		return words[1:], false, nil
	case words[0] == "in":
		return words[1:], true, nil
	case len(words) > 1 && words[0] == "not" && words[1] == "in":
		c.Not = true
		return words[2:], true, nil
	case slices.Contains(ordered[:], words[0]):
		return nil, false, s.wrong(words[0], "there are no ordered comparisons: name the values with in, or the bits with &")
	}
	return nil, false, s.wrong(words[0], "no comparison", "==", "!=", "in", "not in", "&")
}

// values reads what is compared with.
func (s *statement) values(c *Cond, words []string) error {
	for _, word := range words {
		v, err := s.value(word)
		if err != nil {
			return err
		}
		if v&^c.Mask != 0 {
			return s.wrong(word, "has bits that the mask leaves out: it is never equal")
		}
		c.Values = append(c.Values, v)
	}
	slices.Sort(c.Values)
	if c.Values = slices.Compact(c.Values); len(c.Values) > maxValues {
		return s.wrong("in", "takes "+strconv.Itoa(maxValues)+" values at most")
	}
	return nil
}

const maxValues = 64

var ordered = [...]string{"<", "<=", ">", ">="}

// value reads a number, decimal or with 0x, 0o or 0b.
func (s *statement) value(word string) (uint64, error) {
	if v, err := strconv.ParseUint(word, 0, 64); err == nil {
		return v, nil
	}
	v, err := strconv.ParseInt(word, 0, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, s.wrong(word, "does not fit into 64 bits")
	}
	if err != nil {
		return 0, s.wrong(word, "no number")
	}
	return uint64(v), nil
}
