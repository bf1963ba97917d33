package spec

// Kind is what an Entry puts into the tree.
type Kind uint8

// The kinds of entries. Hostname is one of them because it is applied in order with the rest.
const (
	Bind     Kind = iota + 1 // Source of the host at Dest, with everything mounted below it
	Overlay                  // Layers of the host as one directory; writes go to Source, or to memory, or nowhere if RO
	Tmpfs                    // an empty writable file system
	Proc                     // the processes of the sandbox's pid namespace, see proc(5)
	Dev                      // a minimal /dev with terminals of its own
	Mqueue                   // POSIX message queues, see mq_overview(7)
	Dir                      // a directory, if there is none
	File                     // a file with Data as its content
	Data                     // Source of the host, if there is one, and Data, bound at Dest: it can't be renamed or removed
	Symlink                  // a symbolic link with Source as its target
	Chmod                    // the mode of what is at Dest
	ReadOnly                 // makes the mount at Dest read-only, not those below it
	Hostname                 // Source becomes the host name
	Lock                     // what is at Dest is mounted on itself, so that its name stays; if RO, it is read-only
)

var kinds = [...]string{
	Bind: "bind", Overlay: "overlay", Tmpfs: "tmpfs", Proc: "proc", Dev: "dev", Mqueue: "mqueue", Dir: "dir", File: "file",
	Data: "data", Symlink: "symlink", Chmod: "chmod", ReadOnly: "remount-ro", Hostname: "hostname", Lock: "lock",
}

// String returns the kind's name.
func (k Kind) String() string { return kinds[k] }

// Mounts reports whether the kind puts a mount at Dest.
func (k Kind) Mounts() bool {
	switch k {
	case Bind, Overlay, Tmpfs, Proc, Dev, Mqueue, Data:
		return true
	}
	return false
}

// Creates reports whether the kind makes Dest if it is missing, and the directories above it.
func (k Kind) Creates() bool { return k != Chmod && k != ReadOnly && k != Hostname && k != Lock }

// HasPerms reports whether the permissions of what the kind makes can be chosen.
func (k Kind) HasPerms() bool { return k == Tmpfs || k == Dir || k == File || k == Data }

// Entry is one step in the building of the sandbox's tree.
type Entry struct {
	Kind    Kind
	RO      bool     // Bind, Overlay, Tmpfs and Data: read-only
	Devices bool     // Bind and Overlay: device files work
	Here    bool     // Bind, Overlay: the source is "." or "../..": from the working directory itself, whatever leads to its path
	Volume  bool     // Bind: the source is a volume of box's, which is made when the sandbox is started, if it is missing
	Below   string   // a directory that Source of a Bind, Dest of a Lock is spelled from; from there on no link is followed
	Try     bool     // Bind: a missing Source is skipped
	There   bool     // Tmpfs and Data: something is at Dest already, so nothing is made
	Perms   uint32   // permission bits for what is created; Dev: of its shm, 0 is 01777
	Size    uint64   // Tmpfs: bytes; 0 is the default of box
	Dest    string   // the path in the sandbox
	Source  string   // Bind, Overlay, Lock: the path on the host; Symlink: the target; Hostname: the name; Dev: the console
	Work    string   // Overlay with a Source: a directory beside it for the kernel's use
	Layers  []string // Overlay: paths on the host, the lowest first
	Scratch bool     // Overlay: it is that of Spec.Scratch, so Source and Work are made when the sandbox is
	Dev     uint64   // Bind, Overlay with Here: the source must be this file, if Ino is not 0
	Ino     uint64
	FD      FD     // Bind: what is bound must be what this names; File, Data: where Data is from
	Data    []byte // File and Data: the content
	Head    int    // Data with a Source: so many bytes of Data come before what Source has
	Origin  Origin
}

// Writes returns the path on the host that what happens at Dest changes, or "".
func (e *Entry) Writes() string {
	if (e.Kind == Bind || e.Kind == Overlay) && !e.RO {
		return e.Source
	}
	return ""
}

// Brings reports whether the entry brings something of the host: there may be links in it.
func (e *Entry) Brings() bool { return e.Kind == Bind || e.Kind == Overlay }

// Sources returns the paths on the host that the entry brings, the one that counts most first.
func (e *Entry) Sources() []string {
	var found []string
	if e.Brings() && e.Source != "" {
		found = append(found, e.Source)
	}
	for i := len(e.Layers) - 1; i >= 0; i-- {
		found = append(found, e.Layers[i])
	}
	return found
}

// Lookup returns the last entry that decides what is at path in the sandbox: it puts something at path or above it.
// Links are not followed.
func (s *Spec) Lookup(path string) (Entry, bool) {
	for i := len(s.Tree) - 1; i >= 0; i-- {
		if e := &s.Tree[i]; e.Kind.Creates() && Within(path, e.Dest) {
			return *e, true
		}
	}
	return Entry{}, false
}

// Root returns the index of the entry that makes the root; -1 if box makes it, a tmpfs.
func (s *Spec) Root() int {
	for i := len(s.Tree) - 1; i >= 0; i-- {
		if e := &s.Tree[i]; e.Kind.Mounts() && Relative(e.Dest) == "" {
			return i
		}
	}
	return -1
}

// ReadOnlyRoot reports whether the root is a directory of the host that is bound read-only.
func (s *Spec) ReadOnlyRoot() bool {
	i := s.Root()
	return i >= 0 && s.Tree[i].Kind == Bind && s.Tree[i].RO
}

// Within reports whether path is dir or lies below it, by name alone. Both are taken from the root.
func Within(path, dir string) bool {
	dir = Relative(dir)
	path = Relative(path)
	if dir == "" {
		return true
	}
	if len(path) < len(dir) || len(path) > len(dir) && path[len(dir)] != '/' {
		return false // nearly always; it is asked for every pair of entries
	}
	return path[:len(dir)] == dir
}

// Relative returns path without slashes at its ends: the empty string is the root.
func Relative(path string) string {
	for path != "" && path[0] == '/' {
		path = path[1:]
	}
	for path != "" && path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	return path
}
