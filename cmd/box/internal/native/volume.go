package native

import (
	"strings"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/register"
	"box/spec"
)

// volumesMost is how many volumes a command line may name.
const volumesMost = 16

// heldVolume is a volume that this process has a lock on.
type heldVolume struct {
	name string
	fd   int
	made bool // by this process
}

// volume is -v SRC:DEST[:ro]. SRC is a path of the host, which begins with a
// slash or a dot, or the name of a volume.
func (b *Line) volume(w []string) error {
	source, dest, ro, err := cutVolume(w[0])
	if err != nil {
		return err
	}
	b.beside = true
	if source[0] == '/' || source[0] == '.' {
		return b.addBind([]string{source, dest}, spec.Entry{RO: ro})
	}
	if !register.IsName(source) {
		return notVolume(source)
	}
	if len(b.volumes) == volumesMost {
		return say.Bad("more than 16 volumes")
	}
	data := inputs.DataDirectory()
	if data == "" {
		return say.BadHint("there is no place for volumes", "XDG_DATA_HOME can name a directory")
	}
	b.volumes = early.Append(b.volumes, source)
	path := register.VolumePath(data, source)
	return b.addBind([]string{path, dest}, spec.Entry{RO: ro, Volume: true, Below: data})
}

// cutVolume cuts SRC:DEST or SRC:DEST:ro. A colon in a path can't be told from
// these.
func cutVolume(word string) (source, dest string, ro bool, err error) {
	source, rest, ok := strings.Cut(word, ":")
	dest, option, has := strings.Cut(rest, ":")
	switch {
	case !ok:
		return "", "", false, say.BadHint("not SRC:DEST", "a volume needs a name: -v NAME:DEST, or a path, -v ./DIR:DEST")
	case source == "" || dest == "":
		return "", "", false, say.Bad("an empty path names nothing")
	case strings.IndexByte(option, ':') >= 0:
		return "", "", false, say.BadHint("more than two colons", "--bind SRC DEST takes paths with a colon in them")
	case dest[0] != '/':
		return "", "", false, say.Bad("DEST is a path from the root")
	case has && option != "ro" && option != "rw":
		return "", "", false, say.BadHint("after the second colon stands ro or rw", otherOption(option))
	}
	return source, dest, option == "ro", nil
}

// otherOption says what is so of docker's other options.
func otherOption(option string) string {
	switch option {
	case "z", "Z":
		return "box gives files of the host no other label"
	case "cached", "delegated", "consistent":
		return "leave it out: what is written is there at once"
	case "nocopy":
		return "leave it out: a new volume is always empty"
	}
	return ""
}

// notVolume returns the message for a word that is neither a path nor a name.
//
//go:noinline
func notVolume(source string) error {
	early.Ordinary()
	hint := "1 to 64 of a-z, 0-9, and after the first also . _ -; a path begins with / or ./"
	if strings.IndexByte(source, '/') >= 0 {
		hint = "a path begins with / or ./: -v ./" + source
	}
	return say.BadHint(say.Words([]string{source})+" is no name of a volume", hint)
}

// holdVolumes makes the volumes that are missing, and takes a lock on each as
// long as the process lives: while it does, none can be removed. It stands after
// all that is only looked at, so that a line that can't be meant makes nothing.
func (b *Line) holdVolumes() error {
	if len(b.volumes) == 0 {
		return nil
	}
	data := inputs.DataDirectory()
	if err := b.volumeDir.Open(data); err != nil {
		return b.noVolume(b.volumes[0], err)
	}
	for _, name := range b.volumes {
		fd, made, errno := b.volumeDir.Hold(name)
		if errno != 0 {
			return b.noVolume(name, host.Boxed(errno))
		}
		b.held = early.Append(b.held, heldVolume{name, fd, made})
	}
	return nil
}

// dropVolumes lets go of the volumes of a sandbox that has not started. Those
// that were made for it are removed.
func (b *Line) dropVolumes() {
	for i := range b.held {
		switch v := &b.held[i]; {
		case v.fd < 0:
		case v.made:
			b.volumeDir.Drop(v.fd, v.name)
		default:
			host.Close(v.fd)
		}
	}
	b.held = b.held[:0]
}

// noVolume returns the message for a volume that can't be used.
func (b *Line) noVolume(name string, err error) error {
	b.forgo()
	return volumeRefused(name, err)
}

// forgo removes what was made for a sandbox that is not even tried: volumes, and
// what the register has of the box.
func (b *Line) forgo() {
	b.dropVolumes()
	if b.session.Shim.On() {
		b.session.Shim.Abandon()
	}
}

//go:noinline
func volumeRefused(name string, err error) error {
	early.Ordinary()
	return failure.Volume(name, err)
}
