package native

import (
	"strings"

	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/internal/pathname"
	"box/mounts"
	"box/project"
	"box/spec"
)

// scratch is --scratch, and --scratch=DIR. It has its effect in the base view.
// The last one counts.
func (b *Line) scratch(w []string) error {
	if len(w) > 0 && w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	b.project.scratch = b.step.words
	if b.project.keep = ""; len(w) > 0 {
		b.keepIn(w[0])
	}
	return nil
}

// keepIn notes the directory. The words are put together again: without the
// equals sign it would be the command.
//
//go:noinline
func (b *Line) keepIn(dir string) {
	early.Ordinary()
	b.project.keep, b.project.scratch = dir, []string{"--scratch=" + dir}
}

// overlaid makes the entry that brings the project an overlay: what is written
// goes to the directory of --scratch=DIR, or to memory. A tmpfs has user.*
// attributes from Linux 6.6 on, and without them rm -r is EIO in an overlay: it
// notes by one that a directory hides what lies below it. Before, what is
// written goes to a directory of box's own.
//
//go:noinline
func (b *Line) overlaid(e *spec.Entry, p *project.Project) error {
	early.Ordinary()
	s := &b.spec.Scratch
	*s = spec.Scratch{Top: p.Path}
	s.Origin.Words = b.project.scratch
	above := ""
	switch {
	case b.project.keep != "":
		s.Keep = realPath(mounts.Spelled(b.project.keep))
		if above, _ = pathname.Cut(s.Keep); above == "" {
			above = "/"
		}
		for _, dir := range []string{s.Keep, above} {
			if why := b.kept(dir); why != "" {
				return say.Refuse(s.Origin.Words, why)
			}
		}
		if !host.IsDir(above) {
			return say.Refuse(s.Origin.Words, above+" is no directory here")
		}
	case !mounts.MemoryHasAttributes():
		if above = inputs.CacheDirectory(); above == "" {
			return say.Refuse(s.Origin.Words, "there is no place for what is written: neither XDG_CACHE_HOME nor a home is known")
		}
		above = realPath(above)
	}
	if above != "" {
		if err := overlapping(s, above); err != nil {
			return err
		}
		dir, err := mounts.ScratchDir(above)
		if err != nil {
			return say.Usagef("%s: %v", say.Words(s.Origin.Words), err)
		}
		s.Dir, b.spec.Life.Await = dir, true
	}
	*e = spec.Entry{
		Kind: spec.Overlay, Scratch: true, Here: e.Here, Layers: []string{e.Source}, Source: s.Upper(), Work: s.Work(),
		Dest: e.Dest, Dev: e.Dev, Ino: e.Ino, Origin: s.Origin,
	}
	return nil
}

// overlapping refuses a directory for what is written that lies in the
// project, or has it inside: the kernel takes no such overlay (ELOOP). above is
// where the kernel's own directory is made, which may not lie there either.
func overlapping(s *spec.Scratch, above string) error {
	top, keep, words := mounts.RealPath(s.Top), s.Keep, say.Words(s.Origin.Words)
	switch {
	case spec.Within(above, top):
		return say.Usagef("%s: what is written can't go to %s: it lies in the project, %s", words, above, top)
	case keep != "" && spec.Within(top, keep):
		return say.Usagef("%s: the project, %s, lies in %s", words, top, keep)
	case keep != "" && host.Exists(keep) && !host.IsDir(keep):
		return say.Usagef("%s: %s is no directory", words, keep)
	}
	return nil
}

// realPath returns the path without links of a directory that may have to be
// made.
func realPath(dir string) string {
	there := dir
	for there != "" && !host.Exists(there) {
		there, _ = pathname.Cut(there)
	}
	if there == dir {
		return mounts.RealPath(there)
	}
	return strings.TrimSuffix(mounts.RealPath(there+"/"), "/") + dir[len(there):]
}
