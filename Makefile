# What each target does stands behind its name: `make help`. A fresh machine needs Go, and for the tests PostgreSQL's
# programs; everything else is fetched as it is pinned in go.mod and web/package-lock.json.

.DEFAULT_GOAL := help
.PHONY: help run test bench generate check fmt web

# The program is released without cgo. So the programs that tests start share all compiled packages with the tests.
export CGO_ENABLED := 0

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start the server with the embedded database; when that is new, run examples/penguins against it
	@go build -o bin/ . ./examples/penguins
	@bin/penguins -once -wait 60s -while $$$$ & exec bin/placard

test: ## Run all tests, on SQLite and on PostgreSQL (PLACARD_TEST_DATABASE_URL uses a given server)
	go test ./models -run "^$$" -fuzz FuzzFacts -fuzztime 5s
	go test ./models -run "^$$" -fuzz FuzzCursor -fuzztime 3s
	go test -count=1 -timeout 20m ./...

bench: ## Measure typical questions on 10,000 versions, on both engines (bench/README.md has more)
	go run ./bench

generate: ## Make graph/exec again from the schema
	rm -f graph/exec/*.go
	go tool gqlgen generate
	perl -0777 -pi -e 's/graphql\.MarshalSliceConcurrently\(/list.Marshal(/g and s{^(\t"github.com/placard/placard/)models"}{$$1graph/list"\n$$1models"}m' \
		graph/exec/*.generated.go

check: ## Check formatting, vet, staticcheck, generated code, go.mod, structure and schema conventions
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run make fmt"; exit 1; }
	@echo "passed: the Go code is formatted"
	@go vet ./...
	@echo "passed: go vet finds nothing"
	@go tool -modfile=tools/go.mod staticcheck ./...
	@echo "passed: staticcheck finds nothing"
	@go mod tidy -diff
	@echo "passed: go.mod and go.sum are tidy"
	@go test -count=1 -run 'Conventions|Structure' .
	@echo "passed: packages, sizes, names and documents follow the conventions"
	@cp -r graph/exec graph/.exec-before; $(MAKE) --silent generate; \
		diff -r graph/.exec-before graph/exec > /dev/null; same=$$?; rm -rf graph/.exec-before; \
		test $$same = 0 || { echo "graph/exec was not in step with the schema: commit what make generate made"; exit 1; }
	@echo "passed: graph/exec fits the schema"

fmt: ## Format the Go code
	gofmt -w $$(git ls-files '*.go')

web: ## Build the pages in web/dist again (needs Node)
	cd web && npm ci --no-audit --no-fund && npm run build
