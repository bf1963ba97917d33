package printer

import (
	"strconv"
	"strings"

	"box/cmd/box/internal/arg"
)

// capabilityList returns the names of the capabilities in a set, as --cap-add
// takes them. A capability without a name has its number, which both programs
// take.
func capabilityList(set uint64) (names []string) {
	if set == arg.AllCapabilities {
		return []string{"ALL"}
	}
	for n := range 64 {
		switch {
		case set>>n&1 == 0:
		case n < len(arg.CapabilityNames):
			names = append(names, "CAP_"+strings.ToUpper(arg.CapabilityNames[n]))
		default:
			names = append(names, strconv.Itoa(n)) // of a newer kernel
		}
	}
	return names
}
