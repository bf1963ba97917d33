package bwraptext

import (
	"fmt"
	"strings"
	"unicode"

	"box/internal/host"
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
	// whom is whose wish the call is. spec.Box, the zero value, fits all.
	whom spec.Ref
	// only is asked last. It may look at the host, and may rely on an entry
	// only where every call with the reason has one.
	only func(t *told) bool
	// text is the sentence, with places for fill. say makes one where that is
	// not enough; only one of the two is set.
	text string
	say  func(t *told) string
}

// fits reports whether the rule is for a failure.
func (r *rule) fits(t *told) bool {
	return (r.errno == 0 || r.errno == t.Errno) && (r.kind == 0 || t.e != nil && r.kind == t.e.Kind) &&
		(r.whom == spec.Box || r.whom == t.Call.For) && (r.only == nil || r.only(t))
}

// first returns the message of the first rule that fits, or "". The order is
// the only precedence that there is.
func (t *told) first(rules []rule) string {
	for i := range rules {
		switch r := &rules[i]; {
		case !r.fits(t):
		case r.say != nil:
			return r.say(t)
		default:
			return t.fill(r.text)
		}
	}
	return ""
}

// fill puts what is known of the failure into the places of a text. The names
// in braces are those of package failure's tables, as far as they have the same
// meaning. {found} is what a link was found to lead to.
func (t *told) fill(text string) string {
	places := []string{
		"{reason}", Reason(t.Errno), "{call}", t.Call.Name(), "{name}", t.s.Command.File, "{dir}", t.s.Command.Dir,
		"{uid}", fmt.Sprint(t.s.IDs.UID), "{gid}", fmt.Sprint(t.s.IDs.GID), "{lock}", t.s.Lock(t.Call.For),
	}
	if t.e != nil {
		places = append(places, "{dest}", t.e.Dest, "{path}", "/"+spec.Relative(t.e.Dest), "{source}", t.source(),
			"{kind}", t.e.Kind.String(), "{perms}", fmt.Sprintf("%#o", t.e.Perms), "{found}", harmless(t.Text))
	}
	return strings.NewReplacer(places...).Replace(text)
}

// source returns the path of what is bound; of an overlay, of the layer that the call is for.
func (t *told) source() string {
	if t.e.Kind == spec.Overlay {
		return t.Call.Path()
	}
	return t.e.Source
}

// becomesFile reports whether what is made at the destination is not a
// directory: those that are made for it are above it. For a bind the source
// decides, and is looked at on the host.
func becomesFile(t *told) bool {
	switch t.e.Kind {
	case spec.File, spec.Data:
		return true
	case spec.Bind:
		return !host.IsDir(t.e.Source)
	}
	return false
}

// harmless returns text without what could steer a terminal: who made the link
// may be anybody. It covers control characters only, as bubblewrap's sentences
// go to programs.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text)
}

// byReason has the table for each reason of a call. The reasons that are
// missing have no sentence of bubblewrap's: they stand for calls that it
// doesn't make, or whose failure it doesn't tell.
var byReason = [...][]rule{
	plan.WhySource:     {{text: "Can't find source path {source}: {reason}"}},
	plan.WhySame:       {{text: "Race condition binding dirfd: {reason}"}},
	plan.WhyAbove:      above,
	plan.WhyParent:     above,
	plan.WhyLeaf:       {{text: missing}},
	plan.WhyPlace:      places,
	plan.WhyEnter:      {{errno: unix.ENOTDIR, text: "Destination is not a directory {dest}"}},
	plan.WhyMisplaced:  misplaced,
	plan.WhyAttach:     attachments,
	plan.WhyMount:      fileSystems,
	plan.WhyDevice:     fileSystems,
	plan.WhyAttributes: attributes,
	plan.WhyContent:    {{text: "Can't write data to file {dest}: {reason}"}},
	plan.WhyLink:       {{text: "Can't make symlink at {dest}: {reason}"}},
	plan.WhyThere: {
		{errno: unix.EINVAL, text: "Can't make symlink at {dest}: destination exists and is not a symlink"},
		{text: "Can't make symlink at {dest}: destination exists, and cannot read symlink target: {reason}"},
	},
	plan.WhyTarget:   {{text: "Can't make symlink at {dest}: existing destination is {found}"}},
	plan.WhyMode:     {{text: "Can't chmod {perms} {dest}: {reason}"}},
	plan.WhyHostname: {{text: "Can't set hostname to {source}: {reason}"}},

	plan.WhyNamespaces: namespaces,
	plan.WhyJoin: {
		{
			errno: unix.EINVAL, whom: spec.JoinUser,
			text: "Joining the specified user namespace failed, it might not be a descendant of the current user namespace.",
		},
		{whom: spec.JoinUser, text: "Joining specified user namespace failed: {reason}"},
		{whom: spec.JoinLast, text: "Setting userns2 failed: {reason}"},
		{whom: spec.JoinPID, text: "Setting pidns failed: {reason}"},
	},
	plan.WhyIDMap:   {{text: "setting up uid map: {reason}"}},
	plan.WhyUID:     {{text: "unable to switch to uid {uid}: {reason}"}},
	plan.WhyGID:     {{text: "unable to switch to gid {gid}: {reason}"}},
	plan.WhyAssert:  {{errno: unix.EEXIST, text: "creation of new user namespaces was not disabled as requested"}},
	plan.WhyNetwork: {{text: "loopback: Failed RTM_NEWADDR: {reason}"}},
	plan.WhyProcess: {{text: "Can't fork for pid 1: {reason}"}},
	plan.WhyFilter: {
		{
			errno: unix.EINVAL,
			text: "Unable to set up system call filtering as requested: prctl(PR_SET_SECCOMP) reported EINVAL. " +
				"(Hint: this requires a kernel configured with CONFIG_SECCOMP and CONFIG_SECCOMP_FILTER.)",
		},
		{text: "prctl(PR_SET_SECCOMP): {reason}"},
	},
	plan.WhyLockFile: {{text: "Unable to open lock file {lock}: {reason}"}},
	plan.WhyLock:     {{text: "Unable to lock file {lock}: {reason}"}},
	plan.WhyDir:      {{text: "Can't chdir to {dir}: {reason}"}},
	plan.WhyExec:     {{text: "execvp {name}: {reason}"}},
	plan.WhyShell:    {{text: "execvp {name}: {reason}"}},
	plan.WhySearch:   {{text: "execvp {name}: {reason}"}},
}

// above is for the directories above a destination. bubblewrap names the
// destination and not the part that failed.
var above = []rule{{text: "Can't mkdir parents for {dest}: {reason}"}}

// otherwise is for what no table has. Its last line fits everything. Nearly all
// calls that bubblewrap makes for an entry end in a sentence about a directory.
var otherwise = []rule{
	{only: func(t *told) bool { return t.e != nil }, text: "Can't mkdir {dest}: {reason}"},
	{text: "{call}: {reason}"},
}

// namespaces are for the namespaces themselves. bubblewrap guesses the cause
// from the errno alone, and its sentences are kept even where box knows more.
var namespaces = []rule{
	{
		errno: unix.EINVAL, only: ofUser,
		text: "Creating new namespace failed, likely because the kernel does not support user namespaces.",
	},
	{
		errno: unix.EPERM, only: ofUser,
		text: "No permissions to create a new namespace, likely because the kernel does not allow non-privileged user " +
			"namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'.",
	},
	{
		errno: unix.ENOSPC,
		text:  "Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
	},
	{text: "Creating new namespace failed: {reason}"},
}

// ofUser reports whether a user namespace is among the new ones.
func ofUser(t *told) bool { return t.s.New.Has(spec.User) }
