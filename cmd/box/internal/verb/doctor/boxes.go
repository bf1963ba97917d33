package doctor

import (
	"fmt"
	"os"

	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/verb"
	"box/register"

	"golang.org/x/sys/unix"
)

// examineBoxes counts the boxes that are up, and says what to expect of them: nobody has to restart a daemon.
func examineBoxes(*verb.Context) finding {
	f := finding{Name: "boxes", OK: true, Detail: "0 up, no daemon to restart"}
	places := inputs.Places()
	if _, err := os.Stat(places.State + "/boxes"); os.IsNotExist(err) {
		if err := unix.Access(places.State, unix.W_OK); err == nil || err == unix.ENOENT {
			return f // there has been none; to open the register would make its directories
		}
	}
	r, err := register.Open(places)
	if err != nil {
		f.OK, f.Detail = false, err.Error()
		f.Fix = "box keeps boxes with a name in a directory of the user's own, mode 700; " +
			"XDG_STATE_HOME and XDG_RUNTIME_DIR name others"
		return f
	}
	defer r.Close()
	list, err := r.List()
	if err != nil {
		f.OK, f.Detail = false, err.Error()
		return f
	}
	up, lost := 0, 0
	for _, b := range list {
		switch b.State() {
		case register.Up:
			up++
		case register.Lost:
			lost++
		}
		b.Close()
	}
	f.Detail = fmt.Sprintf("%d up, no daemon to restart", up)
	if lost > 0 {
		f.Detail += fmt.Sprintf("; %d lost: box ps -a names them", lost)
	}
	return f
}
