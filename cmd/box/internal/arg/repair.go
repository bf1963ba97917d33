package arg

import (
	"net/netip"
	"strings"

	"box/internal/early"
	"box/spec"
)

// Repaired returns what a word of --allow or --deny that can't be meant was most likely meant to be, with the flag, as a shell
// takes it; "" if that can't be told. It is for hints.
//
//go:noinline
func Repaired(flag, word string) string {
	early.Ordinary()
	if strings.ContainsFunc(word, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return ""
	}
	var words []string
	for part := range strings.FieldsSeq(word) {
		for _, name := range names(part) {
			if name = repaired(name); !sound(name) {
				return ""
			}
			words = append(words, flag, name)
		}
	}
	if len(words) == 2 && words[1] == word {
		return ""
	}
	return spec.Quote(words)
}

// names divides a word at its commas if what is behind them are names. Ports have commas, too.
func names(word string) []string {
	parts := strings.Split(strings.TrimSuffix(word, ","), ",")
	for _, part := range parts[1:] {
		if strings.Trim(part, "0123456789") != "" {
			return parts
		}
	}
	return []string{word}
}

// sound reports whether a word can be meant.
func sound(word string) bool {
	r, ports, err := Target(word)
	if err != nil || r.Kind == spec.NetPrefix && ports == "" {
		return false
	}
	for ports != "" {
		if _, ports, err = CutPort(ports); err != nil {
			return false
		}
	}
	return true
}

// repaired takes the parts of a page's address off that name no server, and puts in order how the rest is written.
func repaired(word string) string {
	if _, page, is := strings.Cut(word, "://"); is {
		word = page
	}
	if at := strings.LastIndexByte(word, '@'); at > 0 {
		word = word[at+1:]
	}
	if before, bits, is := strings.Cut(word, "/"); is {
		if _, err := netip.ParseAddr(strings.Trim(before, "[]")); err != nil || bits == "" || bits[0] < '0' || bits[0] > '9' {
			word = before
		}
	}
	host, ports := divided(word)
	host, is := address(host)
	if !is {
		host = name(host)
	}
	if host == "" {
		return ""
	}
	var kept []string
	for port := range strings.SplitSeq(ports, ",") {
		if port = strings.TrimLeft(port, "0"); port != "" {
			kept = append(kept, port)
		}
	}
	if is && ports == "" {
		kept = []string{"443"}
	}
	if ports != "" && len(kept) == 0 {
		return "" // all that was asked for can't be meant: a name alone is more
	}
	if len(kept) > 0 {
		host += ":" + strings.Join(kept, ",")
	}
	return host
}

// divided takes the ports off. Without brackets the end of an IPv6 address may be meant to be one, if the rest is an address, too.
func divided(word string) (host, ports string) {
	word = strings.TrimPrefix(word, "[")
	if host, ports, is := strings.Cut(word, "]"); is {
		return host, strings.TrimPrefix(ports, ":")
	}
	at := strings.LastIndexByte(word, ':')
	if at < 0 {
		return word, ""
	}
	_, err := netip.ParseAddr(word[:at])
	if port := word[at+1:]; strings.Count(word, ":") == 1 || err == nil && port != "" && strings.Trim(port, "0123456789,") == "" {
		return word[:at], port
	}
	return word, ""
}

// address returns an address, or a range with the address that it begins with. An IPv6 one is in brackets.
func address(host string) (string, bool) {
	if p, err := netip.ParsePrefix(host); err == nil {
		host = p.Masked().String()
	} else if _, err := netip.ParseAddr(host); err != nil {
		return host, false
	}
	if strings.IndexByte(host, ':') >= 0 {
		host = "[" + host + "]"
	}
	return host, true
}

// name returns a name without empty parts, and with a star in front only.
func name(host string) string {
	star := ""
	if at := strings.LastIndexByte(host, '*'); at >= 0 && host != "*" {
		star, host = "*.", host[at+1:]
	}
	parts := strings.FieldsFunc(host, func(c rune) bool { return c == '.' })
	if len(parts) == 0 {
		return ""
	}
	return star + strings.Join(parts, ".")
}
