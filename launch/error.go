package launch

import (
	"errors"

	"box/plan"
)

// ErrLost is returned by Wait if pid 1 was killed from outside, so that nothing is known of the command.
var ErrLost = errors.New("pid 1 of the sandbox was killed")

// ActError is an act of the parent that could not be done.
type ActError struct {
	Act plan.Act
	Err error
}

func (e *ActError) Error() string { return e.Act.String() + ": " + e.Err.Error() }

// Unwrap returns what the act returned.
func (e *ActError) Unwrap() error { return e.Err }
