package main

import "fmt"

// target is a size or a ratio that box wants to stay below.
type target struct {
	Ratio bool    `json:"ratio"` // it is about the ratio to the base, not about the median
	Most  float64 `json:"most"`
	Met   bool    `json:"met"`
}

// judge decides whether the target is met.
func (t *target) judge(median spread, ratio *spread) {
	got := median.Median
	if t.Ratio {
		got = ratio.Median
	}
	t.Met = got <= t.Most
}

// String says the target and whether it is met.
func (t *target) String() string {
	verdict := "missed"
	if t.Met {
		verdict = "ok"
	}
	return fmt.Sprintf("≤ %g %s", t.Most, verdict)
}
