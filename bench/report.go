package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// report prints tables: each when it is there, or as JSON all of them at the end.
type report struct {
	out    io.Writer
	json   bool
	tables []*table
}

// newReport returns a report that prints to out.
func newReport(out io.Writer, json bool) *report {
	return &report{out: out, json: json, tables: []*table{}}
}

// begin prints what is compared, and where.
func (r *report) begin(l *lab) error {
	if r.json {
		return nil
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return os.NewSyscallError("uname", err)
	}
	var versions [2]string
	for i, program := range []string{l.box, l.bwrap} {
		var err error
		if versions[i], err = l.version(program); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(r.out, "%s against %s, as user %s, Linux %s\n%s\n",
		versions[0], versions[1], l.account.name, unix.ByteSliceToString(name.Release[:]),
		"median (10th to 90th percentile); ratios are to bwrap in the same round")
	return err
}

// version returns what a program says about itself, or its path if it says nothing. It runs as the measured user, and
// is as little trusted to end by itself as in a measurement.
func (l *lab) version(program string) (string, error) {
	ctx, cancel := context.WithTimeout(l.ctx, patience)
	defer cancel()
	cmd, err := l.command(ctx, subject{words: []string{program, "--version"}})
	if err != nil {
		return "", err
	}
	cmd.Stdout = nil // for Output to fill
	said, err := cmd.Output()
	if l.ctx.Err() != nil {
		return "", errInterrupted
	}
	line, _, _ := strings.Cut(string(said), "\n")
	if err != nil || line == "" {
		return program, nil // whether it works at all is for the first measurement to say
	}
	return line, nil
}

// add finishes a table, and prints it.
func (r *report) add(t *table) error {
	t.finish()
	r.tables = append(r.tables, t)
	if r.json {
		return nil
	}
	_, err := io.WriteString(r.out, "\n"+t.String())
	return err
}

// end prints the JSON.
func (r *report) end() error {
	if !r.json {
		return nil
	}
	e := json.NewEncoder(r.out)
	e.SetIndent("", "\t")
	return e.Encode(r.tables)
}
