package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
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
	_, err := fmt.Fprintf(r.out,
		"%s against %s, as user %s, Linux %s\nmedian (10th to 90th percentile); ratios are to bwrap in the same round\n",
		version(l.box), version(l.bwrap), l.account.name, unix.ByteSliceToString(name.Release[:]))
	return err
}

// version returns what a program says about itself, or its path if it says nothing.
func version(program string) string {
	said, err := exec.Command(program, "--version").Output()
	line, _, _ := strings.Cut(string(said), "\n")
	if err != nil || line == "" {
		return program
	}
	return line
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
