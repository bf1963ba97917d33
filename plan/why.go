package plan

// Why is the reason of a call: what the call is for, beside whose wish it is (Call.For). The one who writes a call
// knows it; whoever has to say why the sandbox could not be made looks it up, and needs not guess it from the system
// call and its arguments.
type Why uint8

// The reasons. The zero value is a call that no message tells apart: it closes, stores or makes room.
const (
	WhyOther Why = iota

	// An entry of the tree.
	WhySource     // what is bound is found on the host and cloned
	WhySame       // it is what the caller's descriptor names
	WhyAbove      // the directories above the destination, made where they are missing
	WhyParent     // the directory that the destination lies in, opened
	WhyLeaf       // the destination itself is made
	WhyPlace      // the destination is opened
	WhyNotRoot    // links must not have led to the root
	WhyMisplaced  // the destination is wrong by its spelling alone
	WhyAttach     // what is bound is put onto the destination
	WhyEnter      // the destination is entered, so that something can be mounted there by descriptor
	WhyMount      // a new file system is made and mounted
	WhyDevice     // a device of the host: in a new /dev, or on a part of /proc
	WhyAttributes // a mount becomes read-only, nosuid or nodev
	WhyContent    // a file's content is written
	WhyLink       // a symbolic link is made
	WhyThere      // something is there already: is it a link
	WhyTarget     // the link that is there leads to the same
	WhyMode       // permissions are set
	WhyHostname
	WhyNote // a mount point on the host is noted, so that a later sandbox knows it
	WhyHide // what box keeps there is covered

	// The sandbox around it.
	WhyNamespaces // new namespaces, in a process of their own
	WhyJoin       // a namespace of somebody else's is entered
	WhyIDMap      // a user namespace and who one is in it
	WhyUID
	WhyGID
	WhyNested    // no user namespaces below it: the limit on them
	WhyAssert    // the proof of that
	WhyShare     // limits of what the user's processes have in common
	WhyNetwork   // the loopback interface, and what listens there for the net process
	WhyProc      // the host's /proc, which is kept open
	WhyRoot      // the cover that the tree is built on, and the pivot to it
	WhyPrivilege // capabilities and what they depend on
	WhyKeyring
	WhyLabel // SELinux contexts
	WhyTerminal
	WhyLockFile // a file that pid 1 locks is opened
	WhyLock     // it is locked
	WhyConfine  // the Landlock domain
	WhyStdio    // files in the place of standard descriptors
	WhyMonitor  // what pid 1 and its parent tell each other
	WhyTie      // who dies with whom, and who can look at whom
	WhyNetLog   // the file in which connections are noted
	WhyRelay    // the net process: its start, and what it and pid 1 tell each other

	// The command.
	WhyDir         // its working directory
	WhyLimits      // resource limits
	WhyInheritance // what it has from the caller: signals, CPUs, the umask, descriptors
	WhyProcess     // its process
	WhyFilter      // its system call filters
	WhyExec        // it is executed
	WhyShell       // or else a shell that reads it
	WhySearch      // no directory of PATH has it
)
