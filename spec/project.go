package spec

import "slices"

// Project is a directory that the command may write in, and where its user goes on working outside. What appears in it is watched
// for: a tool outside may run it, or believe it. The zero value is no such directory.
type Project struct {
	Top      string       // its path on the host, for messages; "" if there is no project
	Source   string       // what it is opened by: "." or "../.." is from the working directory itself, wherever Top leads by now
	Dev, Ino uint64       // what is there
	Names    []string     // the names that are watched for in it; at most 64
	There    uint64       // bit n: Names[n] was there when it was decided what is locked
	Locks    []LockedPath // what in it must not change
	AllowNew []string     // those of Names that may appear: .git everywhere below Top
	Required Origin       // the flag that lets nothing start if it can't be watched
	Origin   Origin       // the flag that makes it writable
}

// LockedPath is something in a project that stays as it is where the project is writable.
type LockedPath struct {
	Path string // below Project.Top; the last part of it may be a link, and no other
	Why  string
}

// Allows reports whether a name may appear.
func (p *Project) Allows(name string) bool {
	return slices.Contains(p.AllowNew, name)
}
