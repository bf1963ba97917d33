package tests

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// startsVar says how many starts TestManyStarts makes: thousands for a night, a few hundred by default.
const (
	startsVar     = "BOXTEST_STARTS"
	startsDefault = 400
)

// storm are signals that change nothing: the command ignores them or they are ignored by default.
var storm = [...]unix.Signal{unix.SIGWINCH, unix.SIGCONT, unix.SIGUSR1, unix.SIGURG}

// TestManyStarts starts one sandbox after the other under a storm of signals to the monitor, from its first moment to
// its last. No status may be wrong, no word lost, nothing may hang.
func TestManyStarts(t *testing.T) {
	starts := startsDefault
	if n, err := strconv.Atoi(os.Getenv(startsVar)); err == nil {
		starts = n
	}
	// The command ignores USR1, as its caller does, and so does the monitor: from the first moment on, as this process does.
	signal.Ignore(unix.SIGUSR1)
	defer signal.Reset(unix.SIGUSR1)
	const script = `exec "$0" --ro-bind /usr /usr sh -c 'echo out; echo err >&2; exit '"$1"`
	box := filepath.Join(boxDir, "box")
	for i := range starts {
		want := i % 256
		cmd := exec.Command("sh", "-c", script, box, strconv.Itoa(want))
		if err := oneStart(cmd, want); err != nil {
			t.Fatalf("start %d of %d: %v", i, starts, err)
		}
	}
}

// oneStart runs cmd in the storm.
func oneStart(cmd *exec.Cmd, want int) error {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // a sandbox that outlives its monitor would hold them open
	if err := cmd.Start(); err != nil {
		return err
	}
	var blowing sync.WaitGroup
	calm := make(chan struct{})
	blowing.Go(func() { blow(cmd.Process, calm) })
	timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	close(calm)
	blowing.Wait()
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		return err
	}
	if status != want || stdout.String() != "out\n" || stderr.String() != "err\n" {
		return fmt.Errorf("status %d and not %d, stdout %q, stderr %q", status, want, &stdout, &stderr)
	}
	return nil
}

// blow sends signals until it is calm or the process has ended.
func blow(p *os.Process, calm <-chan struct{}) {
	for {
		select {
		case <-calm:
			return
		case <-time.After(time.Duration(rand.IntN(300)) * time.Microsecond):
		}
		if p.Signal(storm[rand.IntN(len(storm))]) != nil {
			return
		}
	}
}
