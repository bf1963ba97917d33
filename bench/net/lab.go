package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// The addresses of the two ends of the veth.
const (
	hostIP = "198.51.100.1"
	srvIP  = "198.51.100.2"
	deadIP = "198.51.100.77"
)

// runLab makes the namespaces: first as root of a user namespace, then it goes on as the user.
func runLab(args []string) error {
	if os.Getenv("BENCH_IN") == "" {
		cmd := again(syscall.CLONE_NEWUSER|syscall.CLONE_NEWNET|syscall.CLONE_NEWNS, 0, 0, os.Getuid(), os.Getgid())
		cmd.Args = append(cmd.Args, append([]string{"lab"}, args...)...)
		cmd.Env = append(os.Environ(), "BENCH_IN=1")
		return cmd.Run()
	}
	server, err := startServer()
	if err != nil {
		return err
	}
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}()
	pid := strconv.Itoa(server.Process.Pid)
	inServer := []string{"nsenter", "-t", pid, "-n"}
	steps := [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1", "netns", pid},
		{"ip", "addr", "add", hostIP + "/24", "dev", "veth0"},
		{"ip", "link", "set", "veth0", "up"},
		append(inServer, "ip", "addr", "add", srvIP+"/24", "dev", "veth1"),
		append(inServer, "ip", "link", "set", "veth1", "up"),
		append(inServer, "ip", "link", "set", "lo", "up"),
		{"ip", "route", "add", "default", "via", srvIP},
		{"ip", "neigh", "add", deadIP, "lladdr", "02:00:00:00:00:09", "dev", "veth0", "nud", "permanent"},
		{"mount", "--make-rprivate", "/"},
	}
	for _, step := range steps {
		if out, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(step, " "), err, out)
		}
	}
	files := map[string]string{
		"/etc/hosts":       "127.0.0.1 localhost\n" + srvIP + " srv.test\n" + deadIP + " dead.test\n",
		"/etc/resolv.conf": "nameserver " + srvIP + "\n",
	}
	for at, text := range files {
		name := args[0] + "/" + strings.ReplaceAll(at, "/", "-")
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
		if err := syscall.Mount(name, at, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	uid, _ := strconv.Atoi(os.Getenv("BENCH_UID"))
	gid, _ := strconv.Atoi(os.Getenv("BENCH_GID"))
	cmd := again(syscall.CLONE_NEWUSER, uid, gid, 0, 0)
	cmd.Args = append(cmd.Args, append([]string{"inner", pid}, args...)...)
	return cmd.Run()
}

// again runs this program once more, in new namespaces with one id.
func again(flags uintptr, uid, gid, hostUID, hostGID int) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  flags,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: hostUID, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: hostGID, Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	runtime.LockOSThread() // PDEATHSIG is about the thread
	return cmd
}

// startServer starts the servers in a network namespace of their own, and waits until they listen.
func startServer() (*exec.Cmd, error) {
	cmd := exec.Command("/proc/self/exe", "serve")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_, err = bufio.NewReader(out).ReadString('\n')
	return cmd, err
}
