package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sample is one measurement.
type sample struct{ value, cpu float64 }

// table has all samples, by case and contender.
type table map[string]map[string][]sample

// runRounds measures everything, in turns.
func runRounds(args []string) error {
	server, _ := strconv.Atoi(args[0])
	dir := args[1]
	rounds, _ := strconv.Atoi(args[2])
	only := args[3]
	t, broken := table{}, map[string]error{}
	for round := range rounds {
		for _, name := range order {
			if only != "" && only != name {
				continue
			}
			for i := range contenders {
				c := &contenders[(i+round)%len(contenders)]
				if broken[c.name] != nil {
					continue
				}
				s, err := one(dir, server, c, name)
				if err != nil {
					broken[c.name] = err
					fmt.Fprintf(os.Stderr, "%s, %s: %v\n", c.name, name, err)
					continue
				}
				if t[name] == nil {
					t[name] = map[string][]sample{}
				}
				t[name][c.name] = append(t[name][c.name], s)
			}
		}
	}
	t.print()
	if only == "" || only == "life" {
		life(dir, rounds*10)
		atRest(dir)
	}
	if err := broken["box"]; err != nil {
		return err
	}
	return t.judge()
}

// one makes one measurement.
func one(dir string, server int, c *contender, name string) (s sample, err error) {
	r, err := c.start(dir, []string{dir + "/bench", "client", name, c.host})
	defer r.end()
	if err != nil {
		return s, err
	}
	if _, err := r.out.ReadString('\n'); err != nil {
		return s, err
	}
	before := cpuOf(append(r.roots(), server)...)
	if _, err := io.WriteString(r.in, "go\n"); err != nil {
		return s, err
	}
	line, err := r.out.ReadString('\n')
	if err != nil {
		return s, err
	}
	s.cpu = cpuOf(append(r.roots(), server)...) - before
	s.value, err = strconv.ParseFloat(strings.TrimSpace(line), 64)
	return s, err
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	all = slices.Clone(all)
	slices.Sort(all)
	return (all[len(all)/2] + all[(len(all)-1)/2]) / 2
}

func (t table) median(name, contender string, cpu bool) float64 {
	var all []float64
	for _, s := range t[name][contender] {
		if cpu {
			all = append(all, s.cpu/(streamSize/1e9))
		} else {
			all = append(all, s.value)
		}
	}
	return median(all)
}

// print prints the medians.
func (t table) print() {
	fmt.Fprintf(os.Stdout, "%-24s", "median")
	for _, c := range contenders {
		fmt.Fprintf(os.Stdout, "%14s", c.name)
	}
	fmt.Fprintln(os.Stdout)
	for _, name := range order {
		for _, cpu := range []bool{false, true} {
			if t[name] == nil || cpu && !cases[name].cpu {
				continue
			}
			label := name + ", " + cases[name].unit
			if cpu {
				label = name + ", CPU s/GB"
			}
			fmt.Fprintf(os.Stdout, "%-24s", label)
			for _, c := range contenders {
				fmt.Fprintf(os.Stdout, "%14.3g", t.median(name, c.name, cpu))
			}
			fmt.Fprintln(os.Stdout)
		}
	}
}

// judge compares with the targets; a contender that could not run has none.
func (t table) judge() error {
	missed := 0
	for _, g := range targets {
		own, other := t.median(g.name, "box", g.cpu), t.median(g.name, g.to, g.cpu)
		if own == 0 || other == 0 {
			continue
		}
		ratio, what, verdict := own/other, g.name, "ok"
		if g.cpu {
			what += ", CPU"
		}
		bound := fmt.Sprintf("≤ %g", g.most)
		if g.least > 0 {
			bound = fmt.Sprintf("≥ %g", g.least)
		}
		if ratio < g.least || g.most > 0 && ratio > g.most {
			verdict = "missed"
			missed++
		}
		fmt.Fprintf(os.Stdout, "%-16s %5.2f of %-12s %-6s %s\n", what, ratio, g.to, bound, verdict)
	}
	if dead := t.median("dead", "box", false); dead > 20 {
		fmt.Fprintf(os.Stdout, "dead: %.1f ms, ≤ 20 ms missed\n", dead)
		missed++
	}
	if missed > 0 {
		return fmt.Errorf("%d targets are missed", missed)
	}
	return nil
}

// life compares the whole life of true(1), with and without a network.
func life(dir string, rounds int) {
	var plain, with []float64
	for range rounds {
		for _, l := range []struct {
			argv []string
			to   *[]float64
		}{
			{[]string{"--ro-bind", "/usr", "/usr", "true"}, &plain},
			{[]string{"--ro-bind", "/usr", "/usr", "--allow", "srv.test:443", "true"}, &with},
		} {
			begin := time.Now()
			if err := exec.Command(dir+"/box", l.argv...).Run(); err != nil {
				fmt.Fprintln(os.Stderr, "true:", err)
				return
			}
			*l.to = append(*l.to, time.Since(begin).Seconds()*1e3)
		}
	}
	p, w := median(plain), median(with)
	fmt.Fprintf(os.Stdout, "box true: %.2f ms, with --allow %.2f ms: %.2f times (≤ 2)\n", p, w, w/p)
}

// atRest looks at the net process: without connections, then with 1000.
func atRest(dir string) {
	box := &contenders[1]
	r, err := box.start(dir, []string{dir + "/bench", "client", "idle", box.host})
	defer r.end()
	if err != nil {
		return
	}
	if _, err := r.out.ReadString('\n'); err != nil {
		return
	}
	pid := 0
	for _, p := range below(r.cmd.Process.Pid) {
		if p.parent == r.cmd.Process.Pid && leads(p.pid) {
			pid = p.pid
		}
	}
	show := func(when string) {
		rss, anonymous := memory(pid)
		fmt.Fprintf(os.Stdout, "net process %s: %d kB resident, %d kB anonymous\n", when, rss, anonymous)
	}
	show("at rest")
	if _, err := io.WriteString(r.in, "go\n"); err != nil {
		return
	}
	if _, err := r.out.ReadString('\n'); err != nil {
		return
	}
	show("with 1000 idle connections")
}

// leads reports whether a process is the leader of its session and has several threads: the net process.
func leads(pid int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	var threads int
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "Threads:"); ok {
			threads, _ = strconv.Atoi(strings.TrimSpace(value))
		}
	}
	return threads > 1
}
