package relay

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"
)

// maxNames is how many names get an address.
const maxNames = 65536

// fakeNet is the first byte of the addresses that stand for names. They look public: programs refuse to fetch from what looks
// private. Nothing is reached at them by what they are elsewhere, so no rule about addresses holds for them.
const fakeNet = 25

func isFake(a netip.Addr) bool { return a.Is4() && a.As4()[0] == fakeNet }

// isOwn reports whether an address is one that the plan gives to the loopback interface: 10.0.2.100 and fd00:2::100.
func isOwn(a netip.Addr) bool {
	if a.Is4() {
		return a.As4() == [...]byte{10, 0, 2, 100}
	}
	return a.As16() == [...]byte{0: 0xfd, 3: 2, 14: 1, 15: 0}
}

// names gives each name an address, which it keeps. The address depends on the name, so it is the same in the next sandbox, if no
// other name is in the way: ssh(1) warns of a host whose address has changed.
type names struct {
	address map[string]uint32 // the last 24 bits
	name    map[uint32]string
}

func (n *names) init() { n.address, n.name = map[string]uint32{}, map[uint32]string{} }

// addressOf returns the address that stands for a name. ok is false when all are given away.
func (n *names) addressOf(name string) (a netip.Addr, ok bool) {
	at, ok := n.address[name]
	if !ok {
		if len(n.address) >= maxNames {
			return a, false
		}
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(name))
		sum := hash.Sum64()
		for at = uint32(sum^sum>>24^sum>>48) & 0xffffff; ; at = (at + 1) & 0xffffff {
			if _, taken := n.name[at]; !taken && at&0xff != 0 && at&0xff != 0xff {
				break
			}
		}
		n.address[name], n.name[at] = at, name
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], fakeNet<<24|at)
	return netip.AddrFrom4(b), true
}

// nameOf returns the name that an address stands for.
func (n *names) nameOf(a netip.Addr) (string, bool) {
	b := a.As4()
	name, ok := n.name[binary.BigEndian.Uint32(b[:])&0xffffff]
	return name, ok
}
