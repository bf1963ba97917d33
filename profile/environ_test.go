package profile

import (
	"slices"
	"strings"
	"testing"
)

func TestEnvironIsAnAllowList(t *testing.T) {
	callers := []string{
		"HOME=/h", "LC_ALL=C", "SSH_AUTH_SOCK=/s", "LD_PRELOAD=x", "MY_VAR=1", "MY_TOKEN=2", "my_secret=3", "GITHUB_ACTOR=4",
		"http_proxy=p", "=odd", "novalue", "TERM=",
	}
	for _, c := range []struct {
		name    string
		pass    []string
		network bool
		want    []string
	}{
		{"nothing asked for", nil, false, []string{"HOME=/h", "LC_ALL=C", "TERM="}},
		{"a glob passes no secret", []string{"*"}, false, []string{"HOME=/h", "LC_ALL=C", "MY_VAR=1", "http_proxy=p", "TERM="}},
		{
			"an exact name does",
			[]string{"MY_TOKEN", "LD_PRELOAD"},
			false,
			[]string{"HOME=/h", "LC_ALL=C", "LD_PRELOAD=x", "MY_TOKEN=2", "TERM="},
		},
		{"proxies come with the network", nil, true, []string{"HOME=/h", "LC_ALL=C", "http_proxy=p", "TERM="}},
	} {
		var got []string
		for _, e := range callers {
			name, value, ok := strings.Cut(e, "=")
			if ok && name != "" && (Passed(name, c.network) || pickedBy(c.pass, name, value)) {
				got = append(got, e)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func pickedBy(globs []string, name, value string) bool {
	for _, g := range globs {
		if picked, _ := Picks(g, name, value); picked {
			return true
		}
	}
	return false
}

func TestPicksNoSecretByAGlob(t *testing.T) {
	for _, c := range []struct {
		glob, name, value string
		picked, secret    bool
	}{
		{"AWS_*", "AWS_PROFILE", "p", false, true},
		{"AWS_PROFILE", "AWS_PROFILE", "p", true, false},
		{"MY_*", "MY_AUTH_HEADER", "x", false, true},
		{"MY_*", "MY_PROXY", "http://u:p@h:1/", false, true},
		{"MY_PROXY", "MY_PROXY", "http://u:p@h:1/", true, false},
		{"MY_*", "MY_PROXY", "http://h:1/a:b@c", true, false},
		{"MY_*", "MY_PROXY", "http://u@h", true, false},
		{"MY_*", "OTHER", "x", false, false},
	} {
		picked, secret := Picks(c.glob, c.name, c.value)
		if picked != c.picked || secret != c.secret {
			t.Errorf("%s of %s=%s: %v %v", c.glob, c.name, c.value, picked, secret)
		}
	}
}

func TestValidGlob(t *testing.T) {
	for glob, want := range map[string]bool{"A*": true, "A": true, "[": false, "": false} {
		if ValidGlob(glob) != want {
			t.Errorf("%q", glob)
		}
	}
}
