package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// profile is a seccomp profile: LinuxSeccomp of the OCI runtime specification, and what Docker has beside it.
type profile struct {
	DefaultAction    string   `json:"defaultAction"`
	DefaultErrnoRet  *uint    `json:"defaultErrnoRet"`
	Architectures    []string `json:"architectures"`
	Flags            []string `json:"flags"`
	ListenerPath     string   `json:"listenerPath"`
	ListenerMetadata string   `json:"listenerMetadata"`
	Syscalls         []rule   `json:"syscalls"`

	ArchMap []struct { // Docker's
		Architecture     string   `json:"architecture"`
		SubArchitectures []string `json:"subArchitectures"`
	} `json:"archMap"`
	DefaultErrno string `json:"defaultErrno"` // Podman's
}

// rule is an element of syscalls.
type rule struct {
	Names    []string   `json:"names"`
	Action   string     `json:"action"`
	ErrnoRet *uint      `json:"errnoRet"`
	Args     []argument `json:"args"`

	Name     string    `json:"name"` // Docker's, from here on
	Comment  string    `json:"comment"`
	Includes condition `json:"includes"`
	Excludes condition `json:"excludes"`
	Errno    string    `json:"errno"` // Podman's
}

// names returns the names of a rule as a part of an error.
func (r *rule) names() string {
	names := r.Names
	if r.Name != "" {
		names = append([]string{r.Name}, names...)
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" (%q)", names[0])
	}
	return fmt.Sprintf(" (%q, …)", names[0])
}

// argument is a condition on an argument.
type argument struct {
	Index    *uint  `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo"`
	Op       string `json:"op"`
}

// condition is what Docker makes rules depend on.
type condition struct {
	Arches    []string `json:"arches"`
	Caps      []string `json:"caps"`
	MinKernel string   `json:"minKernel"`
}

// read reads a profile. A word that is not known is an error: what it says might matter.
func read(text []byte) (*profile, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("the file is empty, and a profile must have a default")
	}
	var whole struct {
		Linux *struct {
			Seccomp json.RawMessage `json:"seccomp"`
		} `json:"linux"`
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, explained(err, text)
	}
	if whole.Linux != nil {
		if text = whole.Linux.Seccomp; len(text) == 0 || string(text) == "null" {
			return nil, errors.New("linux.seccomp: is missing")
		}
	}
	var p profile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return nil, explained(err, text)
	}
	return &p, nil
}

// explained says an error of encoding/json without its prefix, with the line where it is.
func explained(err error, text []byte) error {
	at := int64(-1)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = e.Offset
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = e.Offset
		err = fmt.Errorf("%s: can't be of the kind %s", e.Field, e.Value)
		if e.Field == "" {
			err = fmt.Errorf("the kind %s is no profile", e.Value)
		}
	}
	said := strings.TrimPrefix(err.Error(), "json: ")
	if at < 0 || at > int64(len(text)) {
		return errors.New(said)
	}
	return fmt.Errorf("line %d: %s", 1+bytes.Count(text[:at], []byte("\n")), said)
}
