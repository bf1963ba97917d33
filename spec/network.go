package spec

// NetMode is what a sandbox can reach of networks.
type NetMode uint8

// The modes. The zero value reaches nothing.
const (
	NetNone  NetMode = iota // nothing but itself
	NetNames                // what rules allow, by name, through a process outside
	NetHost                 // the caller's network, as it is
)

// NetKind is what a rule is about.
type NetKind uint8

// The kinds of rules.
const (
	NetName     NetKind = iota + 1 // the name, and no other
	NetSuffix                      // names of one or more labels before Name: *.NAME. Not Name itself
	NetAny                         // every name
	NetPrefix                      // addresses, by Addr and Bits
	NetHostPort                    // a port of the caller's machine, on its loopback addresses
)

// NetRule allows or denies one port of one name, or of a range of addresses.
type NetRule struct {
	Kind NetKind
	Name string   // NetName, NetSuffix: lower case, ASCII, without a dot at its ends
	Addr [16]byte // NetPrefix; an IPv4 address is ::ffff:a.b.c.d
	Bits uint8    // NetPrefix: of 128; an IPv4 one has at least 96
	Port uint16   // 1 to 65535. In Network.Deny it is 0: every port
	Word string   // as it was written: github.com:22, @npm
}

// NetPort is a TCP port of the sandbox that others reach from outside.
type NetPort struct {
	Addr            [16]byte // outside; an IPv4 address is ::ffff:a.b.c.d
	Outside, Inside uint16   // 1 to 65535
	Word            string   // as it was written
}

// Network says what a sandbox with a network namespace of its own can reach, and who reaches it. The zero value is nothing and
// nobody.
type Network struct {
	Mode    NetMode
	Allow   []NetRule // each has one port; two that are the same are one
	Deny    []NetRule // beat every rule of Allow
	Publish []NetPort
	Log     string // where each connection is noted: a path of the host, "-" is standard error, "" is nowhere
	Origin  Origin // the first flag about it

	LogOrigin Origin

	Joined NetMode // of the box whose network it is, see Join.Of
}

// ByName reports whether box answers for the names in the sandbox's network.
func (n *Network) ByName() bool { return n.Mode == NetNames || n.Joined == NetNames }

// Relayed reports whether a process outside is needed that carries connections.
func (n *Network) Relayed() bool { return n.Mode == NetNames || len(n.Publish) != 0 }
