package native

import (
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/register"

	"golang.org/x/sys/unix"
)

// What was most likely meant, by who is used to docker.

// missed is for a command that has failed: rm NAME and cp NAME:PATH are programs
// in a sandbox. If there is no such file, and a box has the name, a hint says
// what is for boxes.
func (b *Line) missed() {
	words := b.spec.Command.Argv
	remove := words[0] == "rm"
	if !remove && words[0] != "cp" {
		return
	}
	for _, word := range words[1:] {
		name, _, path := strings.Cut(word, ":")
		if path == remove || !register.IsName(name) || !b.isBox(name) {
			continue
		}
		if _, errno := host.Look(host.Here, word); errno != unix.ENOENT {
			continue
		}
		if remove {
			say.Line(false, true, "hint: box remove ", name, " forgets the box")
		} else {
			say.Line(false, true, "hint: box container cp copies files of boxes")
		}
		return
	}
}

// isBox reports whether there is a box of a name.
func (b *Line) isBox(name string) bool {
	f, errno := host.Look(host.Here, early.Concat(b.spec.Mounts.State, "/boxes/", name))
	return errno == 0 && f.Is(unix.S_IFDIR)
}

// misread adds a hint to the message for a command that can't be run: -w DIR is
// --chdir DIR to docker, and -w takes no word here.
func (b *Line) misread(m *say.Message) *say.Message {
	command := b.spec.Command.Argv
	before := len(b.words) - len(command) - 1
	cannot := m.Status == say.StatusNotRunnable || m.Status == say.StatusNotFound
	if cannot && m.Hint == "" && before >= 0 && b.words[before] == "-w" && strings.HasPrefix(command[0], "/") {
		m.Hint = "-w makes the project writable and takes no word; --chdir " + say.Words(command[:1]) + " begins there"
	}
	return m
}
