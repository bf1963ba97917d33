package register

import (
	"strings"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// Rename gives a box another name. ErrUp: it is up. ErrTaken: another box has the name.
func (b *Box) Rename(name string) error {
	if err := b.Take(); err != nil {
		return err
	}
	defer b.Unlock()
	if b.Lingers() {
		return ErrUp
	}
	switch errno := host.RenameIn(b.in.boxes, b.Name, name); errno {
	case 0:
		return nil
	case unix.EEXIST:
		return taken()
	default:
		return problem("rename", b.in.State+"/boxes/"+b.Name, errno)
	}
}

// Full returns the name of the box whose number begins with a word, if there is one such box and no box has that name; else the
// word itself.
func (r *Register) Full(word string) string {
	early.Ordinary()
	if b, err := r.Find(word); err == nil {
		b.Close()
		return word
	}
	const shortest = 3 // else a name of one letter that is mistyped is somebody's
	if len(word) < shortest || len(word) >= idSize {
		return word
	}
	full := ""
	list, _ := r.List()
	for _, b := range list {
		if strings.HasPrefix(b.ID(), word) {
			if full != "" {
				full = word
			} else {
				full = b.Name
			}
		}
		b.Close()
	}
	if full == "" {
		return word
	}
	return full
}
