package mounts

import (
	"os"
	"path/filepath"
	"testing"

	"box/spec"
)

// tree makes files (a name with content "-> target" is a link) and returns their directory.
func makeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if len(content) > 3 && content[:3] == "-> " {
			err = os.Symlink(content[3:], path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindFollowsLinksInsideTheSandbox(t *testing.T) {
	host := makeTree(t, map[string]string{
		"usr/bin/sh":       "x",
		"usr/lib64/ld.so":  "-> /lib/ld-2.so",
		"usr/lib/ld-2.so":  "x",
		"usr/etc/passwd":   "-> /etc/passwd",
		"usr/loop":         "-> loop",
		"usr/up":           "-> ../../../../bin/sh",
		"usr/share/nested": "-> ../bin",
	})
	usr := filepath.Join(host, "usr")
	s := &spec.Spec{Tree: []spec.Entry{
		{Kind: spec.Bind, Source: usr, Dest: "/usr"},
		{Kind: spec.Symlink, Source: "usr/bin", Dest: "/bin"},
		{Kind: spec.Symlink, Source: "/usr/lib", Dest: "/lib"},
		{Kind: spec.Tmpfs, Dest: "/var/tmp"},
		{Kind: spec.File, Dest: "/motd"},
	}}
	for name, want := range map[string]string{
		"/usr/bin/sh":          usr + "/bin/sh",
		"/bin/sh":              usr + "/bin/sh",
		"/usr/lib64/ld.so":     usr + "/lib/ld-2.so",
		"/usr/up":              usr + "/bin/sh",
		"/usr/share/nested/sh": usr + "/bin/sh",
		"/var":                 "",
		"/var/tmp":             "",
		"/motd":                "",
		"/":                    "",
	} {
		if got, ok := Find(s, name); !ok || got != want {
			t.Errorf("Find(%s) = %q, %v, want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"/usr/etc/passwd", "/usr/loop", "/etc", "/var/tmp/x", "/usr/bin/none", "/motd/x"} {
		if got, ok := Find(s, name); ok {
			t.Errorf("Find(%s) = %q: there is nothing", name, got)
		}
	}
}

func TestDefaultsGiveWayToFlags(t *testing.T) {
	root := makeTree(t, map[string]string{"usr/bin/sh": "x", "bin": "-> usr/bin", "sbin/init": "x", "proc/x": "x"})
	s := &spec.Spec{Tree: []spec.Entry{
		{Kind: spec.Bind, Source: filepath.Join(root, "usr"), Dest: "/usr"},
		{Kind: spec.Bind, Source: root, Dest: "/tmp/"},
		{Kind: spec.ReadOnly, Dest: "/"},
	}}
	if left := Defaults(s); left != nil {
		t.Errorf("left out: %v", left)
	}
	var got []string
	for _, e := range s.Tree {
		got = append(got, e.Kind.String()+" "+e.Dest)
	}
	want := []string{"proc /proc", "dev /dev", "bind /usr", "bind /tmp/", "symlink /bin", "bind /sbin", "remount-ro /"}
	if len(got) != len(want) {
		t.Fatalf("tree %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("entry %d is %s, want %s", i, got[i], want[i])
		}
	}

	s = &spec.Spec{Tree: []spec.Entry{{Kind: spec.Bind, Source: root, Dest: "/"}}}
	if left := Defaults(s); len(left) != 2 || s.Tree[1].Dest != "/proc" {
		t.Errorf("on a bind of / without /dev and /tmp: left out %v, tree %v", left, s.Tree)
	}
}
