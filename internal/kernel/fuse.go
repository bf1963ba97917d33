package kernel

import "strings"

// FUSE returns where the FUSE file system is mounted that name lies in, or "" if it lies in none. See proc_pid_mountinfo(5).
func FUSE(name string) string {
	mount, kind := "", ""
	for line := range strings.SplitSeq(read("/proc/self/mountinfo"), "\n") {
		place, about, _ := strings.Cut(line, " - ")
		fields := strings.Fields(place)
		if len(fields) < 5 || len(fields[4]) < len(mount) {
			continue
		}
		if point := fields[4]; point == "/" || name == point || strings.HasPrefix(name, point+"/") {
			mount = point
			kind, _, _ = strings.Cut(about, " ")
		}
	}
	if strings.HasPrefix(kind, "fuse") {
		return mount
	}
	return ""
}
