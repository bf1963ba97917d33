package native

import (
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/spec"
)

// overlaySrc adds a layer for the next overlay. The list has no fixed memory,
// so a line with overlays goes the ordinary way.
func (b *Line) overlaySrc(w []string) error {
	early.Ordinary()
	if w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	b.layers, b.layersFrom = append(b.layers, w[0]), b.step.words
	return nil
}

// overlay, tmpOverlay and roOverlay differ in where writes go: to a directory
// of the host, to memory, or nowhere. The kernel takes one lower layer with an
// upper one, and not less than two without it, see the kernel's
// Documentation/filesystems/overlayfs.rst.
func (b *Line) overlay(w []string) error {
	if w[0] == "" || w[1] == "" {
		return say.Bad("an empty path names nothing")
	}
	return b.addOverlay(spec.Entry{Source: w[0], Work: w[1], Dest: w[2]}, 1)
}

func (b *Line) tmpOverlay(w []string) error { return b.addOverlay(spec.Entry{Dest: w[0]}, 1) }

func (b *Line) roOverlay(w []string) error {
	return b.addOverlay(spec.Entry{RO: true, Dest: w[0]}, 2)
}

// addOverlay uses up --overlay-src, of which there must be at least as many as least.
//
//go:noinline
func (b *Line) addOverlay(e spec.Entry, least int) error {
	early.Ordinary()
	if len(b.layers) < least {
		return say.Badf("needs %s --overlay-src before it", [...]string{1: "an", 2: "two"}[least])
	}
	e.Kind, e.Layers, b.layers = spec.Overlay, b.layers, nil
	return b.add(e)
}
