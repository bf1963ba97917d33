package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// contender is a way to run a client.
type contender struct {
	name  string
	host  string // how the client calls the server
	start func(dir string, client []string) (*running, error)
}

// running is a client with all that belongs to it.
type running struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	helper *exec.Cmd // slirp4netns
}

var contenders = []contender{
	{"veth", srvIP, func(_ string, client []string) (*running, error) { return run(nil, client) }},
	{"box", "srv.test", func(dir string, client []string) (*running, error) {
		ports := fmt.Sprintf("%d,%d,%d,%d", portSink, portSource, portEcho, portRequest)
		return run(nil, append([]string{
			dir + "/box", "--ro-bind", "/usr", "/usr", "--ro-bind", dir, dir,
			"--allow", "srv.test:" + ports, "--allow", "dead.test:" + ports, "--",
		}, client...))
	}},
	{"slirp4netns", srvIP, startSlirp},
	{"pasta", srvIP, func(_ string, client []string) (*running, error) {
		return run(nil, append([]string{
			"pasta", "--quiet", "--config-net", "--no-map-gw", "-t", "none", "-u", "none", "-T", "none", "-U", "none", "--",
		}, client...))
	}},
}

func run(attributes *syscall.SysProcAttr, argv []string) (*running, error) {
	r := &running{cmd: exec.Command(argv[0], argv[1:]...)}
	r.cmd.Stderr, r.cmd.SysProcAttr = os.Stderr, attributes
	r.cmd.Env = append(os.Environ(), "GODEBUG=multipathtcp=0")
	in, err := r.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.in, r.out = in, bufio.NewReader(out)
	return r, r.cmd.Start()
}

// startSlirp makes namespaces with a client that waits for a line, then slirp4netns for them.
func startSlirp(_ string, client []string) (*running, error) {
	uid, gid := os.Getuid(), os.Getgid()
	argv := append([]string{"sh", "-c", `echo up; read line; exec "$@"`, "sh"}, client...)
	r, err := run(&syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}},
	}, argv)
	if err != nil {
		return nil, err
	}
	if _, err := r.out.ReadString('\n'); err != nil {
		return r, err
	}
	ready, tell, err := os.Pipe()
	if err != nil {
		return r, err
	}
	r.helper = exec.Command("slirp4netns", "--configure", "--mtu=65520", "--ready-fd=3", strconv.Itoa(r.cmd.Process.Pid), "tap0")
	r.helper.ExtraFiles = []*os.File{tell}
	var said strings.Builder
	r.helper.Stderr = &said
	if err := r.helper.Start(); err != nil {
		return r, err
	}
	_ = tell.Close()
	if n, _ := ready.Read(make([]byte, 1)); n != 1 {
		return r, fmt.Errorf("slirp4netns: %s", said.String())
	}
	_ = ready.Close()
	_, err = io.WriteString(r.in, "\n")
	return r, err
}

// end ends everything and waits.
func (r *running) end() {
	if r == nil {
		return
	}
	_ = r.in.Close()
	timer := time.AfterFunc(5*time.Second, func() { _ = r.cmd.Process.Kill() })
	_ = r.cmd.Wait()
	timer.Stop()
	if r.helper != nil && r.helper.Process != nil {
		_ = r.helper.Process.Kill()
		_ = r.helper.Wait()
	}
}

// roots are the processes that all of it descends from.
func (r *running) roots() []int {
	all := []int{r.cmd.Process.Pid}
	if r.helper != nil {
		all = append(all, r.helper.Process.Pid)
	}
	return all
}
