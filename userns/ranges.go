package userns

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"box/internal/early"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// compileRanges maps the caller's id and the subordinate ids that the system has given to the caller, see subuid(5).
// Only the set-user-ID helpers may write such maps, so the parent calls them while the child waits. The supplementary
// groups are dropped: with a map of the helper's that is allowed.
//
//go:noinline
func compileRanges(b *plan.Builder, s *spec.Spec) error {
	early.Ordinary()
	self := self()
	for _, m := range []struct {
		helper, table   string
		inside, outside uint32
	}{
		{"newuidmap", "/etc/subuid", s.IDs.UID, self.uid},
		{"newgidmap", "/etc/subgid", s.IDs.GID, self.gid},
	} {
		lines, err := rangesOf(m.table, m.inside, m.outside)
		if err != nil {
			return err
		}
		path, err := helper(m.helper)
		if err != nil {
			return err
		}
		b.Outside = append(b.Outside, &mapIDs{helper: path, lines: lines})
	}
	was := b.For(spec.Identity)
	b.AwaitParent()
	b.Setgroups()
	b.For(was)
	return nil
}

// ErrNoHelper is returned if newuidmap or newgidmap isn't installed.
var ErrNoHelper = errors.New("not installed")

// ErrNoRanges is returned if the caller has no subordinate ids.
var ErrNoRanges = errors.New("no subordinate ids for this user")

// helperDirs are searched for the helpers. PATH is not: a program that becomes root must not come from a directory that
// somebody else may write.
var helperDirs = []string{"/usr/bin", "/bin", "/usr/local/bin", "/run/wrappers/bin", "/run/setuid-programs"}

func helper(name string) (string, error) {
	for _, dir := range helperDirs {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", &plan.HostError{For: spec.Identity, Path: name, Err: ErrNoHelper}
}

// mapping is a line of a map: count ids from inside are those from outside, see user_namespaces(7).
type mapping struct{ inside, outside, count uint32 }

// rangesOf returns the lines that map inside to the caller's id outside and every other id, from 0, to one of those
// that table gives to the caller.
func rangesOf(table string, inside, outside uint32) ([]mapping, error) {
	owned, err := owned(table)
	if err != nil {
		return nil, &plan.HostError{For: spec.Identity, Path: table, Err: err}
	}
	lines := []mapping{{inside, outside, 1}}
	next := uint32(0)
	for _, o := range owned {
		for o.count > 0 {
			if next == inside {
				next++
			}
			count := o.count
			if next < inside {
				count = min(count, inside-next)
			}
			lines = append(lines, mapping{next, o.outside, count})
			next, o.outside, o.count = next+count, o.outside+count, o.count-count
		}
	}
	return lines, nil
}

// owned returns the ranges in table that belong to the caller, by name or by number.
func owned(table string) ([]mapping, error) {
	file, err := os.Open(table)
	if err != nil {
		if errors.Is(err, unix.ENOENT) {
			return nil, ErrNoRanges
		}
		return nil, err
	}
	defer file.Close()
	uid := strconv.Itoa(os.Getuid())
	name := userName(uid)
	var found []mapping
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Split(strings.TrimSpace(lines.Text()), ":")
		if len(fields) != 3 || (fields[0] != uid && (name == "" || fields[0] != name)) {
			continue
		}
		start, err1 := strconv.ParseUint(fields[1], 10, 32)
		count, err2 := strconv.ParseUint(fields[2], 10, 32)
		if err1 == nil && err2 == nil && count > 0 {
			found = append(found, mapping{outside: uint32(start), count: uint32(count)})
		}
	}
	if found == nil {
		return nil, ErrNoRanges
	}
	return found, nil
}
