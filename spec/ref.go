package spec

// A Ref names one wish of a Spec by number, so that a system call can remember cheaply whose it is.
type Ref = uint32

// The wishes that are no list.
const (
	Box       Ref = iota // what every sandbox needs
	Identity             // IDs
	Directory            // Command.Dir
	Program              // Command.Argv
	Terminal             // Life.TTY
	JoinUser             // Join.User
	JoinLast             // Join.Last
	JoinPID              // Join.PID
	Awaited              // Life.Block
	Confined             // Confine
	Inherited            // Life.Stdio
	Networked            // Network
	NetLogged            // Network.Log
	entries   Ref = 1 << 24
	filters   Ref = 2 << 24
	locks     Ref = 3 << 24
	joined    Ref = 4 << 24
)

// JoinRef names Join.From[i].
func JoinRef(i int) Ref { return joined + Ref(i) }

// EntryRef names Tree[i].
func EntryRef(i int) Ref { return entries + Ref(i) }

// FilterRef names Filters[i].
func FilterRef(i int) Ref { return filters + Ref(i) }

// LockRef names Life.Locks[i].
func LockRef(i int) Ref { return locks + Ref(i) }

// Lock returns the locked file that ref names, or "".
func (s *Spec) Lock(ref Ref) string {
	if i := int(ref) - int(locks); ref >= locks && i < len(s.Life.Locks) {
		return s.Life.Locks[i]
	}
	return ""
}

// Entry returns the entry that ref names, or nil.
func (s *Spec) Entry(ref Ref) *Entry {
	if i := int(ref) - int(entries); ref >= entries && ref < filters && i < len(s.Tree) {
		return &s.Tree[i]
	}
	return nil
}

// Origin returns where the wish that ref names came from.
func (s *Spec) Origin(ref Ref) Origin {
	switch {
	case ref >= joined:
		return s.Join.From[ref-joined].Origin
	case ref >= locks:
		return Origin{Words: []string{"--lock-file", s.Lock(ref)}}
	case ref >= filters:
		return s.Filters[ref-filters].Origin
	case ref >= entries:
		return s.Tree[ref-entries].Origin
	}
	switch ref {
	case Identity:
		return s.IDs.Origin
	case Directory:
		return s.Command.Origin
	case Program:
		return Origin{Words: s.Command.Argv}
	case JoinUser:
		return s.Join.User.Origin
	case JoinLast:
		return s.Join.Last.Origin
	case JoinPID:
		return s.Join.PID.Origin
	case Awaited:
		return s.Life.Block.Origin
	case Confined:
		return s.Confine.Required
	case Networked:
		return s.Network.Origin
	case NetLogged:
		return s.Network.LogOrigin
	}
	return Origin{}
}
