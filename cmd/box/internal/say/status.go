package say

// Exit statuses of box itself. They are those of env(1), nohup(1) and Docker.
const (
	StatusBox         = 125 // no sandbox could be made, or box was misused
	StatusNotRunnable = 126 // the command was found but can't be run
	StatusNotFound    = 127 // the command was not found
	StatusKilled      = 137 // pid 1 was killed
)
