package spec

// Scratch is a project that the command may write in while nothing of it changes: it is an overlay, and what is written goes
// elsewhere. The zero value is no such project, or one whose overlay lies in memory.
type Scratch struct {
	Top    string // the project's path on the host, for messages; "" if there is no project
	Keep   string // the directory for what is written, which stays; "" keeps nothing
	Dir    string // a directory that is made for the overlay and removed at the end; "": what is written goes to memory
	Origin Origin // the flag that wants it
}

// Upper returns the directory of the host for what is written, or "" for memory.
func (s *Scratch) Upper() string {
	if s.Keep != "" || s.Dir == "" {
		return s.Keep
	}
	return s.Dir + "/upper"
}

// Work returns a directory for the kernel's use on the same mount, or "".
func (s *Scratch) Work() string {
	if s.Dir == "" {
		return ""
	}
	return s.Dir + "/work"
}
