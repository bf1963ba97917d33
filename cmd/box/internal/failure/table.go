package failure

import (
	"strconv"
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/kernel"
	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// told is a failed call, with what its message is made of. The embedded Failure
// has the call, its errno and a text that the child may have sent.
type told struct {
	*launch.Failure
	s *spec.Spec
	e *spec.Entry // whose call it is, or nil
}

// rule is a line of a table: a message, and the failures that it is for. What
// is left out fits everything.
type rule struct {
	// errno is that of the call; 0 fits all.
	errno unix.Errno
	// kind is that of the entry whose call it is. A rule with a kind fits no
	// call without an entry.
	kind spec.Kind
	// text is the headline, with places for fill.
	text string
	// status is say.StatusBox if it is left out.
	status int
	// say makes the message where a headline is not enough. It may return nil,
	// and then the next rules are tried: it has looked at the host and found
	// that its case is another one.
	say func(t *told) *say.Message
}

// fits reports whether the rule is for a failure.
func (r *rule) fits(t *told) bool {
	return (r.errno == 0 || r.errno == t.Errno) && (r.kind == 0 || t.e != nil && r.kind == t.e.Kind)
}

// first returns the message of the first rule that fits and has one, or nil.
func (t *told) first(rules []rule) *say.Message {
	for i := range rules {
		r := &rules[i]
		if !r.fits(t) {
			continue
		}
		if r.say == nil {
			m := t.message(r.text)
			if r.status != 0 {
				m.Status = r.status
			}
			return m
		}
		if m := r.say(t); m != nil {
			return m
		}
	}
	return nil
}

// message returns a message with a headline, see fill.
func (t *told) message(text string, places ...string) *say.Message {
	return &say.Message{Headline: t.fill(text, places...), Status: say.StatusBox}
}

// fill puts what is known of the failure into the places of a text, and what is
// given: pairs of a place and its words. A place that is not known stays as it
// is. What is given comes first, and wins over what is known by the same name.
func (t *told) fill(text string, places ...string) string {
	places = append(places, "{words}", wish(t.s, t.Call.For), "{reason}", Reason(t.Errno), "{call}", t.Call.Name(),
		"{path}", t.Call.Path(), "{name}", t.s.Command.File, "{dir}", t.s.Command.Dir, "{lock}", t.s.Lock(t.Call.For))
	if t.e != nil {
		places = append(places, "{dest}", t.e.Dest, "{source}", t.e.Source, "{fd}", strconv.Itoa(t.e.FD.Number()))
	}
	return strings.NewReplacer(places...).Replace(text)
}

// byReason has the table for each reason of a call. A reason without a line has
// no table of its own: see otherwise. A new reason in package plan needs
// nothing here to get a message that is true.
var byReason = [...][]rule{
	plan.WhySource: sources,
	plan.WhySame: {
		{errno: unix.ESTALE, text: "{words}: somebody has moved the working directory meanwhile"},
		{text: "{words}: {source} is not what descriptor {fd} names any more"},
	},
	plan.WhyAbove:      destinations,
	plan.WhyParent:     destinations,
	plan.WhyLeaf:       destinations,
	plan.WhyPlace:      destinations,
	plan.WhyLink:       destinations,
	plan.WhyThere:      destinations,
	plan.WhyTarget:     destinations,
	plan.WhyNotRoot:    {{text: "{words}: {dest} leads through links to the root itself"}},
	plan.WhyMisplaced:  {{text: "{words}: a file's name can't end in a slash"}},
	plan.WhyAttach:     attachments,
	plan.WhyMount:      fileSystems,
	plan.WhyDevice:     devices,
	plan.WhyAttributes: {{errno: unix.EINVAL, kind: spec.ReadOnly, text: "{words}: nothing is mounted there"}},
	plan.WhyContent:    {{errno: unix.ENOSPC, text: "{words}: the data does not fit into the tmpfs it is written to"}},
	plan.WhyMode:       {{errno: unix.EROFS, say: readOnly}},
	plan.WhyHide:       {{errno: unix.EACCES, say: uncovered}},
	plan.WhyHostname:   {{errno: unix.EPERM, say: callersName}},
	plan.WhyNote:       {{say: unnoted}},

	plan.WhyNamespaces: {{say: namespaces}},
	plan.WhyJoin:       joins,
	plan.WhyIDMap:      {{say: identity}},
	plan.WhyUID:        {{text: "{words}: no such id in the namespace that is entered: {reason}"}},
	plan.WhyGID:        {{text: "{words}: no such id in the namespace that is entered: {reason}"}},
	plan.WhyNested:     {{say: nested}},
	plan.WhyAssert:     {{errno: unix.EEXIST, text: "--assert-userns-disabled: the command could make user namespaces"}},
	plan.WhyProc:       {{text: "cannot make the sandbox: there is no /proc here"}},
	plan.WhyKeyring:    {{errno: unix.EDQUOT, say: keyQuota}, {say: keyring}},
	plan.WhyTerminal:   {{errno: unix.ENOSPC, say: terminals}},
	plan.WhyLockFile: {
		{errno: unix.ENOENT, text: "{words}: {lock} does not exist in the sandbox"},
		{text: "{words}: it can't be opened: {reason}"},
	},
	plan.WhyLock: {
		{errno: unix.EAGAIN, text: "{words}: somebody else has locked it"},
		{errno: unix.EACCES, text: "{words}: somebody else has locked it"},
		{text: "{words}: it can't be locked: {reason}"},
	},
	plan.WhyConfine: {
		{
			errno: unix.E2BIG,
			text:  "cannot make a Landlock domain: there are as many already, one in another, as the kernel takes",
		},
		{text: "cannot make a Landlock domain: {call}: {reason}"},
	},
	plan.WhyStdio:   {{text: "a standard descriptor's file can't be made read-only: {call}: {reason}"}},
	plan.WhyMonitor: {{errno: unix.ETOOMANYREFS, say: tooManyRefs}},
	plan.WhyNetwork: {{errno: unix.ETOOMANYREFS, say: tooManyRefs}},
	plan.WhyNetLog:  netLogs,
	plan.WhyRelay:   {{say: relayed}},
	plan.WhyDir:     {{say: workingDirectory}},
	plan.WhyProcess: {
		{errno: unix.EAGAIN, say: processes},
		{text: "cannot start the command's process: {reason}"},
	},
	plan.WhyFilter: {{text: "{words}: the kernel does not take the program: {reason}"}},
	plan.WhyExec:   executions,
	plan.WhyShell:  {{say: shell}},
	plan.WhySearch: {{say: search}},
}

// otherwise is for what no table has. Its last line fits everything. A missing
// call is told by its name, since that says which kernel is needed.
var otherwise = []rule{
	{errno: unix.ENOSYS, say: lacking},
	{say: ofEntry},
	{text: "{words}: {call}: {reason}"},
}

// lacking is for a call that the kernel doesn't have.
func lacking(t *told) *say.Message {
	words := "cannot make the sandbox"
	if t.e != nil {
		words = "{words}"
	}
	m := t.message(words + ": this kernel has no {call}")
	m.Cause = kernel.Needs()
	return m
}

// ofEntry is for any call that an entry of the tree takes: to know which is of
// no use to anybody. The errno is the kernel's own word for what is wrong with
// the destination or the source.
func ofEntry(t *told) *say.Message {
	if t.e == nil {
		return nil
	}
	return t.message("{words}: {reason}")
}
