package life

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/plan"
	"box/register"
	"box/shim"
)

const inspectHelp = "Prints all that is known of boxes, as JSON.\n\n" +
	"-f takes text with paths in it: '{{.State.Pid}}' is the value at that path, {{json .State}} the value as JSON."

// inspected is a box as inspect prints it. The names are docker's where it has one for the same.
type inspected struct {
	ID         string `json:"Id"` // as docker has it
	Name       string
	Created    string
	State      inspectedState
	Config     inspectedConfig
	Namespaces map[string]string // as the links of /proc/PID/ns; empty unless it is up
	Network    network
	Shares     map[string]shared // what it has in common with other boxes: pid, net, ipc, uts
	Volumes    []string          // the names of those that it uses
	Log        string            `json:"LogPath"`
	Restarts   int               `json:"RestartCount"`
}

type inspectedState struct {
	Status     string // running, restarting, exited, lost
	Running    bool
	Pid        int // of the command, outside
	InitPid    int // of pid 1
	MonitorPid int // of box itself
	ExitCode   int
	Signal     string
	Why        string
	StartedAt  string
	FinishedAt string
}

type inspectedConfig struct {
	Cmd        []string // the command
	Words      []string // all words of the command line after run
	Env        []string
	WorkingDir string
	Policy     string
	AutoRemove bool
	Version    string // of the box that made it
}

// Inspect prints what is known of boxes.
func Inspect(c *verb.Context) (int, error) {
	var flags struct {
		Format string   `short:"f" name:"format" placeholder:"TEXT" help:"Text with {{.PATH}} in it, instead of JSON."`
		JSON   bool     `name:"json" help:"JSON, which it is anyway."`
		Names  []string `arg:"" name:"name" help:"The boxes."`
	}
	if helped, err := verb.Parse("inspect", inspectHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	all := []inspected{}
	code, err := each(flags.Names, func(r *register.Register, b *register.Box) error {
		all = append(all, inspect(r, b))
		return nil
	})
	if flags.Format == "" {
		if len(all) > 0 || code == 0 && err == nil {
			if wrong := printJSON(all); err == nil {
				err = wrong
			}
		}
		return code, err
	}
	for i := range all {
		text, wrong := expand(flags.Format, all[i])
		if wrong != nil {
			return 0, wrong
		}
		if wrong := write(text); err == nil {
			err = wrong
		}
	}
	return code, err
}

// inspect reads what is known of a box.
func inspect(r *register.Register, b *register.Box) inspected {
	state := b.State()
	l, facts := describe(b, state), b.Facts()
	dir, _, _ := facts.Cwd()
	x := inspected{
		ID: l.ID, Name: l.Name, Created: l.Created, Network: networkOf(facts), Namespaces: map[string]string{},
		Shares: l.Shares, Restarts: b.Live().Number("restarts"),
		Volumes: append([]string{}, facts.Values("volume")...),
		Log:     r.State + "/boxes/" + b.Name + "/log",
		Config: inspectedConfig{
			Cmd: l.Command, Words: facts.Words(), Env: facts.Values("env"), WorkingDir: dir, Policy: facts.Value("policy"),
			AutoRemove: facts.Value("remove") != "", Version: facts.Value("version"),
		},
		State: inspectedState{
			Status: strings.ToLower(state.String()), Running: state == register.Up,
			Pid: l.PID, InitPid: l.Init, MonitorPid: l.Monitor,
			Signal: l.Signal, Why: l.Why, StartedAt: l.Started, FinishedAt: l.Ended,
		},
	}
	if l.State == restarting {
		x.State.Status, x.State.Running = "restarting", false
	}
	if x.State.Running {
		x.State.Status = "running"
		x.Namespaces = namespaces(r, b)
		x.Network.Pid = netProcess(b)
	}
	if l.Status != nil {
		x.State.ExitCode = *l.Status
	}
	return x
}

// namespaces returns the namespaces of a box that is up, as its monitor hands them out.
func namespaces(r *register.Register, b *register.Box) map[string]string {
	found := map[string]string{}
	client, err := shim.Dial(r, b)
	if err != nil {
		return found
	}
	defer client.Close()
	answer, fds, err := client.Ask(shim.Record{Kind: shim.Enter})
	for i, fd := range fds {
		if err == nil && answer.Kind == shim.Inside && i < len(plan.SpaceKinds) {
			found[plan.SpaceKinds[i]], _ = os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		}
		_ = os.NewFile(uintptr(fd), "").Close()
	}
	return found
}

// expand replaces each {{.A.B}} of a text by the value at that path, and {{json .A}} by that as JSON: no more of Go's templates,
// whose package costs each start more than all of this.
func expand(format string, x any) (string, error) {
	data, err := json.Marshal(x)
	if err != nil {
		return "", err
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		return "", err
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(format, "{{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		word, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return "", say.Usagef("inspect -f %s: a {{ without }}", say.Words([]string{format}))
		}
		text, err := valueAt(strings.TrimSpace(word), tree)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		format = after
	}
}

// valueAt returns the value that a word between the braces names.
func valueAt(word string, tree any) (string, error) {
	path, asJSON := strings.CutPrefix(word, "json ")
	path = strings.TrimSpace(path)
	if !strings.HasPrefix(path, ".") {
		return "", say.Usagef("inspect -f {{%s}}: not a path such as .State.Pid", say.Visible(word)).
			Hintf("box inspect NAME shows all there is")
	}
	at := tree
	for name := range strings.SplitSeq(strings.TrimPrefix(path, "."), ".") {
		if name == "" {
			continue
		}
		members, _ := at.(map[string]any)
		value, known := members[name]
		if !known && name == "ID" { // docker takes both
			value, known = members["Id"]
		}
		if !known {
			return "", say.Usagef("inspect -f {{%s}}: there is no %s", say.Visible(word), say.Visible(name)).
				Hintf("box inspect NAME shows all there is")
		}
		at = value
	}
	if text, is := at.(string); is && !asJSON {
		return text, nil
	}
	var out strings.Builder
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	err := to.Encode(at)
	return strings.TrimSuffix(out.String(), "\n"), err
}
