package shim

// What a client and a shim say to each other: packets over a socket, see unix(7), SOCK_SEQPACKET. Each begins with a Record, and
// has bytes after it only where its kind says so. A client may be of another version than the shim: what differs is Format.

// Format is the version of the records.
const Format = 1

// Record is what each packet begins with.
type Record struct {
	Format, Kind uint32
	Value, Extra int64
}

// What clients ask for.
const (
	Signal    = 1 + iota // send signal Value to the command, or to its process group if Extra is 1; SIGKILL ends the box
	Stop                 // send the stop signal, or Extra if that is not 0, and SIGKILL after Value nanoseconds; then as Wait
	Wait                 // answer when the box has ended
	Enter                // hand out how to be inside
	Attach               // tell what the command writes from now on, and take what it is to read
	Input                // bytes for the command to read
	InputEnds            // it has read all
	Size                 // the size of the terminal: Value rows, Extra columns
	Again                // as Stop, and the box is started again then; it is answered at once
)

// What a shim answers.
const (
	Done        = 100 + iota // it is done
	Refused                  // it can't be: Value is an errno
	Ended                    // the box has ended: Value is its status, and Extra the signal that ended it, or 0
	Inside                   // carries the namespaces, and more: see Handed. Value is pid 1 of its pid namespace, Extra the command
	Attached                 // Value is 1 if there is a terminal; Extra is 1 if the command can be given input
	Output                   // bytes that the command has written, to 1 or 2: Value
	OtherFormat              // Value is the shim's Format; nothing more is heard
)

// Most is how many bytes a packet has at most after its Record.
const Most = 4 << 10
