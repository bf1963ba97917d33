// Command net measures what a sandbox's network costs beside a plain veth(4), slirp4netns(1) and pasta(1): all in a network of
// its own, without root and without the outside. Rounds are interleaved, and what is printed are medians. A
// machine that does other things measures these: the parts of a sandbox are sessions of their own, which sched(7) gives shares of
// their own (autogroup). As root, chrt -r 1 before it keeps the others away.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

func main() {
	err := command()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(e.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/net:", err)
		os.Exit(1)
	}
}

// command is the program, or one of the programs that it starts.
func command() error {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "lab":
			return runLab(os.Args[2:])
		case "inner":
			return runRounds(os.Args[2:])
		case "serve":
			return serve()
		case "client":
			return client(os.Args[2:])
		}
	}
	flags := flag.NewFlagSet("net", flag.ContinueOnError)
	box := flags.String("box", "bin/box", "the binary to measure")
	rounds := flags.Int("rounds", 6, "how often each is measured")
	only := flags.String("only", "", "one case: up, down, trip, connect, parallel, dead, life")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	return start(*box, *rounds, *only)
}

// start copies the programs to where everybody can run them, and begins the lab as an ordinary user.
func start(box string, rounds int, only string) error {
	dir, err := os.MkdirTemp("", "box-bench-net-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for from, to := range map[string]string{self: "bench", box: "box"} {
		data, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), data, 0o755)
		}
		if err != nil {
			return err
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		return err
	}
	uid, gid := os.Getuid(), os.Getgid()
	cmd := exec.Command(filepath.Join(dir, "bench"), "lab", dir, strconv.Itoa(rounds), only)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if uid == 0 {
		u, err := user.Lookup("nobody")
		if other, bad := user.Lookup("boxtest"); bad == nil {
			u, err = other, nil
		}
		if err != nil {
			return err
		}
		uid, _ = strconv.Atoi(u.Uid)
		gid, _ = strconv.Atoi(u.Gid)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return len(v) > 4 && v[:4] == "HOME" }), "HOME="+dir)
	cmd.Env = append(cmd.Env, "BENCH_UID="+strconv.Itoa(uid), "BENCH_GID="+strconv.Itoa(gid))
	return cmd.Run()
}
