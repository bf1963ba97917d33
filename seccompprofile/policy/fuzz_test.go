package policy

import (
	"errors"
	"strings"
	"testing"
)

// Whatever a text is, Parse ends with a policy that decides each call, or with an *Error that names a line of the text.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "version 1", "version 1\ndefault errno ENOSYS\nallow read @mount\nerrno EPERM clone if arg0 & 0x7e020000 != 0\n",
		"version 1\ninclude base\nlog socket if arg0 == 16 and arg2 not in 0 1\nerrno EPERM socket\n",
		"version 1\narch x86_64\ndefault kill\nallow 300 new=600 write=1\n", "version 1\ninclude self\n",
		"version 1\ndefault kill\nallow mount if arg3 in -1 0xffffffffffffffff 077\nallow close if arg0 & 0 == 0",
		"version 1\ndefault allow\nkill ioctl if arg1 not in 1 2 3 and arg1 & 0xff00 != 0x5400\nlog ioctl if arg1 == 0x5401",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("self", []byte(text), func(name string) ([]byte, error) {
			switch name {
			case "base":
				return []byte("version 1\ndefault errno ENOSYS\nallow read socket\n"), nil
			case "self":
				return []byte(text), nil
			}
			return nil, errors.New("there is none")
		})
		if err != nil {
			e := (*Error)(nil)
			if !errors.As(err, &e) || e.Msg == "" || e.Line < 1 || e.Line > strings.Count(text, "\n")+2 {
				t.Fatalf("%#v", err)
			}
			return
		}
		if !strings.Contains(text, "default") && !strings.Contains(text, "include") {
			t.Fatal("a policy without a default is taken")
		}
		for _, a := range arches {
			r, err := p.For(a)
			if err != nil {
				if p.excludes(a) == nil {
					t.Fatalf("%s: %v", a.Name, err)
				}
				continue
			}
			for _, c := range r.Calls {
				for _, args := range [][6]uint64{{}, {1, 1, 1, 1, 1, 1}, {16, 0x5401}} {
					agree := r.Decide(c.Number, args)
					for i := range c.Cases { // no other case has another answer
						if c.Cases[i].Holds(args) && c.Cases[i].Rule.Action != agree.Action {
							t.Fatalf("%s: two answers for %d with %#x", a.Name, c.Number, args)
						}
					}
				}
			}
		}
	})
}
