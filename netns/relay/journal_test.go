package relay

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestJournalWithoutReader: nobody waits for who doesn't read, and what is lost is counted.
func TestJournalWithoutReader(t *testing.T) {
	var fds [2]int
	must(t, unix.Pipe2(fds[:], unix.O_CLOEXEC))
	j := newJournal(fds[1])
	v := verdict{to: netip.MustParseAddrPort("25.1.2.3:443"), name: "good.example\x1b[2J", port: 443, via: viaName}
	v.reason = "no rule"
	const n = 5000
	for range n {
		j.refused(&v)
	}
	if j.lost == 0 {
		t.Fatal("a pipe had room for everything: the test tries too little")
	}
	reader := os.NewFile(uintptr(fds[0]), "log")
	defer reader.Close()
	seen := make(chan int)
	go func() {
		lines := 0
		for s := bufio.NewScanner(reader); s.Scan(); lines++ {
			var e entry
			if err := json.Unmarshal(s.Bytes(), &e); err != nil || e.Verdict != "refused" || e.Name != `good.example\x1b[2J` {
				t.Errorf("%s: %v", s.Text(), err)
			}
			lines += e.Lost
			if strings.ContainsRune(s.Text(), 0x1b) {
				t.Error("a control character")
			}
		}
		seen <- lines
	}()
	lost := j.lost
	j.close()
	if lines := <-seen; lines+lost != n {
		t.Errorf("%d lines written or told as lost, and %d lost at the end", lines, lost)
	}
	var none *journal
	none.refused(&v) // no log is one that takes everything
	none.close()
}
