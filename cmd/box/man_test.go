package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"box/cmd/box/internal/native"
	"box/cmd/box/internal/verb/seccomp"
)

var update = flag.Bool("update", false, "write the man page anew")

const manFile = "../../docs/box.1"

// The man page is made from the table of flags: go test ./cmd/box -update writes it.
func TestManPageIsCurrent(t *testing.T) {
	want := manPage()
	if *update {
		if err := os.WriteFile(manFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(manFile)
	if err != nil || string(got) != want {
		t.Errorf("docs/box.1 is stale (%v): go test ./cmd/box -update", err)
	}
}

// manPage returns the page in the language of man(7).
func manPage() string {
	var page strings.Builder
	page.WriteString(`.TH BOX 1 "" "box" "User Commands"
.SH NAME
box \- run a program in a sandbox, without root
.SH SYNOPSIS
.B box
[\fIflags\fR] [\fB\-\-\fR] \fICOMMAND\fR [\fIARG\fR...]
.br
.B box doctor
[\fB\-\-json\fR]
.br
.B box seccomp
\fBls\fR|\fBshow\fR|\fBcheck\fR|\fBexplain\fR|\fBexport\fR|\fBimport\fR ...
.br
.B box bwrap
[\fIoptions\fR] [\fB\-\-\fR] \fICOMMAND\fR [\fIARG\fR...]
.SH DESCRIPTION
Runs \fICOMMAND\fR as an ordinary process in namespaces of its own: user, pid, mount, network, IPC, UTS and cgroup. It has
no privilege, no network but a loopback interface, a default system call policy, and of the files of this machine only
those that the flags bring. pid 1 inside is box itself; when the command ends, everything in the sandbox ends, and when
the caller of box ends, so does the sandbox.
.PP
With no flag for files the command sees the base view: /usr, /opt and /etc read-only, a fresh /proc and a minimal /dev,
empty directories for /tmp, /var/tmp, /run and the home, and the working directory, read-only without \fB\-w\fR; never / or the
home itself. With such a flag the root is empty but for what the flags bring and three courtesies that any flag can
cover: /proc, /dev and /tmp. Beside a bound /usr stand the links that lead into it.
.PP
Flags end at the first word that is no flag, or after \fB\-\-\fR. A flag with one argument may be written
\fB\-\-flag=\fIARG\fR.
`)
	for _, group := range native.Groups {
		title, note, _ := strings.Cut(group, " (")
		page.WriteString(".SH " + strings.ToUpper(title) + "\n")
		if note != "" {
			page.WriteString(roff(strings.ToUpper(note[:1])+strings.TrimSuffix(note[1:], ")")) + ".\n")
		}
		for _, f := range native.Flags {
			if f.Group == group {
				page.WriteString(".TP\n\\fB" + roff(f.Name) + "\\fR \\fI" + roff(f.Args) + "\\fR\n" + roff(f.Help) + ".\n")
			}
		}
	}
	page.WriteString(".SH POLICIES\n\\fBbox seccomp\\fR shows and converts system call policies, which are text. " +
		"\\fIPOLICY\\fR is the name of a\nbuilt-in one or a file: its name has a / or a . in it.\n")
	for _, v := range seccomp.Verbs {
		page.WriteString(".TP\n\\fB" + roff(v.Name) + "\\fR \\fI" + roff(v.Args) + "\\fR\n" + roff(v.Help) + "\n")
	}
	page.WriteString(`.SH BUBBLEWRAP
Called by the name of \fBbwrap\fR, or as \fBbox bwrap\fR, box takes the options of
.BR bwrap (1)
with their meaning, and ends with status 1 for everything of its own.
.SH EXIT STATUS
That of the command, or 128 + \fIn\fR if signal \fIn\fR ended it. 125 if the sandbox could not be made or box was
misused, 126 if the command was found but can't be run, 127 if it was not found, 137 if pid 1 of the sandbox was killed.
.SH ENVIRONMENT
The command gets an allow-list of the caller's variables, as far as they mean something inside, and \fBBOX=1\fR,
\fBcontainer=box\fR and \fBPWD\fR. \fBNO_COLOR\fR turns the colours of box's own messages off.
.SH SEE ALSO
.BR bwrap (1),
.BR namespaces (7),
.BR user_namespaces (7),
.BR seccomp (2)
`)
	return page.String()
}

// roff escapes a text for man(7).
func roff(text string) string {
	text = strings.ReplaceAll(text, `\`, `\e`)
	return strings.ReplaceAll(text, "-", `\-`)
}
