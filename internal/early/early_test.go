package early

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

// A text takes what fits into a path, and says so where something did not.
func TestText(t *testing.T) {
	var text Text
	text.Add("/usr")
	text.Add("")
	text.Add("/lib")
	if text.String() != "/usr/lib" || text.Len() != 8 || text.Full() {
		t.Errorf("%q, %d bytes, full %v", text.String(), text.Len(), text.Full())
	}
	text.Skip(1)
	if text.String() != "usr/lib" || text.Len() != 7 {
		t.Errorf("without its first byte: %q", text.String())
	}
	text.Cut(3)
	if text.String() != "usr" {
		t.Errorf("cut: %q", text.String())
	}
	text.Add("x")
	if text.String() != "usrx" {
		t.Errorf("cut, and more: %q", text.String())
	}
	text.Cut(0)
	text.Add("/new")
	if text.String() != "/new" {
		t.Errorf("anew: %q", text.String())
	}
}

// One byte of the memory is for the NUL that the kernel wants.
func TestTextThatIsFull(t *testing.T) {
	for _, c := range []struct {
		parts []int
		full  bool
		left  int
	}{
		{[]int{4095}, false, 4095},
		{[]int{4096}, true, 0},
		{[]int{4000, 95}, false, 4095},
		{[]int{4000, 96}, true, 4000},
		{[]int{4000, 96, 95}, true, 4095}, // what fits after that is taken, and it stays full
		{[]int{4095, 0}, false, 4095},
		{[]int{4095, 1}, true, 4095},
	} {
		text := new(Text)
		for _, n := range c.parts {
			text.Add(strings.Repeat("x", n))
		}
		if text.Full() != c.full || text.Len() != c.left {
			t.Errorf("%d: full %v, %d bytes", c.parts, text.Full(), text.Len())
		}
	}
	text := new(Text)
	text.Add("old")
	if buffer := text.Buffer(); len(buffer) != 4096 || text.Len() != 0 {
		t.Errorf("%d bytes of memory, and %d of text are left", len(buffer), text.Len())
	}
}

func TestAddNumber(t *testing.T) {
	for _, n := range []uint64{0, 1, 9, 10, 4711, 1<<32 - 1, 1<<64 - 1} {
		text := new(Text)
		text.Add("n=")
		text.AddNumber(n)
		if want := "n=" + strconv.FormatUint(n, 10); text.String() != want {
			t.Errorf("%q, want %q", text.String(), want)
		}
	}
}

// Texts do not share memory: none changes when another is made, and nothing can be appended to one over the next.
func TestConcat(t *testing.T) {
	before := texts.used
	defer func() { texts.used = before }()
	a, b := Concat("a", "", "bc"), Concat("def")
	if a != "abc" || b != "def" || Concat() != "" {
		t.Errorf("%q, %q, %q", a, b, Concat())
	}
	buffer := Buffer(3)
	copy(buffer, "ghi")
	next := Concat("jkl")
	buffer = append(buffer, 'X')
	if next != "jkl" || string(buffer) != "ghiX" || a != "abc" {
		t.Errorf("%q, %q, %q", buffer, next, a)
	}
	if s := String(buffer[:2]); s != "gh" || unsafe.StringData(s) != &buffer[0] {
		t.Errorf("%q, copied %v", s, unsafe.StringData(s) != &buffer[0])
	}
}

// Where the memory ends, the Go runtime has more; and before it has begun, it is needed.
func TestConcatBeyondTheMemory(t *testing.T) {
	before := texts.used
	defer func() { texts.used = before }()
	texts.used = len(texts.buffer) - 10
	if got := Concat("1234567890"); got != "1234567890" || texts.used != len(texts.buffer) {
		t.Errorf("the last bytes: %q, %d used", got, texts.used)
	}
	long := strings.Repeat("x", 100<<10)
	if got := Concat(long, "y"); got != long+"y" || texts.used != len(texts.buffer) {
		t.Errorf("beyond: %d bytes, %d used", len(got), texts.used)
	}
	if Rehearse(nil, nil, func() { Concat(long) }) {
		t.Error("a text that does not fit was made early")
	}
	if !Rehearse(nil, nil, func() { Concat(long[:1000], long[:1000]) }) {
		t.Error("a text that fits was not made early")
	}
}

// A list grows where the runtime is, and early only as far as its memory goes.
func TestAppend(t *testing.T) {
	var list []int
	for i := range 100 {
		list = Append(list, i)
	}
	if len(list) != 100 || list[0] != 0 || list[99] != 99 {
		t.Errorf("%d", list)
	}
	buffer := make([]string, 0, 2)
	var inside, beyond bool
	inside = Rehearse(nil, nil, func() { buffer = Append(Append(buffer, "a"), "b") })
	beyond = Rehearse(nil, nil, func() { buffer = Append(buffer, "c") })
	if !inside || beyond || !slices.Equal(buffer, []string{"a", "b"}) {
		t.Errorf("two of two early: %v, three of two: %v, %q", inside, beyond, buffer)
	}
}

// A path is clean if the kernel would take it for the same with nothing left out.
func TestClean(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/a": true, "/a/b.c": true, "/..a/b..": true, "/...": true, "/a/.b": true, "": false, "a": false, "a/b": false,
		"//": false, "/a/": false, "/a//b": false, "/.": false, "/./a": false, "/..": false, "/a/..": false, "/a/../b": false,
		"./a": false,
	} {
		if Clean(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
}

// The words that the kernel has put on the stack are those of the process.
func TestWordsOnTheStack(t *testing.T) {
	argv, environ := []string{"box", "", "run", "a=b"}, []string{"HOME=/root", "HOMER=x", "EMPTY=", "odd", "HOME=/second"}
	done := Rehearse(argv, environ, func() {
		if !Running() || Again() {
			t.Errorf("early: %v, again %v", Running(), Again())
		}
		if got := Args(); !slices.Equal(got, argv) {
			t.Errorf("arguments %q", got)
		}
		if got := Environ(); !slices.Equal(got, environ) {
			t.Errorf("environment %q", got)
		}
		for name, want := range map[string]string{
			"HOME": "/root", "HOMER": "x", "EMPTY": "", "odd": "", "HOM": "",
			"": "", "PATH": "",
		} {
			if got := Variable(name); got != want {
				t.Errorf("%s=%q, want %q", name, got, want)
			}
		}
		if Secure() {
			t.Error("an empty auxiliary vector says that the process is a privileged one")
		}
		start, size := Span()
		for _, word := range append(Args(), Environ()...) {
			if at := uintptr(unsafe.Pointer(unsafe.StringData(word))); at < start || at+uintptr(len(word)) >= start+size {
				t.Errorf("%q is outside of the span", word)
			}
		}
	})
	if !done || Running() {
		t.Errorf("done %v, still early %v", done, Running())
	}
}

// Too many words need the Go runtime, and none are few enough.
func TestHowManyWords(t *testing.T) {
	for n, want := range map[int]bool{0: true, len(args): true, len(args) + 1: false} {
		if got := Rehearse(slices.Repeat([]string{"x"}, n), nil, func() {
			if len(Args()) != n {
				t.Errorf("%d of %d arguments", len(Args()), n)
			}
		}); got != want {
			t.Errorf("%d arguments: %v", n, got)
		}
	}
	for n, want := range map[int]bool{0: true, len(env): true, len(env) + 1: false} {
		if got := Rehearse(nil, slices.Repeat([]string{"A=b"}, n), func() {
			if len(Environ()) != n {
				t.Errorf("%d of %d variables", len(Environ()), n)
			}
		}); got != want {
			t.Errorf("%d variables: %v", n, got)
		}
	}
}

// AT_SECURE is one of the pairs of the auxiliary vector, which ends with a kind of zero.
func TestSecure(t *testing.T) {
	for _, c := range []struct {
		vector []uintptr
		want   bool
	}{
		{[]uintptr{0, 0}, false},
		{[]uintptr{6, 4096, 23, 1, 0, 0}, true},
		{[]uintptr{6, 4096, 23, 0, 0, 0}, false},
		{[]uintptr{6, 23, 23, 0, 0, 0}, false}, // a value is no kind
		{[]uintptr{0, 0, 23, 1}, false},        // it has ended
	} {
		memory := append([]uintptr{0, 0, 0}, c.vector...) // no arguments, no environment
		stack = uintptr(unsafe.Pointer(&memory[0]))
		if got := Secure(); got != c.want {
			t.Errorf("%d: %v", c.vector, got)
		}
		stack = 0
	}
}

// What can't be done early is begun anew; what panics by itself goes on panicking.
func TestRehearse(t *testing.T) {
	after := false
	if Rehearse(nil, nil, func() { Ordinary(); after = true }) || after {
		t.Errorf("it went on after Ordinary: %v", after)
	}
	Ordinary() // with the runtime it does nothing
	defer func() {
		if got := recover(); got != "own" || Running() {
			t.Errorf("recovered %v, early %v", got, Running())
		}
	}()
	Rehearse(nil, nil, func() { panic("own") })
}
