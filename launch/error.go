package launch

import "errors"

// ErrLost is returned by Wait if pid 1 was killed from outside, so that nothing is known of the command.
var ErrLost = errors.New("pid 1 of the sandbox was killed")
