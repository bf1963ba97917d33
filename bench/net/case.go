package main

// measure is a case: what a client does, and what its number is.
type measure struct {
	client func(host string) (func() (float64, error), error)
	unit   string
	cpu    bool // CPU seconds per GB are of interest
}

var cases = map[string]measure{
	"up":       {up, "Gbit/s", true},
	"down":     {down, "Gbit/s", true},
	"trip":     {roundTrip, "µs", false},
	"connect":  {connects, "µs", false},
	"parallel": {parallel, "ms", false},
	"dead":     {afterDead, "ms", false},
	"idle":     {idle, "connections", false},
}

var order = []string{"up", "down", "trip", "connect", "parallel", "dead"}

// target is what a case has to reach: the ratio of box's median to another's.
type target struct {
	name, to string
	cpu      bool
	least    float64 // 0: none
	most     float64
}

var targets = []target{
	{"up", "veth", false, 0.3, 0},
	{"up", "slirp4netns", false, 4, 0},
	{"down", "veth", false, 0.3, 0},
	{"down", "slirp4netns", false, 1.5, 0},
	{"up", "veth", true, 0, 3.5},
	{"up", "slirp4netns", true, 0, 0.6},
	{"down", "veth", true, 0, 3.5},
	{"down", "slirp4netns", true, 0, 0.6},
	{"connect", "slirp4netns", false, 0, 1.0},
	{"parallel", "slirp4netns", false, 0, 0.5},
}
