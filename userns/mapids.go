package userns

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// mapIDs is the act of calling newuidmap(1) or newgidmap(1).
type mapIDs struct {
	helper string
	lines  []mapping
}

// Do writes the map of the process pid.
func (m *mapIDs) Do(pid int) (undo func() error, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	process, err := os.StartProcess(m.helper, m.argv(strconv.Itoa(pid)), &os.ProcAttr{
		Dir: "/", Env: []string{}, Files: []*os.File{nil, nil, write},
	})
	_ = write.Close()
	if err != nil {
		return nil, err
	}
	said, _ := bufio.NewReader(read).ReadString('\n')
	state, err := process.Wait()
	if err != nil {
		return nil, err
	}
	if !state.Success() {
		return nil, fmt.Errorf("%s", strings.TrimSpace(said))
	}
	return nil, nil
}

func (m *mapIDs) argv(pid string) []string {
	argv := []string{m.helper, pid}
	for _, l := range m.lines {
		argv = append(argv, fmt.Sprint(l.inside), fmt.Sprint(l.outside), fmt.Sprint(l.count))
	}
	return argv
}

func (m *mapIDs) String() string { return strings.Join(m.argv("PID"), " ") }
