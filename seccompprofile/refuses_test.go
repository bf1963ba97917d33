package seccompprofile

import (
	"testing"

	"box/seccompprofile/policy"
	"box/spec"
)

// What is derived from a text is never more than it refuses: another layer may be left out for it.
func TestRefusesOf(t *testing.T) {
	const both = spec.NewUserns | spec.Keyrings
	const all = both | spec.Fanotify
	const keys, users = all &^ spec.NewUserns, all &^ spec.Keyrings
	for text, want := range map[string]spec.Refusals{
		"default errno ENOSYS": all,
		"default allow":        0,
		"default log":          0,
		"default allow\nerrno EPERM clone unshare clone3 keyctl add_key request_key":                            both,
		"default allow\nkill clone unshare clone3":                                                              spec.NewUserns,
		"default allow\nerrno EPERM keyctl add_key request_key":                                                 spec.Keyrings,
		"default allow\nerrno EPERM keyctl add_key":                                                             0,
		"default allow\nerrno EPERM clone unshare":                                                              0,
		"default errno EPERM\nallow clone":                                                                      keys,
		"default errno EPERM\nallow clone if arg0 & 0x7e020000 == 0":                                            all,
		"default errno EPERM\nallow clone if arg0 & 0x10000000 != 0x10000000":                                   all,
		"default errno EPERM\nallow clone if arg0 & 0x6e020000 == 0":                                            keys,
		"default errno EPERM\nallow clone if arg0 in 17 0x10000011":                                             keys,
		"default errno EPERM\nallow clone if arg0 not in 0x10000011":                                            keys,
		"default errno EPERM\nallow clone if arg1 == 0":                                                         keys,
		"default errno EPERM\nallow unshare if arg0 in 0x20000 0x40000000":                                      all,
		"default errno EPERM\nallow unshare if arg0 & 0x30000000 != 0x10000000":                                 keys,
		"default allow\nerrno EPERM keyctl if arg0 & 0x10000000 == 0x10000000\nerrno EPERM add_key request_key": 0,
		"default errno EPERM\nlog clone3":                                                                       keys,
		"default errno EPERM\nallow keyctl if arg0 == 0":                                                        users,
		"default errno EPERM\nallow fanotify_init":                                                              both,
		"default allow\nkill fanotify_init":                                                                     spec.Fanotify,
		"default errno EPERM\nallow clone\nerrno EPERM clone if arg0 & 0x7e020000 != 0":                         all,
		"default errno EPERM\nallow clone\nerrno EPERM clone if arg0 & 0x7e020000 == 0":                         keys,
		"default errno EPERM\nallow clone\nerrno EPERM clone if arg0 == 0x10000011":                             keys,
	} {
		p, err := policy.Parse("test.txt", []byte("version 1\n"+text), nil)
		if err != nil {
			t.Fatal(err)
		}
		var rules []*policy.Rules
		for _, a := range []*policy.Arch{policy.AMD64, policy.ARM64} {
			r, err := p.For(a)
			if err != nil {
				t.Fatal(err)
			}
			rules = append(rules, r)
		}
		if got := RefusesOf(rules); got != want {
			t.Errorf("%q: %b, want %b", text, got, want)
		}
	}
}
