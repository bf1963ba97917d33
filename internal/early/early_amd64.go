package early

// enter is jumped to by the ELF entry.
func enter()

// trap ends the process by a signal.
func trap()

// escape goes on at the ordinary entry.
func escape()
