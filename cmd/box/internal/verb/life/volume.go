package life

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/nearest"
	"box/register"
)

// volumeVerbs are what can be done with volumes, in the order of the help. Each gets the sentence for its own --help.
var volumeVerbs = [...]struct {
	name, args, help string
	do               func(help string, words []string) (int, error)
}{
	{"create", "NAME...", "Make volumes; those that are there stay as they are.", volumeCreate},
	{"ls", "[-q] [--json]", "List volumes, and the boxes that name them.", volumeList},
	{"rm", "[-f] NAME...", "Remove volumes with all that is in them.", volumeRemove},
	{"inspect", "[-f TEXT] NAME...", "Print all that is known of volumes, as JSON.", volumeInspect},
}

// Volume is box volume VERB.
func Volume(c *verb.Context) (int, error) {
	var names []string
	for _, v := range volumeVerbs {
		names = append(names, v.name)
	}
	if len(c.Words) == 0 {
		return 0, say.Usagef("volume: needs one of %s", strings.Join(names, ", ")).Hintf("box volume --help")
	}
	word := c.Words[0]
	if word == "--help" || word == "-h" {
		return 0, volumeHelp()
	}
	for _, a := range [...][2]string{{"list", "ls"}, {"remove", "rm"}} {
		if word == a[0] {
			word = a[1]
		}
	}
	for _, v := range volumeVerbs {
		if v.name == word {
			return v.do(v.help, c.Words[1:])
		}
	}
	m := say.Usagef("volume %s: no such verb", say.Words(c.Words[:1])).Hintf("box volume --help")
	switch near := nearest.Of(word, names); {
	case word == "prune":
		m.Hint = "box volume ls shows which are named by no box; box volume rm NAME removes one"
	case near != "":
		m.Hint = "did you mean box volume " + near + "?"
	}
	return 0, m
}

// volumeHelp prints all of volumeVerbs.
func volumeHelp() error {
	var text strings.Builder
	text.WriteString("usage: box volume VERB ...\n\n" +
		"A volume is a directory with a name, which outlives the boxes that use it: box -v NAME:DEST.\n\n")
	for _, v := range volumeVerbs {
		fmt.Fprintf(&text, "  %-28s %s\n", v.name+" "+v.args, v.help)
	}
	_, err := os.Stdout.WriteString(text.String())
	return err
}

// openVolumes opens the directory of volumes. An error is a *say.Message.
func openVolumes(name string) (*register.Volumes, error) {
	v := new(register.Volumes)
	if err := v.Open(inputs.DataDirectory()); err != nil {
		return nil, failure.Volume(name, err)
	}
	return v, nil
}

// volumeCreate makes volumes, and prints their names.
func volumeCreate(help string, words []string) (int, error) {
	var flags struct {
		Names []string `arg:"" name:"name" help:"The names: as boxes have them."`
	}
	if helped, err := verb.Parse("volume create", help, &flags, words); helped || err != nil {
		return 0, err
	}
	for _, name := range flags.Names {
		if !register.IsName(name) {
			return 0, say.Usagef("volume create %s: not a name: 1 to 64 of a-z, 0-9, and after the first also . _ -",
				say.Words([]string{name}))
		}
	}
	v, err := openVolumes(flags.Names[0])
	if err != nil {
		return 0, err
	}
	defer v.Close()
	for _, name := range flags.Names {
		if _, err := v.Make(name); err != nil {
			return 0, failure.Volume(name, err)
		}
		if err := write(name); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// volumeShown is a volume as ls and inspect show it. The names are docker's where it has one for the same.
type volumeShown struct {
	Name       string
	Mountpoint string
	CreatedAt  string
	Boxes      []string // those that are up and name it
	Ended      []string // those that name it and have ended
}

// namedBy returns the boxes that name a volume: those that are up, and those that have ended.
func namedBy(boxes []*register.Box, volume string) (up, ended []string) {
	up, ended = []string{}, []string{}
	for _, b := range boxes {
		for _, name := range b.Facts().Values("volume") {
			switch {
			case name != volume:
			case b.State() == register.Up:
				up = append(up, b.Name)
			default:
				ended = append(ended, b.Name)
			}
		}
	}
	return up, ended
}

// allBoxes opens all boxes. The caller closes them.
func allBoxes() (list []*register.Box, done func(), err error) {
	r, err := open()
	if err != nil {
		return nil, nil, err
	}
	if list, err = r.List(); err != nil {
		r.Close()
		return nil, nil, failure.Register("", err)
	}
	return list, func() {
		for _, b := range list {
			b.Close()
		}
		r.Close()
	}, nil
}

// describeVolumes describes volumes.
func describeVolumes(list []register.Volume) ([]volumeShown, error) {
	boxes, done, err := allBoxes()
	if err != nil {
		return nil, err
	}
	defer done()
	all := []volumeShown{}
	for _, found := range list {
		up, ended := namedBy(boxes, found.Name)
		all = append(all, volumeShown{found.Name, found.Path, stamp(found.Made), up, ended})
	}
	return all, nil
}

// volumeList lists volumes.
func volumeList(help string, words []string) (int, error) {
	var flags struct {
		Quiet bool `short:"q" name:"quiet" help:"Print the names only."`
		JSON  bool `name:"json" help:"Print them as JSON."`
	}
	if helped, err := verb.Parse("volume ls", help, &flags, words); helped || err != nil {
		return 0, err
	}
	v, err := openVolumes("ls")
	if err != nil {
		return 0, err
	}
	defer v.Close()
	list, err := v.List()
	if err != nil {
		return 0, failure.Volume("ls", err)
	}
	if flags.Quiet {
		for _, found := range list {
			if err := write(found.Name); err != nil {
				return 0, err
			}
		}
		return 0, nil
	}
	all, err := describeVolumes(list)
	if err != nil || flags.JSON {
		return 0, errors.Join(err, printJSON(all))
	}
	rows := [][]string{{"NAME", "CREATED", "BOXES"}}
	for i, x := range all {
		names := append([]string{}, x.Boxes...)
		for _, name := range x.Ended {
			names = append(names, name+" (ended)")
		}
		rows = append(rows, []string{x.Name, since(list[i].Made) + " ago", strings.Join(names, ", ")})
	}
	return 0, table(os.Stdout, rows)
}

// volumeInspect prints what is known of volumes.
func volumeInspect(help string, words []string) (int, error) {
	var flags struct {
		Format string   `short:"f" name:"format" placeholder:"TEXT" help:"Text with {{.PATH}} in it, instead of JSON."`
		Names  []string `arg:"" name:"name" help:"The volumes."`
	}
	if helped, err := verb.Parse("volume inspect", help, &flags, words); helped || err != nil {
		return 0, err
	}
	v, err := openVolumes(flags.Names[0])
	if err != nil {
		return 0, err
	}
	defer v.Close()
	var list []register.Volume
	for _, name := range flags.Names {
		found, err := v.Find(name)
		if err != nil {
			return 0, failure.Volume(name, err)
		}
		list = append(list, found)
	}
	all, err := describeVolumes(list)
	if err != nil || flags.Format == "" {
		return 0, errors.Join(err, printJSON(all))
	}
	for _, x := range all {
		text, err := expand(flags.Format, x)
		if err != nil {
			return 0, err
		}
		if err := write(text); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// volumeRemove removes volumes that nobody uses, and prints their names.
func volumeRemove(help string, words []string) (int, error) {
	var flags struct {
		Force bool     `short:"f" name:"force" help:"Those of boxes that have ended, too; one that is missing is no error."`
		Names []string `arg:"" name:"name" help:"The volumes."`
	}
	if helped, err := verb.Parse("volume rm", help, &flags, words); helped || err != nil {
		return 0, err
	}
	v, err := openVolumes(flags.Names[0])
	if err != nil {
		return 0, err
	}
	defer v.Close()
	boxes, done, err := allBoxes()
	if err != nil {
		return 0, err
	}
	defer done()
	var first error
	for _, name := range flags.Names {
		err := removeVolume(v, boxes, name, flags.Force)
		switch m := (*say.Message)(nil); {
		case err == nil:
			err = write(name)
			if first == nil {
				first = err
			}
		case first == nil:
			first = err
		case errors.As(err, &m):
			say.Report(m)
		}
	}
	return 0, first
}

// removeVolume removes one volume. An error is a *say.Message.
func removeVolume(v *register.Volumes, boxes []*register.Box, name string, force bool) error {
	up, ended := namedBy(boxes, name)
	switch {
	case len(up) > 0:
		return say.Usagef("volume %s is in use: box %s is up", name, strings.Join(up, ", box ")).
			Hintf("box stop %s ends it", strings.Join(up, " "))
	case len(ended) > 0 && !force:
		return say.Usagef("volume %s belongs to a box that has ended: %s", name, strings.Join(ended, ", ")).
			Hintf("box remove %s forgets it; box volume rm -f %s removes the volume all the same", strings.Join(ended, " "), name)
	}
	err := v.Remove(name)
	switch in, is := errors.AsType[*fs.PathError](err); {
	case err == nil:
		return nil
	case errors.Is(err, register.ErrNoVolume) && force:
		return nil
	case errors.Is(err, register.ErrInUse):
		m := say.Usagef("volume %s is in use", name)
		if pids, _ := v.Users(name); len(pids) > 0 {
			m.Cause = "a sandbox without a name, or somebody else, has it: process " + strconv.Itoa(pids[0])
		}
		return m
	case errors.Is(err, register.ErrPartly) && is:
		m := say.Usagef("volume %s: not all of it can be removed: %s: %v", name, say.Visible(in.Path), in.Err)
		if errors.Is(err, fs.ErrPermission) {
			m.Cause = "it may belong to one of the user's subordinate ids"
			m.Hint = "box --map-ids auto --uid 0 --gid 0 --cap-add ALL -v " + name + ":/v find /v -mindepth 1 -delete empties it"
		}
		return m
	}
	return failure.Volume(name, err)
}
