# teal: targets for people and for CI. "make help" lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

# Static, the same bytes from the same source: no cgo, no paths, no build id.
export CGO_ENABLED := 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILD   := go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$(VERSION)"

# lint has vetted everything, and nobody debugs a test's program.
GOTEST   := go test -count=1 -vet=off -ldflags "-s -w"
E2E      := ./test/e2e
PROOF    := ./test/proof
# Everything but the scenarios and the proof, which have the machine to
# themselves.
PACKAGES  = $$(go list ./... | grep -v -e /test/e2e -e '/test/proof$$')

.PHONY: build
build: ## build bin/teal
	$(BUILD) -o bin/teal ./cmd/teal

.PHONY: setup
setup: ## install and start what is missing: nginx, Docker Engine
	@script/setup

.PHONY: demo
demo: setup build demo-app ## see a release, a refused release and a rollback under load
	@$(BUILD) -o bin/demo ./examples/demo
	@bin/demo

.PHONY: demo-app
demo-app: ## build the demo application's programs, for images FROM scratch
	@for program in web api worker store; do \
		GOOS=linux $(BUILD) -o examples/demo/app/bin/$$program/app ./examples/demo/app/$$program; \
	done

.PHONY: images
images: setup ## build the images of Debian packages that the examples stand on (once, 2 minutes)
	@go run ./test/images/make

.PHONY: test
test: setup lint build demo-app ## everything: checks, tests, end-to-end scenarios
	@# Who needs an image waits for it: they are built beside the tests of the rooms.
	go run ./test/images/make & images=$$!; status=0; \
	$(GOTEST) -timeout 15m -p 3 $(PACKAGES) || status=$$?; \
	wait $$images && exit $$status
	$(GOTEST) -timeout 8m -v $(PROOF)
	@mkdir -p bin
	$(GOTEST) -timeout 30m -parallel 5 -v $(E2E) | tee bin/e2e.log
	@awk '/^--- PASS: TestScenario/ { n++ } END { printf "end-to-end scenarios: %d ran, all passed\n", n; exit !n }' bin/e2e.log

.PHONY: lint
lint: ## gofmt, go vet, the import law and house rules
	@unformatted=$$(gofmt -l $$(go list -f '{{.Dir}}' ./...)); \
	if [ -n "$$unformatted" ]; then printf 'not formatted, run gofmt -w on:\n%s\n' "$$unformatted" >&2; exit 1; fi
	go vet ./...
	go test -count=1 ./internal

.PHONY: bench
bench: setup-bench build ## measure the limits, and the short form of what bench-full measures of other proxies (5 minutes)
	status=0; go run ./bench || status=$$?; go run ./bench/peers -short || status=$$?; exit $$status

.PHONY: bench-full
bench-full: setup-bench build images ## measure teal beside other proxies and layouts (18 minutes)
	go run ./bench/peers

.PHONY: setup-bench
setup-bench: ## setup, and what teal is measured beside: haproxy, caddy, wrk, h2load
	@script/setup --bench

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
CYCLONEDX   := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

.PHONY: audit
audit: static race ## vet, staticcheck, race detector, known vulnerabilities (asks the Go vulnerability database)
	CGO_ENABLED=0 go run $(GOVULNCHECK) ./...

.PHONY: static
static: ## go vet and staticcheck
	go vet ./...
	go run $(STATICCHECK) ./...

.PHONY: race
race: ## the rooms' tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -count=1 -timeout 30m ./internal/... ./test/injection

.PHONY: sbom
sbom: ## write bin/teal.cdx.json, what the binary is made of
	@mkdir -p bin
	go run $(CYCLONEDX) app -json -licenses -main cmd/teal -output bin/teal.cdx.json .

.PHONY: cross
cross: ## build for the other systems that a person may drive a host from
	for system in darwin/arm64 windows/amd64; do GOOS=$${system%/*} GOARCH=$${system#*/} $(BUILD) -o bin/cross/$$system/ ./cmd/teal; done

.PHONY: repro
repro: ## build twice from nothing, elsewhere each time, and compare the bytes
	@go run ./test/repro

.PHONY: proof
proof: setup build ## prove that nothing is lost: 1,000 switches, 2,000,000 requests, 100 kills (18 minutes)
	go run ./test/proof

.PHONY: bench-check
bench-check: setup-bench ## fail if a request or a switch costs 25 % more than the committed ratios (1 minute)
	go run ./bench/check

.PHONY: bench-growth
bench-growth: setup-bench build ## measure 1,000 apps, 50 services, 10,000 releases (20 minutes)
	go run ./bench/growth

.PHONY: plots
plots: ## draw the results of the benchmarks as SVG
	go run ./bench/plot

.PHONY: mutants
mutants: setup images ## break teal on purpose, a line at a time, and see a test notice each (40 minutes)
	go run ./test/mutants -parallel 3

.PHONY: clean
clean: ## remove what was built
	rm -rf bin examples/demo/app/bin

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
