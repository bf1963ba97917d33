package tests

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// bwrapVar names the bubblewrap that box is compared with. Without it .ci/bubblewrap knows one.
const bwrapVar = "BOXTEST_BWRAP"

// distributions is where the distribution has its own bubblewrap, which most people replace by box.
const distributions = "/usr/bin/bwrap"

// reference is a bubblewrap that box is compared with.
type reference struct {
	path, version string
	// newest is true for the one whose behaviour box has. What others do in another way is listed by their version.
	newest bool
}

// references returns the newest bubblewrap, and the distribution's own if it is another version.
func references(t *testing.T) []reference {
	path, err := fetchBwrap()
	if err != nil {
		t.Fatal(err)
	}
	all := []reference{{path: path, version: versionOf(t, path), newest: true}}
	if _, err := os.Stat(distributions); err != nil {
		return all
	}
	if version := versionOf(t, distributions); version != all[0].version {
		all = append(all, reference{path: distributions, version: version})
	}
	return all
}

// fetchBwrap returns the path of the newest bubblewrap, which is fetched the first time.
func fetchBwrap() (string, error) {
	if path := os.Getenv(bwrapVar); path != "" {
		return path, nil
	}
	out, err := exec.Command("../.ci/bubblewrap").Output()
	if failed, is := errors.AsType[*exec.ExitError](err); is {
		return "", fmt.Errorf("%s", failed.Stderr)
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

func versionOf(t *testing.T, path string) string {
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		t.Fatalf("%s --version: %v", path, err)
	}
	return strings.TrimSpace(strings.TrimPrefix(string(out), "bubblewrap "))
}

// listed reports whether the differences to this version are listed: then each of them must show. The versions that a
// distribution or the future has may lack some.
func (r reference) listed() bool { return r.version == "0.13.1" || r.version == "0.8.0" }

// before reports whether the reference is older than a version. No version is newer than all.
func (r reference) before(version string) bool { return version == "" || older(r.version, version) }

// must reports whether a difference that is listed for references before a version has to show with this one.
func (r reference) must(version string) bool {
	return r.listed() && (version == "") == r.newest
}

// older compares versions number by number.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x < y
		}
	}
	return len(as) < len(bs)
}
