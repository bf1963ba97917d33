package mounts

import (
	"box/internal/early"
	"box/internal/host"
)

// noteVarLib is the note of one of these directories.
const noteVarLib = "base view: links in /usr or /etc lead there"

// varLib are the directories of /var/lib that hold a part of what programs read, since it is made on the machine itself. Links in
// /usr and /etc lead there.
var varLib = [...]string{
	"aspell", "ispell", // dictionaries
	"ca-certificates", // of SUSE
	"ghc",             // which packages Haskell has
	"libreoffice",
	"mecab",
	"sgml-base", // /etc/sgml/catalog
	"texmf",     // formats and lists of files of TeX
}

// states brings those of them that have something in them.
func (v *view) states() {
	l := looker{top: "/"}
	for _, name := range varLib {
		path := early.Concat("/var/lib/", name)
		if !filled(path) {
			continue
		}
		if e, is := l.find(path); is {
			e.Dest = path
			e.Origin.Note = noteVarLib
			v.add(e)
		}
	}
}

// filled reports whether a directory has more in it than the README that Debian puts into some.
func filled(dir string) bool {
	var names host.Names
	if !names.Open(dir) {
		return false
	}
	for name := names.Next(); name != ""; name = names.Next() {
		if name != "README" {
			names.Close()
			return true
		}
	}
	return false
}
