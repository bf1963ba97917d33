package main

import "strings"

// benchCase is one thing that is measured, and gives one table.
type benchCase struct {
	name    string // for -only
	measure func(*lab) (*table, error)
}

// starts are the cases that time a start. Binds are what real sandboxes have many of: those that share a language's
// packages or a store, file by file. The targets are ratios to bubblewrap 0.13.1: of a plain start the namespaces alone take 0.53.
var starts = []startCase{
	{name: "standard", share: 1, target: 0.61, bwrapTarget: 0.58, ownTarget: 0.65},
	{name: "binds-10", binds: 10, share: 1},
	{name: "binds-100", binds: 100, share: 4, target: 0.48, bwrapTarget: 0.48},
	{name: "binds-1000", binds: 1000, share: 40, target: 0.4, bwrapTarget: 0.4},
}

// cases lists all cases in the order in which they run.
func cases() []benchCase {
	var all []benchCase
	for _, s := range starts {
		all = append(all, benchCase{s.name, s.measure})
	}
	return append(all,
		benchCase{"policy", measurePolicy},
		benchCase{"calls", measureLoops},
		benchCase{"instructions", measureInstructions},
		benchCase{"memory", measureMemory},
		benchCase{"boxes", measureBoxes},
		benchCase{"list", measureList},
		benchCase{"boxes-memory", measureBoxMemory},
		benchCase{"log", measureLog},
	)
}

// caseNames lists the names of the cases for the help text.
func caseNames() string {
	var names []string
	for _, c := range cases() {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}
