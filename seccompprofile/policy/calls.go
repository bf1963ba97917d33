package policy

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

//go:embed calls.txt
var callsText string

// call is a line of calls.txt.
type call struct {
	name    string
	numbers [len(arches)]int32 // -1 where there is none
	args    string             // a letter each: s, i, l, L
	args386 string             // the same on i386
	like    string             // the call whose rules it has on i386
}

// The table is read when first asked for: most starts never do.
var calls struct {
	once sync.Once
	list []call
	name map[string]*call
}

func table() []call {
	calls.once.Do(func() {
		for line := range strings.Lines(callsText) {
			if words := fields(line); len(words) > 0 {
				calls.list = append(calls.list, readCall(words))
			}
		}
		calls.name = make(map[string]*call, len(calls.list))
		for i := range calls.list {
			calls.name[calls.list[i].name] = &calls.list[i]
		}
	})
	return calls.list
}

// readCall reads a line, which is box's own and tested.
func readCall(words []string) call {
	c := call{name: words[0], args: strings.Trim(words[4], "0")}
	for i := range c.numbers {
		c.numbers[i] = -1
		if n, err := strconv.ParseInt(words[i+1], 10, 32); err == nil {
			c.numbers[i] = int32(n)
		}
	}
	c.args386 = c.args
	for _, extra := range words[5:] {
		if args, ok := strings.CutPrefix(extra, "i386:"); ok {
			c.args386 = args
		} else {
			c.like = extra[1:]
		}
	}
	return c
}

// callOf returns the call of a name, or nil.
func callOf(name string) *call {
	table()
	return calls.name[name]
}

func callNames() []string {
	var names []string
	for _, c := range table() {
		names = append(names, c.name)
	}
	return names
}

// width returns how many bits the kernel looks at in an argument, or 0 with the reason why there is no condition on it.
func (c *call) width(arg int, a *Arch) (int, string) {
	args := c.args
	if a == I386 {
		args = c.args386
	}
	if arg >= len(args) {
		return 0, "the call has " + [...]string{
			"no arguments", "1 argument", "2 arguments", "3 arguments", "4 arguments", "5 arguments", "6 arguments",
		}[len(args)]
	}
	if a.Narrow {
		if strings.Contains(args[:arg+1], "L") {
			return 0, "on i386 it is not in a register of its own"
		}
		if args[arg] == 'l' {
			return 32, ""
		}
	}
	switch args[arg] {
	case 's':
		return 16, ""
	case 'i':
		return 32, ""
	}
	return 64, ""
}
