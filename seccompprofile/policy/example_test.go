package policy_test

import (
	"fmt"

	"box/seccompprofile/policy"
)

// A policy is parsed, put into the terms of an architecture, and asked what becomes of calls.
func ExampleParse() {
	const text = `version 1
default errno EPERM
allow read write exit_group
allow socket if arg0 == 1
`
	p, err := policy.Parse("mine", []byte(text), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	rules, err := p.For(policy.AMD64)
	if err != nil {
		fmt.Println(err)
		return
	}
	const unix, inet = 1, 2
	for _, call := range []struct {
		name string
		args [6]uint64
	}{{"read", [6]uint64{}}, {"socket", [6]uint64{unix}}, {"socket", [6]uint64{inet}}, {"ptrace", [6]uint64{}}} {
		nr, _ := policy.AMD64.Number(call.name)
		fmt.Println(call.name, call.args[0], rules.Decide(nr, call.args).Action)
	}
	// Output:
	// read 0 allow
	// socket 1 allow
	// socket 2 errno EPERM
	// ptrace 0 errno EPERM
}

// What is wrong with a text is told with its line, and the word that was probably meant.
func ExampleParse_error() {
	_, err := policy.Parse("mine", []byte("version 1\ndefault kill\nallow reed\n"), nil)
	fmt.Println(err)
	// Output: mine, line 3: reed: no such call (nearest: read)
}
