package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"

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
	if t.Note != "" {
		fmt.Fprintf(r.out, "\n%s: %s\n", t.Case, t.Note)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(r.out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "\n%s, %d rounds\t%s\t\tratio\t\ttarget\n", t.Case, t.Rounds, t.Unit)
	for _, row := range t.Rows {
		fmt.Fprintln(w, row)
	}
	return w.Flush()
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

// String is a line of a table, with tabs between the cells.
func (r row) String() string {
	s := fmt.Sprintf("  %s\t%s", r.Name, r.Value.format(decimals(r.Value.Median)))
	if r.Ratio != nil {
		s += "\t" + r.Ratio.format(3)
	}
	if r.Target != nil {
		s += "\t" + r.Target.String()
	}
	return s
}

// format is two cells: the median and the percentiles, with so many decimals.
func (s spread) format(decimals int) string {
	return fmt.Sprintf("%.*f\t(%.*f – %.*f)", decimals, s.Median, decimals, s.P10, decimals, s.P90)
}

// decimals returns how many decimals make three digits of a value, or all before the point.
func decimals(v float64) int {
	switch {
	case v >= 100:
		return 0
	case v >= 10:
		return 1
	}
	return 2
}
