package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	seccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"
)

// compile writes the program of a policy for one architecture to the file out. Other architectures are killed; what
// the policy doesn't name ends with ENOSYS.
func compile(text string, arch seccomp.ScmpArch, out string) error {
	filter, err := seccomp.NewFilter(errno(unix.ENOSYS))
	if err != nil {
		return err
	}
	defer filter.Release()
	if err := only(filter, arch); err != nil {
		return err
	}
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		if err := addLine(filter, arch, words); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := filter.ExportBPF(file); err != nil {
		return err
	}
	return file.Close()
}

// only makes the filter one for arch alone, with a binary tree instead of a list.
func only(filter *seccomp.ScmpFilter, arch seccomp.ScmpArch) error {
	native, err := seccomp.GetNativeArch()
	if err != nil {
		return err
	}
	if native != arch {
		if err := filter.AddArch(arch); err != nil {
			return err
		}
		if err := filter.RemoveArch(native); err != nil {
			return err
		}
	}
	if err := filter.SetBadArchAction(seccomp.ActKillProcess); err != nil {
		return err
	}
	const binaryTree = 2
	return filter.SetOptimize(binaryTree)
}

func errno(e syscall.Errno) seccomp.ScmpAction { return seccomp.ActErrno.SetReturnCode(int16(e)) }

var actions = map[string]seccomp.ScmpAction{
	"allow":           seccomp.ActAllow,
	"EPERM":           errno(unix.EPERM),
	"EAFNOSUPPORT":    errno(unix.EAFNOSUPPORT),
	"EPROTONOSUPPORT": errno(unix.EPROTONOSUPPORT),
}

// addLine adds the rules of one line.
func addLine(filter *seccomp.ScmpFilter, arch seccomp.ScmpArch, words []string) error {
	action, ok := actions[words[0]]
	if !ok {
		return fmt.Errorf("unknown action %s", words[0])
	}
	if len(words) > 2 && isNumber(words[2]) {
		return addConditional(filter, arch, action, words[1], words[2:])
	}
	for _, call := range words[1:] {
		number, ok, err := lookup(call, arch)
		if err != nil {
			return err
		}
		if ok {
			if err := filter.AddRule(number, action); err != nil {
				return fmt.Errorf("%s: %w", call, err)
			}
		}
	}
	return nil
}

// lookup returns the number of a call, or false if the architecture doesn't have it. A name with a number is one that
// libseccomp may not know; x86 alone has numbers of its own below 424, where the common ones begin.
func lookup(call string, arch seccomp.ScmpArch) (seccomp.ScmpSyscall, bool, error) {
	const common = 424
	name, digits, byNumber := strings.Cut(call, "=")
	if !byNumber {
		if _, err := seccomp.GetSyscallFromNameByArch(name, arch); err != nil {
			if _, err := seccomp.GetSyscallFromName(name); err != nil && arch == seccomp.ArchAMD64 && !late[name] {
				return 0, false, fmt.Errorf("unknown call %s", name)
			}
			return 0, false, nil
		}
		number, err := seccomp.GetSyscallFromName(name)
		return number, err == nil, nil
	}
	number, err := strconv.Atoi(digits)
	if err != nil {
		return 0, false, fmt.Errorf("bad number in %s", call)
	}
	// libseccomp takes an unknown number for the machine's own architecture only.
	native, err := seccomp.GetNativeArch()
	return seccomp.ScmpSyscall(number), arch == native && (arch == seccomp.ArchAMD64 || number >= common), err
}

// late are names that a policy gives by number as well, for a libseccomp that doesn't know them.
var late = map[string]bool{
	"mseal": true, "setxattrat": true, "getxattrat": true, "listxattrat": true, "removexattrat": true, "uretprobe": true,
	"cachestat": true, "fchmodat2": true, "futex_wait": true, "futex_wake": true, "futex_requeue": true,
	"map_shadow_stack": true, "set_mempolicy_home_node": true, "quotactl_fd": true, "process_mrelease": true, "futex_waitv": true,
}

// addConditional adds rules for a call with conditions: ARGUMENT OPERATOR VALUE... , up to twice.
func addConditional(
	filter *seccomp.ScmpFilter, arch seccomp.ScmpArch, action seccomp.ScmpAction, call string, words []string,
) error {
	number, ok, err := lookup(call, arch)
	if err != nil || !ok {
		return err
	}
	sets := [][]seccomp.ScmpCondition{{}}
	for len(words) > 0 {
		var alternatives []seccomp.ScmpCondition
		alternatives, words, err = condition(words)
		if err != nil {
			return err
		}
		var next [][]seccomp.ScmpCondition
		for _, set := range sets {
			for _, c := range alternatives {
				next = append(next, append(append([]seccomp.ScmpCondition{}, set...), c))
			}
		}
		sets = next
	}
	for _, set := range sets {
		if err := filter.AddRuleConditional(number, action, set); err != nil {
			return fmt.Errorf("%s: %w", call, err)
		}
	}
	return nil
}

// condition reads one condition and returns the comparisons of which one must hold, and the words after it.
func condition(words []string) ([]seccomp.ScmpCondition, []string, error) {
	argument, err := strconv.ParseUint(words[0], 10, 8)
	if err != nil || len(words) < 3 {
		return nil, nil, fmt.Errorf("bad condition %q", words)
	}
	operator, rest := words[1], words[2:]
	var values []uint32
	for len(rest) > 0 && (len(rest) == 1 || !isOperator(rest[1])) {
		v, err := strconv.ParseUint(rest[0], 0, 32)
		if err != nil {
			return nil, nil, err
		}
		values, rest = append(values, uint32(v)), rest[1:]
	}
	var alternatives []seccomp.ScmpCondition
	for _, m := range masks(operator, values) {
		c, err := seccomp.MakeCondition(uint(argument), seccomp.CompareMaskedEqual, uint64(m.mask), uint64(m.value))
		if err != nil {
			return nil, nil, err
		}
		alternatives = append(alternatives, c)
	}
	return alternatives, rest, nil
}

func isOperator(word string) bool {
	return word == "in" || word == "not-in" || word == "with" || word == "without"
}

func isNumber(word string) bool { return word[0] >= '0' && word[0] <= '9' }

// masked is the comparison argument & mask == value.
type masked struct{ mask, value uint32 }

// masks returns disjoint comparisons of which exactly one holds where the operator does. Ordered comparisons would be
// shorter, but libseccomp 2.5.4 miscompiles pairs of them (GHSA-4q85-33p6-j5g6).
func masks(operator string, values []uint32) []masked {
	var found []masked
	switch operator {
	case "in":
		for _, v := range values {
			found = append(found, masked{^uint32(0), v})
		}
	case "not-in":
		found = complement(values, 0, 0)
	case "without":
		found = []masked{{values[0], 0}}
	case "with": // the lowest of the bits that is set decides
		for below, bits := uint32(0), values[0]; bits != 0; bits &= bits - 1 {
			bit := bits & -bits
			found = append(found, masked{below | bit, bit})
			below |= bit
		}
	}
	return found
}

// complement covers all numbers that begin with the top bits of prefix and are none of values.
func complement(values []uint32, prefix uint32, top int) []masked {
	mask := ^uint32(0) << (32 - top)
	if top == 0 {
		mask = 0
	}
	inside := 0
	for _, v := range values {
		if v&mask == prefix {
			inside++
		}
	}
	switch {
	case inside == 0:
		return []masked{{mask, prefix}}
	case top == 32:
		return nil
	}
	bit := uint32(1) << (31 - top)
	return append(complement(values, prefix, top+1), complement(values, prefix|bit, top+1)...)
}
