package life

import (
	"slices"
	"strings"

	"box/plan"
	"box/register"
)

// shared is another box, whose namespace a box is in.
type shared struct {
	Name string
	ID   string `json:"Id"`
	// Ended reports whether that box has ended since, or was started anew: the namespace is still the old one, in which there is
	// nobody of it any more.
	Ended bool
}

// sharesOf returns with which boxes a box was started in common, by the kind of namespace.
func sharesOf(b *register.Box) map[string]shared {
	list, live := map[string]shared{}, b.Live()
	since := moment(live.Value("started"))
	for _, fact := range live.Values("shares") {
		words := strings.Fields(fact)
		if len(words) != 3 {
			continue
		}
		with := shared{Name: words[1], ID: words[2], Ended: true}
		if other, err := b.Register().Find(with.ID); err == nil { // it may have another name by now
			with.Name = other.Name
			with.Ended = other.State() != register.Up || moment(other.Live().Value("started")).After(since)
			other.Close()
		}
		list[words[0]] = with
	}
	return list
}

// sharing returns for people to read what a box shares, and with which boxes.
func sharing(list map[string]shared) string {
	var kinds []string
	for _, kind := range plan.SpaceKinds {
		if with, has := list[kind]; has {
			kinds = append(kinds, kind+" of "+with.Name)
		}
	}
	slices.Sort(kinds)
	return strings.Join(kinds, ", ")
}
