package relay

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"box/spec"

	"golang.org/x/sys/unix"
)

func TestLacking(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "resolv.conf")
	check := func(path, why string) {
		t.Helper()
		want := ""
		if why != "" {
			want = "the host has no resolver: " + path + why
		}
		if got := lacking(path); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	for _, test := range []struct{ text, why string }{
		{"", " names none"},
		{"# nameserver 192.0.2.1\n", " names none"},
		{"nameserver\nsearch example.org\n", " names none"},
		{"search example.org\nnameserver ::1", ""},
		{"\tnameserver 192.0.2.1 # the first\n", ""},
	} {
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		check(path, test.why)
	}
	check(dir, ": is a directory")
	check(filepath.Join(dir, "none"), ": no such file or directory")
}

// A reason is told once: nothing in it is another one each time.
func TestProblemOfName(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, "the name has no address"},
		{&net.DNSError{IsNotFound: true}, "the host finds no such name"},
		{&net.DNSError{IsTimeout: true}, "the host's resolver does not answer"},
		{&net.DNSError{Err: "lame referral", Server: "192.0.2.1:53"}, "the host's resolver at 192.0.2.1:53: lame referral"},
		{
			&net.DNSError{Err: "read udp [::1]:48005->[::1]:53: read: connection refused", Server: "[::1]:53"},
			"the host's resolver at [::1]:53: connection refused",
		},
		{
			&net.DNSError{Err: "dial udp 192.0.2.1:53: connect: network is unreachable", Server: "192.0.2.1:53"},
			"the host's resolver at 192.0.2.1:53: network is unreachable: this machine has no route there",
		},
		{&net.DNSError{Err: "no such\x1b"}, `the host's resolver: no such\x1b`},
		{errors.New("something"), "the host's resolver: something"},
	} {
		if got := reasonOf(test.err, ""); got != test.want {
			t.Errorf("%v: %q, not %q", test.err, got, test.want)
		}
	}
	if got := reasonOf(&net.DNSError{Err: "x"}, "a lack"); got != "a lack" {
		t.Error(got)
	}
}

func TestReasonWithoutIPv6(t *testing.T) {
	err := &PublishError{spec.NetPort{Word: "[::1]:8080:80", Outside: 8080}, unix.EAFNOSUPPORT}
	if got := Reason(err); got != "--publish '[::1]:8080:80': this machine has no IPv6" {
		t.Error(got)
	}
}
