package main

import "math/rand/v2"

// takeTurns calls measure with each of 0 … subjects-1 once a round, in an order of its own for each round: in a fixed
// order one subject would always follow the same other, and pay for what that leaves to the kernel to clean up.
// It calls between before each round, and stops at the first error.
func takeTurns(rounds, subjects int, between func(), measure func(subject int) error) error {
	for range rounds {
		between()
		for _, i := range rand.Perm(subjects) {
			if err := measure(i); err != nil {
				return err
			}
		}
	}
	return nil
}
