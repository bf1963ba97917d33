package main

import "testing"

func TestCountsAreReadFromPerf(t *testing.T) {
	for name, c := range map[string]struct {
		lines string
		want  float64 // -1: an error
	}{
		"plain":         {"# started on Mon\n\n1200,,instructions:u,500,100.00,,\n7,,instructions:k,500,100.00,,\n", 1200},
		"two kinds":     {"30,,cpu_core/instructions:u/,5,100.00,,\n12,,cpu_atom/instructions:u/,5,100.00,,\n", 42},
		"newer name":    {"30,,cpu_core/instructions/u,5,100.00,,\n12,,cpu_core/instructions/k,5,100.00,,\n", 30},
		"one kind used": {"30,,cpu_core/instructions:u/,5,100.00,,\n<not counted>,,cpu_atom/instructions:u/,0,0.00,,\n", 30},
		"not supported": {"<not supported>,,instructions:u,0,100.00,,\n", -1},
		"nothing":       {"", -1},
	} {
		got, err := parseCount(c.lines, "instructions:u")
		if (err != nil) != (c.want < 0) || err == nil && got != c.want {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}
