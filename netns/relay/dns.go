package relay

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// The numbers of an answer.
const (
	nameTTL = 600  // seconds; an address stays a name's as long as the sandbox lives
	maxUDP  = 1232 // what fits into a datagram anywhere (DNS flag day 2020); no answer is longer than a question and an address
)

// answer answers a DNS message (RFC 1035) without asking anybody: a name that a rule allows gets an address that stands for it,
// others don't exist. Refusing them instead (REFUSED) would be EAI_AGAIN, "try again", to programs. It returns nil where there is
// nothing to answer.
func (r *Relay) answer(message []byte) []byte {
	var p dnsmessage.Parser
	header, err := p.Start(message)
	if err != nil || header.Response {
		return nil
	}
	reply := dnsmessage.Header{
		ID: header.ID, Response: true, OpCode: header.OpCode, RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
	}
	if header.OpCode != 0 {
		reply.RCode = dnsmessage.RCodeNotImplemented
		return build(reply, nil, false, nil)
	}
	q, err := p.Question()
	if err == nil && !errors.Is(p.SkipQuestion(), dnsmessage.ErrSectionDone) {
		err = dnsmessage.ErrNotStarted // more than one question: nobody asks so
	}
	extended := false
	if err == nil {
		extended, err = hasOPT(&p)
	}
	if err != nil {
		reply.RCode = dnsmessage.RCodeFormatError
		return build(reply, nil, false, nil)
	}
	if q.Class != dnsmessage.ClassINET && q.Class != dnsmessage.ClassANY {
		reply.RCode = dnsmessage.RCodeRefused
		return build(reply, &q, extended, nil)
	}
	bodies, code := r.look(normal(q.Name.String()), q.Type)
	reply.RCode = code
	return build(reply, &q, extended, bodies)
}

// hasOPT reports whether the sender understands EDNS (RFC 6891).
func hasOPT(p *dnsmessage.Parser) (bool, error) {
	if err := p.SkipAllAnswers(); err != nil {
		return false, err
	}
	if err := p.SkipAllAuthorities(); err != nil {
		return false, err
	}
	for {
		h, err := p.AdditionalHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if h.Type == dnsmessage.TypeOPT {
			return true, nil
		}
		if err := p.SkipAdditional(); err != nil {
			return false, err
		}
	}
}

// look returns the records that a name has, and the code of the answer.
func (r *Relay) look(name string, kind dnsmessage.Type) ([]dnsmessage.ResourceBody, dnsmessage.RCode) {
	switch {
	case name == "localhost" || strings.HasSuffix(name, ".localhost") || name == normal(r.config.Hostname) && name != "":
		return addresses(kind, netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()), dnsmessage.RCodeSuccess
	case strings.HasSuffix(name, ".arpa"):
		return r.reverse(name, kind)
	case !plain(name) || !r.policy.mayName(name):
		r.noName(name, kind)
		return nil, dnsmessage.RCodeNameError
	case kind != dnsmessage.TypeA && kind != dnsmessage.TypeALL:
		return nil, dnsmessage.RCodeSuccess
	}
	a, ok := r.names.addressOf(name)
	if !ok {
		r.report.add("more than "+strconv.Itoa(maxNames)+" names were asked for: the rest has no address", "", r.tell)
		return nil, dnsmessage.RCodeServerFailure
	}
	return addresses(kind, a), dnsmessage.RCodeSuccess
}

// noName notes a name that no rule allows. That a service is looked for below an allowed name (RFC 2782) is nothing to note.
func (r *Relay) noName(name string, kind dnsmessage.Type) {
	if name == "" {
		return
	}
	if parent := name; kind != dnsmessage.TypeA && kind != dnsmessage.TypeAAAA {
		for strings.HasPrefix(parent, "_") {
			_, parent, _ = strings.Cut(parent, ".")
		}
		if r.policy.mayName(parent) {
			return
		}
	}
	reason, flag := "no rule allows the name", allowFlag(name, 0)
	if denied := r.policy.denies(name); denied != "" {
		reason, flag = "--deny "+denied+" refuses it", ""
	}
	r.log.name(name, reason)
	r.report.add(escape(name)+": "+reason, flag, r.tell)
}

// reverse answers for addresses that stand for names (RFC 1035, 3.5). Others have no name.
func (r *Relay) reverse(name string, kind dnsmessage.Type) ([]dnsmessage.ResourceBody, dnsmessage.RCode) {
	figures, ok := strings.CutSuffix(name, ".in-addr.arpa")
	parts := strings.Split(figures, ".")
	if !ok || len(parts) != 4 {
		return nil, dnsmessage.RCodeNameError
	}
	a, err := netip.ParseAddr(parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0])
	if err != nil || !isFake(a) {
		return nil, dnsmessage.RCodeNameError
	}
	of, ok := r.names.nameOf(a)
	if !ok {
		return nil, dnsmessage.RCodeNameError
	}
	full, err := dnsmessage.NewName(of + ".")
	if err != nil || kind != dnsmessage.TypePTR && kind != dnsmessage.TypeALL {
		return nil, dnsmessage.RCodeSuccess
	}
	return []dnsmessage.ResourceBody{&dnsmessage.PTRResource{PTR: full}}, dnsmessage.RCodeSuccess
}

// addresses returns records of those that are of a kind.
func addresses(kind dnsmessage.Type, all ...netip.Addr) (bodies []dnsmessage.ResourceBody) {
	for _, a := range all {
		switch {
		case a.Is4() && (kind == dnsmessage.TypeA || kind == dnsmessage.TypeALL):
			bodies = append(bodies, &dnsmessage.AResource{A: a.As4()})
		case a.Is6() && (kind == dnsmessage.TypeAAAA || kind == dnsmessage.TypeALL):
			bodies = append(bodies, &dnsmessage.AAAAResource{AAAA: a.As16()})
		}
	}
	return bodies
}

// build writes an answer. The question is repeated as it was asked, upper and lower case too: resolvers compare it.
func build(h dnsmessage.Header, q *dnsmessage.Question, extended bool, bodies []dnsmessage.ResourceBody) []byte {
	m := dnsmessage.Message{Header: h}
	if q != nil {
		m.Questions = []dnsmessage.Question{*q}
		for _, body := range bodies {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: nameTTL}, Body: body,
			})
		}
	}
	if extended {
		var opt dnsmessage.ResourceHeader
		if opt.SetEDNS0(maxUDP, h.RCode, false) == nil {
			m.Additionals = []dnsmessage.Resource{{Header: opt, Body: &dnsmessage.OPTResource{}}}
		}
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}
