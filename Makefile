# `make help` lists the targets. A fresh machine needs Go, and the tests need PostgreSQL's programs. Everything else is
# downloaded in the versions of go.mod and web/package-lock.json.

.DEFAULT_GOAL := help
.PHONY: help run test python bench bench-compare bench-peers generate check fmt web

# Releases are built without cgo. With the same setting here, programs that tests start share compiled packages with them.
export CGO_ENABLED := 0

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start the server with the embedded database, and run examples/penguins if the database is new
	@test -x bin/placard || echo "building (about two minutes the first time)"
	@go build -o bin/ . ./examples/penguins
	@# After a second, a server that cannot start has ended.
	@(sleep 1; kill -0 $$$$ 2> /dev/null && exec bin/penguins -once) & exec bin/placard

test: ## Run each test that this machine can run, on SQLite and on PostgreSQL
	go test ./models -run "^$$" -fuzz FuzzFacts -fuzztime 20000x
	go test ./models -run "^$$" -fuzz FuzzCursor -fuzztime 20000x
	@mkdir -p bin
	@go tool -modfile=tools/go.mod gotestsum --format-icons text --jsonfile bin/test.json -- \
		-count=1 -timeout 20m -tags integration ./...; status=$$?; \
		needs=$$(sed -n 's/.*this test needs \([^"\]*\).*/\1/p' bin/test.json | sort -u | paste -s -d ,); \
		test -z "$$needs" || echo "left to CI, because this machine lacks: $$needs"; exit $$status
	@# .ci/run has a section of its own for the Python package.
	@test -n "$$PLACARD_TEST_COMPLETE" || ! command -v python3 > /dev/null || $(MAKE) --silent python

python: ## Check and test the Python package (needs Python 3.11 or later with venv)
	clients/python/check

bench: ## Compare the server with the database alone, on both engines, for minutes (bench/README.md has more)
	go run ./bench $(ARGS)

bench-compare: ## Compare this tree with the commit REF in turns: make bench-compare REF=main
	go run ./bench compare $(ARGS) $(REF)

bench-peers: ## Compare the server with other programs, which are installed in a folder of temporary files
	go run ./bench peers $(ARGS)

generate: ## Generate graph/exec and clients/typescript from the schema
	go run ./internal/gen

check: ## Check formatting, vet, staticcheck, go.mod, structure, schema conventions and generated code
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run make fmt"; exit 1; }
	@echo "passed: formatting"
	@go vet -tags integration ./...
	@echo "passed: go vet"
	@go tool -modfile=tools/go.mod staticcheck -tags integration ./...
	@echo "passed: staticcheck"
	@go mod tidy -diff
	@echo "passed: go.mod and go.sum"
	@go test -count=1 -run 'Conventions|Structure' .
	@echo "passed: structure, sizes, schema conventions and documents"
	@rm -rf .generated; mkdir .generated; cp -r graph/exec clients/typescript .generated; $(MAKE) --silent generate; \
		diff -r .generated/exec graph/exec > /dev/null && diff -r .generated/typescript clients/typescript > /dev/null; \
		same=$$?; rm -rf .generated; \
		test $$same = 0 || { echo "generated code differs from the schema: commit the result of make generate"; exit 1; }
	@echo "passed: generated code"
	@echo "all checks passed"

fmt: ## Format the Go code
	gofmt -w $$(git ls-files '*.go')

web: ## Build the pages in web/dist (needs Node)
	cd web && npm ci --no-audit --no-fund && npm run build
