package life

import (
	"strings"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
)

// dockerVerb is a verb of docker container, and what box has for it.
type dockerVerb struct {
	docker, box string
	boxes       bool // its words that are no flags are boxes, which docker lets be named by the beginning of their number
	flags       []dockerFlag
	run         func(*verb.Context) (int, error) // of a verb that is in no other place
	help        string                           // of a word that box has under another name, or not else
}

// dockerFlag is a flag of docker's, in both of its forms.
type dockerFlag struct {
	letter, name string
	box          string // the same in box; "" is nothing: it is so anyway
	value        bool   // a word follows
	why          string // it is refused, with this hint
}

const (
	noSizes  = "box keeps no files of a box: what it writes is in memory, in volumes or on the host"
	noFilter = "box ps --json prints what jq can choose from"
)

var dockerVerbs = [...]dockerVerb{
	{"ls", "ps", false, lsFlags, nil, "List boxes: ps"},
	{"list", "ps", false, lsFlags, nil, ""},
	{"ps", "ps", false, lsFlags, nil, ""},
	{"rm", "remove", true, rmFlags, nil, "Forget boxes that have ended: remove"},
	{"remove", "remove", true, rmFlags, nil, ""},
	{"rename", "rename", true, nil, Rename, "Give a box that has ended another name: OLD NEW"},
	{"cp", "cp", false, []dockerFlag{
		{"-a", "--archive", "", false, "what is copied belongs to who copies it"},
		{"-L", "--follow-link", "", false, "a link is copied as a link; name what it leads to"},
		{"-q", "--quiet", "", false, ""},
	}, Copy, "Copy files out of a box that is up, or into it: NAME:PATH PATH, or PATH NAME:PATH; - is a tar archive"},
	{"top", "top", true, nil, nil, ""},
	{"logs", "logs", true, []dockerFlag{
		{"-f", "--follow", "-f", false, ""},
		{"-n", "--tail", "-n", true, ""},
		{"", "--since", "--since", true, ""},
		{"-t", "--timestamps", "-t", false, ""},
		{"", "--until", "", true, "box logs -t prints times, which awk can choose from"},
		{"", "--details", "", false, "a log has nothing but its lines"},
	}, nil, ""},
	{"stop", "stop", true, []dockerFlag{
		{"-t", "--time", "-t", true, ""},
		{"", "--timeout", "-t", true, ""},
		{"-s", "--signal", "", true, "box run --stop-signal chooses it; box kill -s sends any"},
	}, nil, ""},
	{"restart", "restart", true, []dockerFlag{
		{"-t", "--time", "-t", true, ""},
		{"", "--timeout", "-t", true, ""},
		{"-s", "--signal", "", true, "box run --stop-signal chooses it"},
	}, nil, ""},
	{"kill", "kill", true, []dockerFlag{{"-s", "--signal", "-s", true, ""}}, nil, ""},
	{"inspect", "inspect", true, []dockerFlag{
		{"-f", "--format", "-f", true, ""},
		{"-s", "--size", "", false, noSizes},
		{"", "--type", "", true, "box volume inspect is for volumes"},
	}, nil, ""},
	{"start", "start", true, []dockerFlag{
		{"-a", "--attach", "", false, "box attach NAME after it"}, {"-i", "--interactive", "", false, "box attach NAME after it"},
	}, nil, ""},
	{"attach", "attach", true, []dockerFlag{
		{"", "--detach-keys", "--detach-keys", true, ""},
		{"", "--no-stdin", "", false, "box logs -f NAME shows the output alone"},
		{"", "--sig-proxy", "", false, "box attach sends keys, and no signals"},
	}, nil, ""},
	{"wait", "wait", true, nil, nil, ""},
	{"prune", "prune", false, []dockerFlag{{"-f", "--force", "", false, ""}, {"", "--filter", "", true, noFilter}}, nil, ""},
}

var lsFlags = []dockerFlag{
	{"-a", "--all", "-a", false, ""},
	{"-q", "--quiet", "-q", false, ""},
	{"", "--no-trunc", "", false, ""},
	{"-n", "--last", "", true, "box ps -a lists all"},
	{"-l", "--latest", "", false, "box ps -a lists all"},
	{"-s", "--size", "", false, noSizes},
	{"-f", "--filter", "", true, noFilter},
	{"", "--format", "", true, "box ps --json prints all that is known"},
}

var rmFlags = []dockerFlag{
	{"-f", "--force", "-f", false, ""},
	{"-v", "--volumes", "", false, ""},
	{"-l", "--link", "", false, "boxes have no links"},
}

// lackingVerbs are verbs of docker's that box does not have, and why.
var lackingVerbs = [...]struct{ docker, why string }{
	{"create", "box container run -d starts it at once"},
	{"pause", "box kill -s STOP NAME stops the command; CONT lets it go on"},
	{"unpause", "box kill -s CONT NAME lets it go on"},
	{"port", "box ps lists the ports"},
	{"diff", "there is no image that a box could differ from; box --scratch tells what a command writes to a project"},
	{"export", "box container cp NAME:/ - writes a tar archive of what the box sees"},
	{"commit", "there are no images"},
	{"stats", "box top NAME shows the processor and the memory of each process"},
	{"update", "box has no limits on memory and processors yet"},
}

// lackingWords are first words of docker's that are no verb of box, and what does the same.
var lackingWords = [...]struct{ docker, here string }{
	{"rename", "box container rename OLD NEW"},
	{"create", "box run -d starts a box at once; box volume create NAME makes a volume"},
	{"info", "box doctor says what this machine allows; there is no daemon"},
	{"network", "a box has no network but what --net, --allow and --publish say"},
	{"system", "box prune forgets the boxes that have ended"},
	{"images", noImages},
	{"build", noImages},
	{"rmi", noImages},
	{"tag", noImages},
	{"save", noImages},
	{"load", noImages},
	{"search", noImages},
	{"history", noImages},
}

const noImages = "there are no images: a box runs programs of this machine"

// Instead says what there is for a first word of docker's that is no verb here, or "".
func Instead(word string) string {
	for _, l := range lackingWords {
		if l.docker == word {
			return l.here
		}
	}
	for _, l := range lackingVerbs {
		if l.docker == word {
			return l.why
		}
	}
	return ""
}

// translate returns box's words for docker's.
func (d *dockerVerb) translate(words []string) (list []string, err error) {
	list = []string{}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			return append(append(list, word), words...), nil
		case len(word) > 2 && word[0] == '-' && word[1] != '-' && d.find(word[:2]) != nil && !d.find(word[:2]).value:
			words = append([]string{word[:2], "-" + word[2:]}, words...) // -aq is -a -q
		case len(word) < 2 || word[0] != '-':
			if d.boxes {
				word = fullName(word)
			}
			list = append(list, word)
		default:
			if list, words, err = d.translateFlag(list, word, words); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// translateFlag appends box's word for a flag of docker's, and takes the value from the words that follow, if it has one there.
func (d *dockerVerb) translateFlag(list []string, word string, words []string) (all, rest []string, err error) {
	name, value, cut := strings.Cut(word, "=")
	f := d.find(name)
	switch {
	case f == nil:
		return append(list, word), words, nil
	case f.why != "":
		return nil, nil, say.Usagef("container %s %s: box has no such flag", d.docker, name).Hintf("%s", f.why)
	case !f.value && cut && value != "true":
		return nil, nil, say.Usagef("container %s %s: takes nothing", d.docker, say.Words([]string{word}))
	}
	if f.value && !cut {
		if len(words) == 0 {
			return nil, nil, say.Usagef("container %s %s: needs a value", d.docker, name)
		}
		value, words = words[0], words[1:]
	}
	switch {
	case f.box == "":
	case f.value:
		list = append(list, joinFlag(f.box, value))
	default:
		list = append(list, f.box)
	}
	return list, words, nil
}

// joinFlag returns one word for a flag and its value, which may look like a flag.
func joinFlag(flag, value string) string {
	if strings.HasPrefix(flag, "--") {
		return flag + "=" + value
	}
	return flag + value
}

// find returns the flag of a word, or nil.
func (d *dockerVerb) find(word string) *dockerFlag {
	for i := range d.flags {
		if f := &d.flags[i]; f.letter == word || f.name == word {
			return f
		}
	}
	return nil
}

// fullName returns the name of the box whose number begins with a word, if no box has that name and one has such a number; else the
// word.
func fullName(word string) string {
	r, err := open()
	if err != nil {
		return word // the verb says so
	}
	defer r.Close()
	return r.Full(word)
}
