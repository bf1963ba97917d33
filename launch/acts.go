package launch

import "box/plan"

// ActError is an act of the parent that could not be done.
type ActError struct {
	Act plan.Act
	Err error
}

func (e *ActError) Error() string { return e.Act.String() + ": " + e.Err.Error() }

// Unwrap returns what the act returned.
func (e *ActError) Unwrap() error { return e.Err }

// act does the plan's acts while the child waits.
func (b *Sandbox) act() error {
	for _, a := range b.plan.Outside {
		undo, err := a.Do(b.pid)
		if undo != nil {
			b.undo = append(b.undo, undo)
		}
		if err != nil {
			return &ActError{Act: a, Err: err}
		}
	}
	return nil
}
