package netns

import (
	"box/internal/early"
	"box/plan"
	"box/spec"
)

// Name is argv[0] of the net process, by which box knows that it is to be one. Its other words are the sandbox's network:
// box/netns/relay reads them.
const Name = "box-net"

// The descriptors of the net process.
const (
	FromPID1 = 3 // the socket to pid 1
	FromBox  = 4 // the socket to the monitor
	LogFile  = 5 // where connections are noted, if that is a file
)

// Argv returns the words of the net process, as execve(2) takes them: a word for the mode, and one for each rule and published
// port, whose parts are divided by blanks.
//
//	names|none
//	allow|deny KIND PORT BITS ADDRESS NAME WORD     ADDRESS in 32 hexadecimal digits, NAME is - if there is none
//	publish OUTSIDE INSIDE ADDRESS WORD
//	log DESCRIPTOR
//	host NAME                                       the sandbox's own name
func Argv(b *plan.Builder, s *spec.Spec) plan.Ptr {
	n := &s.Network
	words := 2 + len(n.Allow) + len(n.Deny) + len(n.Publish) + 2
	argv := b.Pointers(words)
	at := 0
	add := func(word plan.Ptr) {
		b.Store(argv, at, word)
		at++
	}
	add(b.String(Name))
	if n.Mode == spec.NetNames {
		add(b.String("names"))
	} else {
		add(b.String("none"))
	}
	for i := range n.Allow {
		add(rule(b, "allow ", &n.Allow[i]))
	}
	for i := range n.Deny {
		add(rule(b, "deny ", &n.Deny[i]))
	}
	for i := range n.Publish {
		add(published(b, &n.Publish[i]))
	}
	switch n.Log {
	case "":
	case "-":
		add(b.String("log 2"))
	default:
		add(b.String("log 5"))
	}
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Kind == spec.Hostname {
			add(b.Concat("host ", e.Source, ""))
			break
		}
	}
	return argv
}

func rule(b *plan.Builder, verb string, r *spec.NetRule) plan.Ptr {
	var line early.Text
	line.Add(verb)
	number(&line, uint64(r.Kind))
	number(&line, uint64(r.Port))
	number(&line, uint64(r.Bits))
	hexadecimal(&line, &r.Addr)
	if r.Name == "" {
		line.Add("-")
	}
	line.Add(r.Name)
	line.Add(" ")
	line.Add(r.Word)
	return b.String(line.String())
}

func published(b *plan.Builder, p *spec.NetPort) plan.Ptr {
	var line early.Text
	line.Add("publish ")
	number(&line, uint64(p.Outside))
	number(&line, uint64(p.Inside))
	hexadecimal(&line, &p.Addr)
	line.Add(p.Word)
	return b.String(line.String())
}

// number adds a number and a blank.
func number(line *early.Text, n uint64) {
	line.AddNumber(n)
	line.Add(" ")
}

// hexadecimal adds an address and a blank.
func hexadecimal(line *early.Text, addr *[16]byte) {
	const digits = "0123456789abcdef"
	for _, c := range addr {
		line.Add(digits[c>>4 : c>>4+1])
		line.Add(digits[c&15 : c&15+1])
	}
	line.Add(" ")
}
