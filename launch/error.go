package launch

import "errors"

// ErrLost is returned by Wait if pid 1 was killed from outside, so that nothing is known of the command.
var ErrLost = errors.New("pid 1 of the sandbox was killed")

// ErrForged is returned by Wait if something was sent to the monitor that pid 1 does not send: the command has taken it over.
var ErrForged = errors.New("a record that pid 1 does not send")

// ErrOrphan is returned by Start if the caller has ended meanwhile, and the sandbox would have to end with it.
var ErrOrphan = errors.New("the caller has ended")
