package landlock

import (
	"testing"

	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

func TestRightsOfEachVersion(t *testing.T) {
	const all = unix.LANDLOCK_ACCESS_FS_REFER<<1 - 1
	for abi, want := range []uint64{
		0, 0, // with ABI 1 nothing could be renamed into another directory
		all, all | truncate, all | truncate, all | truncate | ioctlDev, all | truncate | ioctlDev, all | truncate | ioctlDev,
		all | truncate | ioctlDev, all | truncate | ioctlDev | resolveUnix,
	} {
		if got := Rights(abi); got != want {
			t.Errorf("ABI %d: rights %#x, want %#x", abi, got, want)
		}
	}
	if Rights(99) != Rights(len(versions)) || scopes(99) != scopeAbstract|scopeSignal || scopes(5) != 0 {
		t.Error("a kernel newer than the table is used as the last one in it, and scopes came with ABI 6")
	}
}

func TestDescriptionsAreAllowedAsTheyWereOpened(t *testing.T) {
	for _, c := range []struct {
		is   spec.Description
		want uint64
	}{
		{spec.Description{Kind: spec.RegularFile, Reads: true}, readFile},
		{spec.Description{Kind: spec.RegularFile, Writes: true}, writeFile | truncate},
		{spec.Description{Kind: spec.FifoFile, Reads: true, Writes: true}, readFile | writeFile | truncate},
		{spec.Description{Kind: spec.DeviceFile, Reads: true}, readFile | ioctlDev},
		{spec.Description{Kind: spec.RegularFile}, 0}, // O_PATH
	} {
		if got := ofDescription(&c.is); got != c.want {
			t.Errorf("%+v: rights %#x, want %#x", c.is, got, c.want)
		}
	}
}

// Whoever may mount has no domain for files, and whoever shares a namespace has a scope for it.
func TestWhatADomainHandles(t *testing.T) {
	abi := plan.LandlockABI()
	s := spec.New()
	if Files(s) != 0 || Scopes(s) != 0 {
		t.Error("a Spec that wants no domain has one")
	}
	s.Confine.Use = true
	if Files(s) != Rights(abi) || Scopes(s) != 0 {
		t.Errorf("files %#x, scopes %#x", Files(s), Scopes(s))
	}
	s.New &^= spec.Net
	if got := Scopes(s); got != scopeAbstract&scopes(abi) {
		t.Errorf("with the caller's network: scopes %#x", got)
	}
	s.New &^= spec.PID
	if got := Scopes(s); got != scopes(abi) {
		t.Errorf("with the caller's processes as well: scopes %#x", got)
	}
	s.Nested = true
	if Files(s) != 0 || Scopes(s) != scopes(abi) {
		t.Error("with nested user namespaces files are left alone, and scopes are not")
	}
	s.Nested, s.Caps.Keep = false, 1<<21
	if Files(s) != 0 {
		t.Error("CAP_SYS_ADMIN is for mounts")
	}
}
