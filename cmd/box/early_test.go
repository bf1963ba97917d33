package main

import (
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"box/cmd/box/internal/bwrap"
	"box/cmd/box/internal/native"
)

// What runs before the Go runtime may call nothing that needs it. The program itself is asked: whatever can be reached from its
// early entry, from the functions of the flags and from the acts, up to a call of early.Ordinary.
func TestEarlyCodeNeedsNoRuntime(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is an early entry on amd64 only")
	}
	calls := disassembled(t)
	seen := map[string]bool{}
	todo := earlyRoots()
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		if _, known := calls[name]; !known {
			t.Errorf("nothing is known of %s", name)
		}
		for _, callee := range calls[name] {
			switch {
			case callee == "box/internal/early.Ordinary", harmless.MatchString(callee):
			case pure.MatchString(callee):
				todo = append(todo, callee)
			default:
				t.Errorf("%s calls %s, and may run before the Go runtime", name, callee)
			}
		}
	}
	for _, name := range []string{
		"box/cmd/box/internal/bwrap.(*Line).Run", "box/cmd/box/internal/native.(*Line).Run", "box/mounts.Compile",
		"box/launch.(*Sandbox).watch", "box/launch.(*Sandbox).tookStatus",
	} {
		if !seen[name] {
			t.Errorf("%s is not reached: this test looks at the wrong thing", name)
		}
	}
}

var (
	// harmless are calls into the runtime that need none: what copies and compares memory, write barriers (there are none
	// before a collector runs), and what ends the process by a fault.
	harmless = regexp.MustCompile(`^runtime\.(memmove|memclrNoHeapPointers|memequal|gcWriteBarrier\d|wbMove|wbZero|` +
		`typedslicecopy|ifaceeq|panic\w*|gopanic|duffzero|duffcopy|morestack\w*)(\.abi0)?$|^indexb|` +
		`^golang.org/x/sys/unix\.RawSyscall|^indirect$`)
	// pure are functions that are looked at in turn.
	pure = regexp.MustCompile(`^(box/|main\.|strings\.|path\.|bytes\.|internal/bytealg\.|internal/stringslite\.|` +
		`slices\.|unicode/utf8\.)`)
	noReturn = regexp.MustCompile(`^box/internal/early\.Ordinary$|^runtime\.(panic|gopanic|throw)`)

	line     = regexp.MustCompile(`^\s+\S+\t+0x([0-9a-f]+)\t+[0-9a-f]+\t+(\S+)(?: (.*?))?\s*$`)
	called   = regexp.MustCompile(`^(.+)\(SB\)$`)
	closure  = regexp.MustCompile(`^(.+\.func\d[\d.]*)\(SB\),`)
	jumpedTo = regexp.MustCompile(`^0x([0-9a-f]+)$`)
)

// instruction is one of a function: its name in Go's assembler, and its operands.
type instruction struct{ name, operands string }

// earlyCalls returns what a function calls before early.Ordinary, which early does not return: each way through its
// instructions is followed up to there. A jump by a table is taken to lead anywhere.
func earlyCalls(name string, code []instruction, at map[string]int) (calls []string) {
	seen := make([]bool, len(code))
	todo := []int{0}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for ends := false; !ends && i < len(code) && !seen[i]; i++ {
			seen[i] = true
			in := code[i]
			jump := in.name[0] == 'J'
			switch found := called.FindStringSubmatch(in.operands); {
			case !jump && in.name != "CALL":
				if made := closure.FindStringSubmatch(in.operands); in.name == "LEAQ" && made != nil {
					calls = append(calls, made[1])
				}
				ends = in.name == "RET" || in.name == "UD2"
			case found != nil:
				if found[1] != name {
					calls = append(calls, found[1])
				}
				ends = jump || noReturn.MatchString(found[1])
			case !jump:
				calls = append(calls, "indirect")
			case jumpedTo.MatchString(in.operands):
				to, is := at[in.operands]
				if !is {
					return append(calls, "code that is not its own")
				}
				todo = append(todo, to)
				ends = in.name == "JMP"
			default:
				for to := range code {
					todo = append(todo, to)
				}
			}
		}
	}
	return calls
}

// disassembled returns what each function of box calls early.
func disassembled(t *testing.T) map[string][]string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "box")
	build := exec.Command("go", "build", "-trimpath", "-tags", "netgo,osusergo", "-ldflags",
		"-linkmode external -extldflags -static", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	text, err := exec.Command("go", "tool", "objdump", program).Output()
	if err != nil {
		t.Fatal("go tool objdump:", err)
	}
	calls := map[string][]string{}
	for function := range strings.SplitSeq(string(text), "\nTEXT ") {
		head, body, _ := strings.Cut(function, "\n")
		name, _, _ := strings.Cut(strings.TrimPrefix(head, "TEXT "), "(SB)")
		var code []instruction
		at := map[string]int{}
		for l := range strings.Lines(body) {
			if found := line.FindStringSubmatch(strings.TrimSuffix(l, "\n")); found != nil {
				at["0x"+found[1]] = len(code)
				code = append(code, instruction{found[2], found[3]})
			}
		}
		calls[name] = earlyCalls(name, code, at)
	}
	return calls
}

// earlyRoots returns the names of the functions that run early: the entry, and what it calls by address.
func earlyRoots() []string {
	roots := []string{"main.begin", "box/cmd/box/internal/statusfd.(*Informer).Do"}
	for _, method := range []string{"Descriptor", "Took", "Spaces", "Terminal", "Started", "Halted"} { // of launch.Companion
		roots = append(roots, "box/shim.(*Shim)."+method)
	}
	add := func(f any) {
		if v := reflect.ValueOf(f); !v.IsNil() {
			name := runtime.FuncForPC(v.Pointer()).Name()
			roots = append(roots, name)
		}
	}
	add(native.TellNews)
	for i := range native.Flags {
		add(native.Flags[i].Do)
	}
	for i := range bwrap.Options {
		add(bwrap.Options[i].Do)
	}
	return roots
}

// What stands after early.Ordinary is not early; what another way leads to, is.
func TestEarlyCalls(t *testing.T) {
	const ordinary = "box/internal/early.Ordinary"
	code := []instruction{
		{"JBE", "0x6"},
		{"CALL", ordinary + "(SB)"},
		{"CALL", "fmt.Print(SB)"},
		{"JMP", "0x9"},
		{"CALL", "late(SB)"},
		{"RET", ""}, // nothing leads here
		{"CALL", "a(SB)"},
		{"JNE", "0x0"},
		{"LEAQ", "main.f.func1(SB), AX"},
		{"JMP", "b(SB)"},
	}
	at := map[string]int{"0x0": 0, "0x6": 6, "0x9": 9}
	want := []string{ordinary, "a", "main.f.func1", "b"}
	if got := earlyCalls("main.f", code, at); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	code[7] = instruction{"JMP", "0(AX)(CX*8)"}
	if got := earlyCalls("main.f", code, at); !slices.Contains(got, "fmt.Print") || !slices.Contains(got, "late") {
		t.Errorf("%q: a table may lead anywhere", got)
	}
}
