package arg

import (
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Number is strconv.ParseUint, but for signs and underscores, which neither takes here.
func TestNumberIsParseUint(t *testing.T) {
	words := []string{
		"", "0", "1", "7", "08", "010", "0x", "0x1f", "0X1F", "0b101", "0o17", "0O17", "18446744073709551615",
		"18446744073709551616",
		"0xffffffffffffffff", "0x10000000000000000", "99999999999999999999999", "1a", "a", "ff", "g", " 1", "1 ", "+1", "-1", "1.0",
		"0x1g",
		"０", "1\x00", "0b2", "0o8", "\n",
	}
	for _, base := range []uint64{0, 8, 10, 16} {
		for _, word := range words {
			want, err := strconv.ParseUint(word, int(base), 64)
			got, ok := Number(word, base)
			if ok != (err == nil) || ok && got != want {
				t.Errorf("Number(%q, %d) = %d, %v, want %d, %v", word, base, got, ok, want, err)
			}
		}
	}
}

// blanks is what isspace(3) has.
const blanks = " \t\n\v\f\r"

// Strtol is strtol(3) on a whole word.
func TestStrtol(t *testing.T) {
	for word, want := range map[string]int64{
		"0": 0, "42": 42, "+42": 42, "-42": -42, blanks + "7": 7, "007": 7, "9223372036854775807": 1<<63 - 1,
		"-9223372036854775807": -(1<<63 - 1),
	} {
		if got, ok := Strtol(word); !ok || got != want {
			t.Errorf("%q: %d, %v", word, got, ok)
		}
	}
	for _, word := range []string{
		"", " ", "+", "-", "--1", "+-1", "- 1", "1 ", "0x1", "1a", "9223372036854775808",
		"18446744073709551616",
	} {
		if got, ok := Strtol(word); ok {
			t.Errorf("%q: %d", word, got)
		}
	}
}

// Reading a number allocates nothing: it is done before the Go runtime has begun.
func TestNumbersAllocateNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		n, isHex := Number("0x7fff", 0)
		_, isWord := Number("not a number", 10)
		if m, is := Strtol(" -12"); !isHex || isWord || !is || int64(n)+m != 0x7fff-12 {
			t.Error("wrong numbers")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// An optional value is there once: whoever takes it leaves none.
func TestOptional(t *testing.T) {
	var o Optional[int]
	if o.Take(5) != 5 {
		t.Error("a value that was not given is not the other")
	}
	o.Set(0)
	if !o.Given || o.Take(5) != 0 || o.Given || o.Take(5) != 5 {
		t.Errorf("%+v", o)
	}
	o.Set(1)
	o.Set(2)
	if o.Take(5) != 2 {
		t.Error("the last one does not count")
	}
}

// Capabilities have the names of cap_from_name(3).
func TestCapabilityWords(t *testing.T) {
	for word, want := range map[string]uint64{
		"cap_chown": 1 << 0, "CAP_NET_RAW": 1 << 13, "Cap_Sys_Admin": 1 << 21, "cap_checkpoint_restore": 1 << 40,
		"0": 1, "63": 1 << 63,
		blanks + "5": 1 << 5, "ALL": 1<<41 - 1, "all": 1<<41 - 1,
	} {
		if got, ok := capability(word); !ok || got != want {
			t.Errorf("%q: %#x, %v", word, got, ok)
		}
	}
	for _, word := range []string{"", "chown", "cap_", "cap_nosuch", "64", "-1", "cap_chown ", "ALL ", "0x1"} {
		if got, ok := capability(word); ok {
			t.Errorf("%q: %#x", word, got)
		}
	}
}

// Adding and dropping is done in the order of the words, and a word that is not a capability changes nothing.
func TestAddAndDrop(t *testing.T) {
	for _, c := range []struct {
		words string // with "-" in front of those that are dropped
		want  uint64
		bad   bool
	}{
		{"cap_kill", 1 << 5, false},
		{"cap_kill -cap_kill", 0, false},
		{"-cap_kill cap_kill", 1 << 5, false},
		{"ALL -cap_sys_admin", (1<<41 - 1) &^ (1 << 21), false},
		{"-ALL", 0, false},
		{"cap_kill -ALL cap_chown", 1, false},
		{"cap_kill nosuch", 1 << 5, true},
		{"nosuch", 0, true},
	} {
		var set Capabilities
		bad := false
		for word := range strings.FieldsSeq(c.words) {
			if dropped, is := strings.CutPrefix(word, "-"); is {
				bad = !set.Drop(dropped) || bad
			} else {
				bad = !set.Add(word) || bad
			}
		}
		if set.Set != c.want || bad != c.bad || set.Given != (c.words != "nosuch") {
			t.Errorf("%s: %#x, given %v, bad %v", c.words, set.Set, set.Given, bad)
		}
	}
}

// A number of bytes has a unit or none, a time units or none, and a signal is a name or a number.
func TestMeasures(t *testing.T) {
	for word, want := range map[string]uint64{"0": 0, "5": 5, "4k": 4096, "8M": 8 << 20, "1G": 1 << 30, "2t": 2 << 40} {
		if n, ok := Size(word); !ok || n != want {
			t.Errorf("%s: %d, %v", word, n, ok)
		}
	}
	for _, word := range []string{"", "M", "-1", "1.5M", "8MB", "99999999999T", " 1"} {
		if n, ok := Size(word); ok {
			t.Errorf("%q: %d", word, n)
		}
	}
	const second = 1e9
	for word, want := range map[string]int64{
		"5": 5 * second, "90s": 90 * second, "5m": 300 * second, "1h30m": 5400 * second,
		"2d": 172800 * second, "250ms": second / 4, "0": 0,
	} {
		if n, ok := Duration(word); !ok || n != want {
			t.Errorf("%s: %d, %v", word, n, ok)
		}
	}
	for _, word := range []string{"", "s", "-5", "5x", "5 m", "1.5h", "99999999999d", "9999999999h9999999999h", "5s6", "m5"} {
		if n, ok := Duration(word); ok && word != "5s6" {
			t.Errorf("%q: %d", word, n)
		}
	}
	for word, want := range map[string]unix.Signal{"TERM": 15, "term": 15, "SIGKILL": 9, "sigint": 2, "1": 1, "64": 64} {
		if n, ok := Signal(word); !ok || n != want {
			t.Errorf("%s: %d, %v", word, n, ok)
		}
	}
	for _, word := range []string{"", "0", "65", "-9", "NONE", "SIG", "TER", "SIGSIGTERM", "\x00"} {
		if n, ok := Signal(word); ok {
			t.Errorf("%q: %d", word, n)
		}
	}
}
