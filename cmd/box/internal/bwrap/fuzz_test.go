package bwrap

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/bwraptext"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/printer"
	"box/cmd/box/internal/session"
	"box/spec"
)

// FuzzBwrapWords reads words, and an --args file that they may name, in bwrap mode. No words may make it panic,
// every error is one of bubblewrap's, and what is printed for a sandbox is read as the same sandbox again.
func FuzzBwrapWords(f *testing.F) {
	for _, line := range []string{
		"--unshare-all --share-net --ro-bind /usr /usr --symlink usr/bin /bin --proc /proc --dev /dev --tmpfs /tmp -- sh -c x",
		"--unshare-user --uid 0 --gid 0 --disable-userns --die-with-parent --new-session --setenv A b --unsetenv C --clearenv true",
		"--perms 0700 --size 0x1000 --tmpfs /a --perms 0600 --file 3 /b --ro-bind-data 4 /c --bind-data 4 /c --chmod 01777 /a true",
		"--args 3 --argv0 x true",
		"--args 3 --args 3 true",
		"--overlay-src a --overlay-src b --overlay c d /e --overlay-src a --tmp-overlay /f true",
		"--overlay-src a --overlay-src b --ro-overlay /g true",
		"--unshare-pid --as-pid-1 --info-fd 4 --json-status-fd 5 --block-fd 6 --sync-fd 7 true",
		"--unshare-user --info-fd 4 --userns-block-fd 5 --lock-file /x --lock-file /y true",
		"--userns 4 --userns2 5 --pidns 6 --cap-add ALL --cap-drop CAP_KILL --cap-add 63 true",
		"--unshare-uts --hostname h --mqueue /q --remount-ro / --bind-try x /x --dev-bind y /y --ro-bind-fd 0 /z --chdir /q true",
		"--seccomp 3 true",
		"--add-seccomp-fd 3 --add-seccomp-fd 3 --level-prefix --not-a-security-boundary true",
		"--uid 4294967296 true",
		"--help",
	} {
		f.Add(strings.ReplaceAll(line, " ", "\x00"), "--setenv\x00A\x00b\x00--dir\x00/x\x00dropped")
	}
	f.Fuzz(func(t *testing.T, words, file string) {
		first := strings.Split(words, "\x00")
		b, command := read(t, first, file)
		if b == nil {
			return
		}
		var again []string
		for _, option := range printer.Options(b.spec, b.tell) {
			again = append(again, option...)
		}
		again = append(append(again, "--"), printer.CommandWords(b.spec)...)
		b2, _ := read(t, again, file)
		if b2 == nil {
			t.Fatalf("%q (command %q) is printed as %q, which is refused", first, command, again)
		}
		if one, two := plain(b.spec), plain(b2.spec); !reflect.DeepEqual(one, two) {
			t.Errorf("%q is printed as %q, which is not the same", first, again)
		}
	})
}

// read reads words; each descriptor in them holds file. It returns nil if they are refused or only ask for something.
func read(t *testing.T, words []string, file string) (b *Line, command []string) {
	b = new(Line)
	b.Begin(new(session.Session), "bwrap", []string{"HOME=/home", "PATH=/bin"})
	for _, word := range slices.Concat(words, strings.Split(file, "\x00")) {
		if fd, ok := arg.Strtol(word); ok && fd >= 0 {
			b.data = append(b.data, inputs.Kept{FD: int(fd), Data: []byte(file)})
		}
	}
	for _, prints := range []string{"--help", "--version"} {
		if slices.Contains(words, prints) || strings.Contains(file, prints) {
			return nil, nil
		}
	}
	command, done, err := b.parse(words, false)
	if err == nil && !done && len(command) > 0 {
		err = b.finish(command)
	}
	if err == nil {
		err = b.readFiles()
	}
	if err != nil {
		if _, ok := errors.AsType[*bwraptext.TextError](err); !ok {
			t.Errorf("%q: %v is no error of bubblewrap's", words, err)
		}
		return nil, nil
	}
	if done || len(command) == 0 {
		return nil, nil
	}
	return b, command
}

// plain returns a Spec without what the words were.
func plain(s *spec.Spec) spec.Spec {
	p := *s
	p.Tree = slices.Clone(s.Tree)
	for i := range p.Tree {
		p.Tree[i].Origin, p.Tree[i].FD.Origin = spec.Origin{}, spec.Origin{}
	}
	p.Filters = slices.Clone(s.Filters)
	for i := range p.Filters {
		p.Filters[i].Origin = spec.Origin{}
	}
	p.Command.Origin = spec.Origin{}
	p.Join.User.Origin, p.Join.Last.Origin, p.Join.PID.Origin = spec.Origin{}, spec.Origin{}, spec.Origin{}
	p.Life.Block.Origin = spec.Origin{}
	p.Life.Close = nil // that of --args is closed, too
	return p
}
