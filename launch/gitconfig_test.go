package launch

import (
	"strings"
	"testing"
)

// What git init and git clone write is plain. What leads to a program, or is spelled otherwise than git spells it, is not.
func TestPlainKeys(t *testing.T) {
	const initial = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n" +
		"\tlogallrefupdates = true\n"
	const cloned = initial + "[remote \"origin\"]\n\turl = https://example.org/a b\n" +
		"\tfetch = +refs/heads/*:refs/remotes/origin/*\n" +
		"[branch \"main\"]\n\tremote = origin\n\tmerge = refs/heads/main\n"
	for _, text := range []string{
		"", initial, cloned, strings.ReplaceAll(cloned, "\n", "\r\n"), "# a comment\n; another\n\n" + initial,
		"[CORE]\nFileMode = false", "[extensions]\n\tobjectformat = sha256\n", "[remote \"a\\\"b\"]\nurl=/x\n",
		"[submodule]\n\tactive = .\n[submodule \"lib\"]\n\tactive = true\n\turl = ../lib\n",
		"[remote \"x\"]\nurl = git@example.org:a/b:c\n",
	} {
		if !plainKeys(text) {
			t.Errorf("%q is not plain", text)
		}
	}
	for _, text := range []string{
		"[core]\n\tfsmonitor = x\n", "[core]\nfsmonitor\n", "[core] fsmonitor = x\n", "[core]fsmonitor = x\n",
		"[core]\nfilemode = true \\\n\tfsmonitor = x\n", "[core]\nfilemode = \\\nfsmonitor = x", "[core]\nfilemode\n",
		"[core \"x\"]\nfilemode = true\n", "[core.x]\nfilemode = true\n", "[remote]\nurl = /x\n",
		"[remote \"x\"]\nurl = ext::sh -c x\n", "[remote \"x\"]\nurl = ext:\":\"sh\n", "[remote \"x\"]\nurl = e\\xt\n",
		"[remote \"x\"]\nuploadpack = x\n", "[remote \"x\"]\nvcs = x\n", "[remote \"x\"\n[core]\nfsmonitor = x\n",
		"[include]\npath = x\n", "[includeIf \"gitdir:/\"]\npath = x\n", "[filter \"x\"]\nclean = x\n", "[diff]\nexternal = x\n",
		"[alias]\nx = !y\n",
		"[core]\nhooksPath = x\n", "[core]\nworktree = ..\n", "[core]\nsshCommand = x\n",
		"[extensions]\nworktreeConfig = true\n", "[extensions]\npartialClone = origin\n", "\xef\xbb\xbf[core]\n",
		"filemode = true\n",
		"[core]\nfile\x00mode = true\n", "[core]\nfilemode = tr\x00ue\n", "[core]\nfile_mode = x\n", "[]\nfilemode = x\n",
		"[remote \"x\\\"]\nurl = y\n", "[remote \"x\"] url = y\n", "[remote  \"x\"]\nurl = y\n", "[credential]\nhelper = !x\n",
	} {
		if plainKeys(text) {
			t.Errorf("%q is plain", text)
		}
	}
}
