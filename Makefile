# The two commands of the README are `make demo` and `make test`.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X cutover/internal/cli.Version=$(VERSION)

.PHONY: help build demo test test-alembic test-superset check schema test-large fuzz bench-core bench-journal bench-switch bench-takeover bench-restart bench-proxy bench-analysis bench-schema bench-load bench-verdict bench-shadow soak clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: ## build bin/cutover, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/cutover ./cmd/cutover

demo: build ## upgrade, kill, take back: everything on this machine, under a minute
	bin/cutover demo

# These run whole releases with a dozen processes each: beside other packages
# they would get so little of the machine that releases end otherwise.
WHOLE = ./internal/cli ./internal/crashtest ./internal/soaktest

test: check ## everything that has to hold, with the race detector
	$(GO) test -race -timeout 40m $$($(GO) list ./... | grep -vxF "$$($(GO) list $(WHOLE))")
	$(GO) test -race -timeout 40m -p 1 -parallel 3 $(WHOLE)

test-alembic: ## a real Alembic project, run and rehearsed; needs python3 with pip
	CUTOVER_ALEMBIC=$$(scripts/alembic) $(GO) test -race -timeout 10m -tags alembic -run Alembic ./internal/rehearsal

HOP ?=
test-superset: ## a real Superset upgraded and taken back with users on it (HOP=4.0.2_to_4.1.2); needs Python 3.11, redis-server, nginx, 4 GB, an hour
	CUTOVER_SUPERSET=$$(scripts/superset) SUPERSET_REPORT=$(CURDIR)/docs/superset-report.md $(GO) test -tags superset -count=1 -v -timeout 150m -run 'Superset/$(HOP)' ./internal/supersettest

test-large: ## bodies of 2 GiB through the proxy in constant memory
	CUTOVER_TRANSFER_MIB=2048 $(GO) test -timeout 30m -run LargeBodies -count 1 ./internal/proxy/conformance

FUZZTIME ?= 5m

fuzz: ## every fuzz target in turn, each for FUZZTIME (5m)
	scripts/fuzz $(FUZZTIME)

check: ## formatting, vet, tidy modules
	scripts/deps
	@bad=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$bad" || { echo "gofmt would change: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff

schema: ## write the JSON Schema of the files anew, for editors
	$(GO) test ./internal/config -run Schema -update

bench-core: ## decisions, histories and journal appends per second
	$(GO) test -run '^$$' -bench . ./bench/core ./bench/journal

bench-journal: ## durable appends against a bare fsync, in one run
	$(GO) test -run '^$$' -bench . ./bench/journal

SWITCHES ?= 20
KILLS ?= 4
bench-switch: ## switches under load (SWITCHES=20, KILLS=4): what fails, and how soon the old side is free
	SWITCHES=$(SWITCHES) KILLS=$(KILLS) $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m ./bench/switch

bench-takeover: ## the data plane replaced 20 times at 2,000 requests a second: what fails
	$(GO) test -run '^$$' -bench . -benchtime 1x ./bench/takeover

bench-proxy: build ## the data plane on one core, with nginx and HAProxy beside; needs wrk, nginx, haproxy and two cores
	CUTOVER_BINARY=$(CURDIR)/bin/cutover $(GO) test -run '^$$' -bench . -benchtime 1x -v ./bench/proxy

bench-analysis: ## false alarms and detection beside the rules of other controllers
	GOGC=2000 $(GO) test -run '^$$' -bench . -benchtime 1x ./bench/analysis

bench-restart: ## how long users are without the data plane when it is killed, 20 times
	$(GO) test -run '^$$' -bench Restart -benchtime 1x ./internal/cli

bench-verdict: ## how long users have a bad version, and ten good ones in a row: real processes, a quarter of an hour
	$(GO) test -run '^$$' -bench 'TakingBack|Healthy' -benchtime 1x -timeout 60m ./internal/cli

bench-shadow: ## what a healthy, slow, hung or dead shadow costs users
	$(GO) test -run '^$$' -bench . -benchtime 1x ./bench/shadow

bench-schema: ## what a new column costs a million rows and their users, beside other ways; a quarter of an hour
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m ./bench/schema

bench-load: ## the load generator: its rate beside the one asked, its latencies beside a known server, and wrk
	$(GO) test -run '^$$' -bench . -benchtime 1x ./bench/load

SOAK     ?= 30m
SEED     ?=
RELEASES ?=

soak: ## release after release while everything breaks, for SOAK=30m; SEED=... plays a run again
	SOAK=$(SOAK) SEED=$(SEED) RELEASES=$(RELEASES) SOAK_REPORT=$(CURDIR)/docs/reports/soak.md $(GO) test -count=1 -v -timeout 0 ./internal/soaktest

clean:
	rm -rf bin
