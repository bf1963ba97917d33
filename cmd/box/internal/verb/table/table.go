// Package table has the verbs of box, and the words that will be verbs.
//
// Its functions are asked before the Go runtime, too. What only a message needs begins with early.Ordinary().
package table

import (
	"os"
	"strings"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/cmd/box/internal/verb/doctor"
	"box/cmd/box/internal/verb/life"
	"box/cmd/box/internal/verb/meta"
	"box/cmd/box/internal/verb/seccomp"
	"box/internal/early"
	"box/internal/inherited"
	"box/internal/nearest"
)

// The groups of verbs, in the order of box help.
const (
	groupRunning = "Running"
	groupBoxes   = life.Group
	groupAsking  = "Asking"
)

// Verbs is the one place where a verb is registered. Those without Run are done by package main, before the Go runtime, too.
var Verbs = [...]verb.Verb{
	{
		Name: "run", Group: groupRunning, Args: "[flags] [--] COMMAND [ARG...]",
		Short: "Run a command in a sandbox; run may be left out",
	},
	{
		Name: "bwrap", Group: groupRunning, Args: "[options] [--] COMMAND [ARG...]",
		Short: "The same with bubblewrap's options, as by the name of bwrap",
	},
	{
		Name: "exec", Group: groupBoxes, Args: "[flags] NAME COMMAND [ARG...]",
		Short: "Run a command in a box that is up",
	},
	{Name: "ps", Group: groupBoxes, Args: "[-a] [-q] [--json] [--tree]", Run: life.PS, Short: "List boxes"},
	{Name: "top", Group: groupBoxes, Args: "[-f] NAME", Run: life.Top, Short: "List the processes of a box"},
	{
		Name: "inspect", Group: groupBoxes, Args: "[-f TEXT] NAME...", Run: life.Inspect,
		Short: "Print all that is known of boxes",
	},
	{
		Name: "logs", Group: groupBoxes, Args: "[-f] [-n N] [--since WHEN] [-t] [--raw] NAME", Run: life.Logs,
		Short: "Print what a box has written",
	},
	{Name: "attach", Group: groupBoxes, Args: "[--detach-keys KEYS] NAME", Run: life.Attach, Short: "Join the terminal to a box"},
	{Name: "start", Group: groupBoxes, Args: "NAME...", Run: life.Start, Short: "Start boxes again that have ended"},
	{Name: "stop", Group: groupBoxes, Args: "[-t SECONDS] NAME...", Run: life.Stop, Short: "End boxes: by SIGTERM, then SIGKILL"},
	{
		Name: "restart", Group: groupBoxes, Args: "[-t SECONDS] NAME...", Run: life.RestartBoxes,
		Short: "Stop boxes, and start them again",
	},
	{Name: "kill", Group: groupBoxes, Args: "[-s SIGNAL] NAME...", Run: life.Kill, Short: "Send a signal to the command of boxes"},
	{Name: "wait", Group: groupBoxes, Args: "NAME...", Run: life.Wait, Short: "Wait for boxes, and print their exit status"},
	{Name: "remove", Group: groupBoxes, Args: "[-f] NAME...", Run: life.Remove, Short: "Forget boxes that have ended"},
	{Name: "prune", Group: groupBoxes, Run: life.Prune, Short: "Forget all boxes that have ended"},
	{
		Name: "volume", Group: groupBoxes, Args: "create|ls|rm|inspect ...", Run: life.Volume,
		Short: "Make, list and remove volumes: directories for what outlives a box",
	},
	{
		Name: "container", Group: groupBoxes, Args: "VERB ...", Run: life.Container,
		Short: "The same verbs as docker spells them: ls, rm and the rest",
	},
	{
		Name: "doctor", Group: groupAsking, Args: "[--json]", Run: doctor.Run,
		Short: "Report what this machine allows, and how to get what it doesn't",
	},
	{
		Name: "seccomp", Group: groupAsking, Args: "ls|show|check|explain|export|import ...", Run: seccomp.Run,
		Short: "Show, check and convert system call policies",
	},
	{Name: "help", Group: groupAsking, Args: "[VERB]", Run: meta.Help, Short: "Print the flags, or the help of a verb"},
	{Name: "version", Group: groupAsking, Run: meta.Version, Short: "Print the version"},
}

// Reserved are words that will be verbs. A program of that name is run by box run, or after --. Refused now, each can
// become one without changing what a command line means.
var Reserved = [...]string{
	"alias", "apply", "cache", "completion", "events", "explain", "home", "image", "learn", "pause", "profile", "pull", "push",
	"stats", "unpause", "verify", "why",
}

// Of returns the verb that word is, or nil.
func Of(word string) *verb.Verb {
	for i := range Verbs {
		if Verbs[i].Name == word {
			return &Verbs[i]
		}
	}
	return nil
}

// Misread returns the message for a first word that is not a verb but may have been meant as one, or nil. It is asked for
// every command line that begins with a word.
func Misread(word string) error {
	for _, r := range Reserved {
		if r == word {
			early.Ordinary()
			return say.Usagef("%q is reserved for a verb of box", word).
				Hintf("box run %s, or box -- %s, runs the program", word, word)
		}
	}
	for i := range Verbs {
		if nearest.OneOff(word, Verbs[i].Name) {
			return almostVerb(word, Verbs[i].Name)
		}
	}
	return nil
}

// almostVerb returns the message for a word that is close to a verb, if no program has that name: the program wins.
//
//go:noinline
func almostVerb(word, name string) error {
	early.Ordinary()
	for dir := range strings.SplitSeq(inherited.Variable("PATH"), ":") {
		if info, err := os.Stat(dir + "/" + word); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return nil
		}
	}
	m := say.Usagef("%s: no such verb, and no such program in PATH", word).Hintf("did you mean box %s?", name)
	m.Status = say.StatusNotFound
	return m
}
