package seccompprofile

import _ "embed"

//go:embed default_amd64.bpf
var defaultProgram []byte

//go:embed nested_amd64.bpf
var nestedProgram []byte
