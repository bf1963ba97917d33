// Package pathname takes paths apart by their words alone. It may run before the Go runtime.
package pathname

import "strings"

// First returns where the first part of a path begins, after the slashes in front of it, and where it ends. Both are the path's
// length if there is none.
func First(path string) (start, end int) {
	for start < len(path) && path[start] == '/' {
		start++
	}
	for end = start; end < len(path) && path[end] != '/'; {
		end++
	}
	return start, end
}

// Cut splits a path at its last slash. Without one there is nothing above.
func Cut(path string) (above, last string) {
	cut := strings.LastIndexByte(path, '/')
	return path[:max(cut, 0)], path[cut+1:]
}

// HasPart reports whether one of the parts of a path is name.
func HasPart(path, name string) bool {
	for path != "" {
		start, end := First(path)
		if path[start:end] == name {
			return true
		}
		path = path[end:]
	}
	return false
}
