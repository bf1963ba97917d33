package main

import (
	"bufio"
	"bytes"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"box/cmd/box/internal/bwrap"
	"box/cmd/box/internal/native"
)

// What runs before the Go runtime may call nothing that needs it. The program itself is asked: whatever can be reached from its
// early entry, from the functions of the flags and from the acts, up to a function that begins with early.Ordinary.
func TestEarlyCodeNeedsNoRuntime(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is an early entry on amd64 only")
	}
	calls := disassembled(t)
	seen := map[string]bool{}
	todo := earlyRoots(t, calls)
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if seen[name] || calls.stops(name) {
			continue
		}
		seen[name] = true
		if _, known := calls[name]; !known {
			t.Errorf("nothing is known of %s", name)
		}
		for _, callee := range calls[name] {
			switch {
			case callee == aBranch, harmless.MatchString(callee):
			case pure.MatchString(callee):
				todo = append(todo, callee)
			default:
				t.Errorf("%s calls %s, and may run before the Go runtime", name, callee)
			}
		}
	}
	for _, name := range []string{
		"box/cmd/box/internal/bwrap.(*Line).Run", "box/cmd/box/internal/native.(*Line).Run", "box/mounts.Compile",
		"box/launch.(*Sandbox).watch",
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
	callLine = regexp.MustCompile(`\t(?:CALL|JMP) (.+)\(SB\)`)
	closure  = regexp.MustCompile(`\tLEAQ (.+\.func\d[\d.]*)\(SB\)`)
	indirect = regexp.MustCompile(`\tCALL (?:0x|[A-Z0-9]+$|[A-Z0-9]+\s)`)
	branch   = regexp.MustCompile(`\tJ[A-Z]+ 0x`)
	prologue = regexp.MustCompile(`\tPUSHQ BP`)
)

// callGraph has what each function calls, in the order of the code.
type callGraph map[string][]string

// stops reports whether a function begins with a call of early.Ordinary: what follows is never reached early.
func (g callGraph) stops(name string) bool {
	for _, callee := range g[name] {
		if callee == "box/internal/early.Ordinary" {
			return true
		}
		if callee == aBranch || !harmless.MatchString(callee) {
			return false
		}
	}
	return false
}

// aBranch stands among the calls for a jump, but for those of the check for room on the stack.
const aBranch = "a branch"

// disassembled returns what the functions of box call.
func disassembled(t *testing.T) callGraph {
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
	calls, name, entered := callGraph{}, "", false
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		if after, ok := strings.CutPrefix(line, "TEXT "); ok {
			name, _, _ = strings.Cut(after, "(SB)")
			calls[name], entered = nil, false
			continue
		}
		entered = entered || prologue.MatchString(line)
		switch found := callLine.FindStringSubmatch(line); {
		case found != nil && found[1] != name:
			calls[name] = append(calls[name], found[1])
		case indirect.MatchString(line):
			calls[name] = append(calls[name], "indirect")
		case branch.MatchString(line) && entered:
			calls[name] = append(calls[name], aBranch)
		}
		if found := closure.FindStringSubmatch(line); found != nil {
			calls[name] = append(calls[name], found[1])
		}
	}
	return calls
}

// ofSources are the methods of what a monitor waits for: they are called by address.
var ofSources = regexp.MustCompile(`^box/launch\.\(\*Sandbox\)\.(waitFor|took)[A-Z]`)

// earlyRoots returns the names of the functions that run early: the entry, and what it calls by address.
func earlyRoots(t *testing.T, calls callGraph) []string {
	t.Helper()
	roots := []string{"main.begin", "box/cmd/box/internal/statusfd.(*Informer).Do"}
	add := func(f any) {
		if v := reflect.ValueOf(f); !v.IsNil() {
			name := runtime.FuncForPC(v.Pointer()).Name()
			roots = append(roots, name)
		}
	}
	found := 0
	for name := range calls {
		if ofSources.MatchString(name) {
			roots = append(roots, name)
			found++
		}
	}
	if found < 10 {
		t.Errorf("%d methods of sources in the program: this test looks at the wrong thing", found)
	}
	for i := range native.Flags {
		add(native.Flags[i].Do)
	}
	for i := range bwrap.Options {
		add(bwrap.Options[i].Do)
	}
	return roots
}
