package seccompprofile

import _ "embed"

//go:embed default_arm64.bpf
var defaultProgram []byte

//go:embed nested_arm64.bpf
var nestedProgram []byte
