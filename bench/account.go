package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is whom the measured processes run as.
type account struct {
	name     string
	uid, gid int
	switched bool // this process is root, and they are not
}

// defaultUsers are those whom root measures as if no user is named; the first that exists.
var defaultUsers = []string{"boxtest", "nobody"}

// findAccount finds the account to measure as. An ordinary user can only be itself.
func findAccount(name string) (account, error) {
	if os.Getuid() != 0 {
		if name != "" {
			return account{}, fmt.Errorf("-user %s: only root can measure as somebody else", name)
		}
		return account{strconv.Itoa(os.Getuid()), os.Getuid(), os.Getgid(), false}, nil
	}
	names := defaultUsers
	if name != "" {
		names = []string{name}
	}
	for _, n := range names {
		if u := lookup(n); u != nil {
			return newAccount(u)
		}
	}
	return account{}, fmt.Errorf("there is no user %q: name an ordinary user with -user", names)
}

// lookup finds a user by name or number, and returns nil if there is none.
func lookup(name string) *user.User {
	if u, err := user.Lookup(name); err == nil {
		return u
	}
	u, err := user.LookupId(name)
	if err != nil {
		return nil
	}
	return u
}

// newAccount refuses root: box and bwrap take other ways for it, and these aren't what is compared here.
func newAccount(u *user.User) (account, error) {
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, fmt.Errorf("user %s has no number: %w", u.Username, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return account{}, fmt.Errorf("user %s has no group: %w", u.Username, err)
	}
	if uid == 0 {
		return account{}, fmt.Errorf("-user %s: the measured processes must not be root's", u.Username)
	}
	return account{u.Username, uid, gid, true}, nil
}

// attributes returns how to start a process as the account, in new namespaces (CLONE_NEW* flags, a user namespace among them) or,
// with 0, in none.
func (a account) attributes(namespaces uintptr) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Cloneflags: namespaces}
	if namespaces != 0 {
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: a.uid, HostID: a.uid, Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: a.gid, HostID: a.gid, Size: 1}}
	}
	// Even setting the groups to what they are needs a privilege, so nothing is set without need.
	if a.switched {
		attributes.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid), NoSetGroups: namespaces != 0}
	}
	return attributes
}
