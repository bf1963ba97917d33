package main

// table is the result of a case.
type table struct {
	Case   string `json:"case"`
	Unit   string `json:"unit"`
	Rounds int    `json:"rounds"`
	Note   string `json:"note,omitempty"` // why there are no rows, or what to know about them
	Rows   []row  `json:"rows"`           // filled by finish

	measured []*series
}

// row is what is printed of a series.
type row struct {
	Name   string  `json:"name"`
	Value  spread  `json:"value"`
	Ratio  *spread `json:"ratio,omitempty"` // to the base, of the same round
	Target *target `json:"target,omitempty"`
}

// newTable returns a table without rows, for values in a unit.
func newTable(unit string, rounds int) *table { return &table{Unit: unit, Rounds: rounds} }

// series adds a series that is compared to the one with the name base, which may be itself.
func (t *table) series(name, base string) {
	s := &series{name: name}
	t.measured = append(t.measured, s)
	s.base = t.row(base)
}

// row returns the series with a name. It is a mistake in this program if there is none.
func (t *table) row(name string) *series {
	for _, s := range t.measured {
		if s.name == name {
			return s
		}
	}
	panic("no series " + name)
}

// finish makes the rows.
func (t *table) finish() {
	for _, s := range t.measured {
		r := row{Name: s.name, Value: summarize(s.values), Target: s.target}
		if ratios := s.ratios(); ratios != nil {
			ratio := summarize(ratios)
			r.Ratio = &ratio
		}
		if r.Target != nil {
			r.Target.judge(r.Value, r.Ratio)
		}
		t.Rows = append(t.Rows, r)
	}
}
