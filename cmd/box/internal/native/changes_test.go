package native

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallest is the command line of a sandbox with an empty root.
var smallest = []string{"--base", "none", "sh"}

// withDescriptors puts descriptors in the place of words that begin with "@": of the file that follows, from 100 on.
func withDescriptors(t *testing.T, args []string) []string {
	t.Helper()
	const first = 100
	args, n := slices.Clone(args), first
	for i, word := range args {
		path, is := strings.CutPrefix(word, "@")
		if !is {
			continue
		}
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := unix.Dup3(fd, n, unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
		fd = n
		t.Cleanup(func() { unix.Close(fd) })
		args[i] = strconv.Itoa(n)
		n++
	}
	return args
}

// aRegister is the name of one that the Builder hands out: which one, is of no interest where two plans are compared. result is one
// that gets a value.
var (
	aRegister = regexp.MustCompile(`\br\d+\b`)
	result    = regexp.MustCompile(`= (r\d+)( #|$)`)
)

// values gives each value of a plan a register of its own, from r<from> on.
func values(lines []string, from int) (next int) {
	names := map[string]string{}
	for i, line := range lines {
		set := result.FindStringSubmatch(line)
		call, end, _ := strings.Cut(line, " = r")
		call = aRegister.ReplaceAllStringFunc(call, func(r string) string {
			if names[r] == "" {
				names[r] = "r" + strconv.Itoa(from)
				from++
			}
			return names[r]
		})
		if lines[i] = call; set != nil {
			names[set[1]] = "r" + strconv.Itoa(from)
			from++
			lines[i] += " = " + names[set[1]] + strings.TrimLeft(end, "0123456789")
		}
	}
	return from
}

// renumber names the registers of a text in the order in which they come.
func renumber(text string) string {
	names := map[string]string{}
	return aRegister.ReplaceAllStringFunc(text, func(r string) string {
		if names[r] == "" {
			names[r] = "r" + strconv.Itoa(len(names))
		}
		return names[r]
	})
}

// changes returns the lines that only the first of two plans has, with "- ", and those that only the second one has, with
// "+ ", in the order of the plans. A line of "..." stands where they agree.
func changes(before, after string) string {
	a, b := splitLines(before), splitLines(after)
	values(b, values(a, 0))
	same := func(x, y string) bool {
		return aRegister.ReplaceAllString(x, "r") == aRegister.ReplaceAllString(y, "r")
	}
	common := make([][]int, len(a)+1) // the length of the longest common part of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); same(a[i], b[j]) {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var out strings.Builder
	agree := false
	write := func(sign, line string) {
		if agree {
			out.WriteString("...\n")
		}
		agree = false
		out.WriteString(sign + line + "\n")
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && same(a[i], b[j]):
			i, j, agree = i+1, j+1, true
		case j < len(b) && (i == len(a) || common[i][j+1] >= common[i+1][j]):
			write("+ ", b[j])
			j++
		default:
			write("- ", a[i])
			i++
		}
	}
	return renumber(out.String())
}

func splitLines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

// A golden file of changes has all that differs, and nothing else.
func TestChanges(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{"a\nb\n", "a\nb\n", ""},
		{"a\nb\nc\n", "a\nx\nc\n", "...\n+ x\n- b\n"},
		{"a\nc\n", "a\nb\nc\nd\n", "...\n+ b\n...\n+ d\n"},
		{"a\nb\n", "b\n", "- a\n"},
		{"open() = r1\nclose(r1)\n", "open() = r2\nmount(r2)\nclose(r2)\n", "...\n+ mount(r0)\n"},
		{
			"a\n", "open() = r7\nclose(r7)\na\nopen(r1) = r7 # x\nclose(r7)\n",
			"+ open() = r0\n+ close(r0)\n...\n+ open(r1) = r2 # x\n+ close(r2)\n",
		},
		{"close(r1)\n", "open(r1)\n", "+ open(r0)\n- close(r1)\n"},
	} {
		if got := changes(c.before, c.after); got != c.want {
			t.Errorf("%q and %q: %q, want %q", c.before, c.after, got, c.want)
		}
	}
}
