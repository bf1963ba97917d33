package main

import "slices"

// series is what was measured of one subject, a value for each round, and becomes a row of a table.
type series struct {
	name   string
	values []float64
	base   *series // what it is compared to, round by round; itself if it is the base
	target *target
}

// spread is what a number of values come to. A mean would follow the few rounds in which the machine was busy.
type spread struct {
	Median float64 `json:"median"`
	P10    float64 `json:"p10"`
	P90    float64 `json:"p90"`
}

// add adds the value of a round.
func (s *series) add(v float64) { s.values = append(s.values, v) }

// ratioTarget says what the ratio to the base should be at most. 0 means anything.
func (s *series) ratioTarget(most float64) {
	if most > 0 {
		s.target = &target{Ratio: true, Most: most}
	}
}

// medianTarget says what the median should be at most, in the unit of the table.
func (s *series) medianTarget(most float64) { s.target = &target{Most: most} }

// ratios returns the ratio to the base in each round, and nil for the base itself.
func (s *series) ratios() []float64 {
	if s.base == s {
		return nil
	}
	all := make([]float64, len(s.values))
	for i := range all {
		all[i] = s.values[i] / s.base.values[i]
	}
	return all
}

// summarize returns the spread of at least one value.
func summarize(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	return spread{quantile(sorted, 0.5), quantile(sorted, 0.1), quantile(sorted, 0.9)}
}

// quantile returns the value below which the fraction q of the sorted values lies, between two of them if need be.
func quantile(sorted []float64, q float64) float64 {
	// The least value is at 0 and the greatest at 1, as in most statistics programs by default.
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}
