package main

func doctor(words []string) (int, error) { return 0, nil }
