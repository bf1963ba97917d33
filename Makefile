VERSION = 0.1.0
COMMIT  = $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
TOOL    = go tool -modfile=.ci/tools/go.mod
PREFIX  = /usr/local
# make build GOARCH=arm64 on amd64 makes bin/box-arm64, with a cross compiler.
HOST   := $(shell go env GOHOSTARCH 2>/dev/null)
ARCH    = $(or $(GOARCH),$(HOST))
OTHER   = $(filter-out $(HOST),$(ARCH))
BOX     = bin/box$(OTHER:%=-%)
# One static binary: the C library comes in with the constructor that remembers what the caller handed over.
FLAGS   = -trimpath -buildvcs=false -tags netgo,osusergo -ldflags "-s -w -buildid= -linkmode external \
	-extldflags '-static -Wl,--build-id=none' -X main.version=$(VERSION) -X main.commit=$(COMMIT)"
export CGO_ENABLED = 1
# The packages that a target needs, by .ci/packages: all are named at once.
NEEDS   = build
test ordinary older: NEEDS = test

.PHONY: build generate test ordinary older race reproducible callers lint bench bench-net fuzz vm install fresh demo
build: generate
	.ci/cross $(ARCH) go build $(FLAGS) -o $(BOX) ./cmd/box
	@GOARCH= CC= go run ./internal/early/setentry $(BOX)
generate:
	@.ci/packages $(NEEDS)
	@.ci/libseccomp
	$(if $(OTHER),GOARCH= CC=) go run ./seccompprofile/generate seccompprofile

test: build
	go vet ./...
	go test -timeout 20m ./...
# The same program without its early entry: everything in the ordinary way.
ordinary: build
	.ci/cross $(ARCH) go build $(FLAGS) -o bin/box-ordinary ./cmd/box
	BOX=$(CURDIR)/bin/box-ordinary go test -count=1 -timeout 20m -skip TestScripts/early ./tests
# As where all calls are missing that others can be made for, and where a filter refuses them (clone3 apart: programs of glibc can't do
# without it then). The script "refused", which make test runs, has each of them alone.
older: build
	for how in ENOSYS EPERM; do \
		BOXTEST_SLOW=4 BOXTEST_WITHOUT=clone3,$$(echo $(NEWER) | sed "s/ \|$$/=$$how,/g; s/,$$//") \
			go test -count=1 -timeout 30m -skip $(UNFIT) ./tests || exit; done
# bubblewrap itself needs them, seccomp_log looks for clone3, a dead automount point is an empty directory for mount(2), and without
# openat2 box container cp follows no link on the way to a file.
UNFIT = '^Test(Root)?Bwrap(GeneratedLines|IsBwrap)$$|TestRoot/^(terminal|automount)$$|/^(seccomp|seccomp_probes|seccomp_log|setid|large|older|refused|cp)$$'
NEWER = openat2 close_range mount_setattr open_tree move_mount fsopen fsconfig fsmount
race:
	go test -race ./plan ./launch ./netns/relay
reproducible: build
	.ci/reproducible
callers: build
	tests/callers/run
lint:
# Functions that run without the Go runtime have a bounded stack, and arm64 takes more of it: the linker says so, without a C compiler.
	GOARCH=arm64 CGO_ENABLED=0 go test -c -o /dev/null ./launch
	$(TOOL) golangci-lint run
	@dead=$$($(TOOL) deadcode -tags deadcode,netgo,osusergo ./cmd/box ./seccompprofile/generate ./internal/early/setentry ./bench) && \
		if [ -n "$$dead" ]; then echo "$$dead"; echo "nobody calls these: remove them"; exit 1; fi
	shellcheck .ci/run .ci/fresh .ci/packages .ci/bubblewrap .ci/libseccomp .ci/cross .ci/demo .ci/reproducible tests/vm/run tests/vm/debian tests/callers/checks $(shell grep -l '^#!/bin/sh' tests/callers/*)
bench: build
	bwrap=$$(.ci/bubblewrap) && go run ./bench -box bin/box -bwrap "$$bwrap"
# slirp4netns and pasta where they are installed; as root or as the user who is measured.
bench-net: build
	go run ./bench/net -box bin/box
fuzz:
	go test -fuzz FuzzScan -fuzztime 60s ./cmd/box/internal/native
	go test -fuzz FuzzBwrapWords -fuzztime 60s ./cmd/box/internal/bwrap
# Not by go test -fuzz: what that adds to each function is too much for the stack of pid 1's.
	go test -c -o bin/launch.test ./launch
	cd launch && ../bin/launch.test -test.run '^$$' -test.fuzz FuzzHear -test.fuzztime 60s -test.fuzzcachedir $(CURDIR)/bin/fuzz
	go test -fuzz FuzzPrefix -fuzztime 60s ./cmd/box/internal/arg
	go test -fuzz FuzzTarget -fuzztime 60s ./cmd/box/internal/arg
	go test -fuzz FuzzRepaired -fuzztime 60s ./cmd/box/internal/arg
	go test -fuzz FuzzRead -fuzztime 60s ./netns/relay
	go test -fuzz FuzzVisible -fuzztime 60s ./cmd/box/internal/say
	go test -fuzz FuzzParse -fuzztime 60s ./seccompprofile/policy
	go test -fuzz FuzzImport -fuzztime 60s ./seccompprofile/oci
	for target in FuzzAnswer FuzzClientHello FuzzMatches; do \
		go test -fuzz $$target -fuzztime 60s ./netns/relay || exit; done
# Debian's kernels, or KERNELS, under emulation; make vm GOARCH=arm64 runs the scripts as well. SCRIPTS, a regular expression, has
# those run that match, on amd64 too: all scripts of boxes with a name take half an hour a kernel.
vm: build
	tests/vm/run $(ARCH) $(KERNELS)
# It only copies: root need not have Go.
install:
	@[ -x bin/box ] || { echo "box is not built: make build, then make install as root" >&2; exit 1; }
	install -D -m 755 bin/box $(DESTDIR)$(PREFIX)/bin/box
	install -D -m 644 docs/box.1 $(DESTDIR)$(PREFIX)/share/man/man1/box.1
# The two commands of README.md where nothing was installed by hand: minimal roots of Debian, as root and as a user.
fresh:
	for suite in bookworm trixie; do for target in demo test; do .ci/fresh $$suite $$target || exit; done; done
demo: build
	@.ci/demo
