# Each target sets up what it needs. You install Go, Node with npm, Python with
# venv, make and a C compiler.

# The CDK CLI and the pinned Node are in node_modules/.bin, which comes first.
export Q
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: fuzz help setup demo demo-podpac local serve diff test test-unit test-e2e test-race lint lint-prose golden clean

help:
	@echo "make demo              deploy to local AWS and ask a question (Q=\"…\" for another one, KEEP=1 to keep it running)"
	@echo "make demo-podpac       pack podpac from PyPI (200 MB), deploy it to local AWS and draw a map"
	@echo "make local             start local AWS and keep it running, for cdk deploy"
	@echo "make serve             answer at http://127.0.0.1:8080/, without AWS (LISTEN=… for another address)"
	@echo "make diff              cdk diff without the secrets (ARGS=\"-c app_name=…\" for its arguments)"
	@echo "make test              run every test"
	@echo "make test-unit         run the tests without servers and the CDK CLI"
	@echo "make test-e2e          run the end-to-end tests (RUN=TestDeploy/rollback for one step)"
	@echo "make lint              run the linters"
	@echo "make lint-prose        check spelling, glossary and sentences (FILES=\"lambda docs/api.md\" for a part)"
	@echo "make golden            rewrite the golden templates, docs/settings.md and the JSON Schema"

setup: node_modules/.package-lock.json .venv/installed

node_modules/.package-lock.json: package.json package-lock.json
	@echo "Installing the CDK CLI, Node and PostgreSQL (npm ci)"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.venv/installed: local/requirements.txt
	@echo "Installing MiniStack, the local AWS, in .venv"
	@python3 -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.build/mariadb/installed: internal/testserver/mariadb/install.sh
	@echo "Fetching MariaDB's server, for the tests, into .build"
	@sh internal/testserver/mariadb/install.sh $(CURDIR)/.build/mariadb
	@mkdir -p $(@D) && touch $@

demo: setup
	@echo "Compiling the demo (a first run downloads modules, too)"
	@go run ./local/demo $(if $(KEEP),-keep) $(if $(Q),-question "$$Q")

demo-podpac: setup
	@echo "Compiling the demo (a first run downloads modules, too)"
	@go run ./local/demo/podpac

local: setup
	@go run ./local/up

serve:
	@go run ./lambda/query -listen $(or $(LISTEN),127.0.0.1:8080)

# npm run diff -- … does the same and returns the exit code of the CLI.
diff: node_modules/.package-lock.json
	@go build -o .build/defog ./cmd/defog
	@.build/defog diff $(ARGS)

# cdk synth validates the templates; in every test, validation would take minutes.
test test-unit test-e2e golden: export CDK_VALIDATION = false

# The end-to-end tests take longest and start first.
test: setup .build/mariadb/installed
	@go run ./internal/tools/testreport -timeout 1h ./test ./local ./...
	@$(MAKE) --no-print-directory fuzz

# Compares the SQL guard with the parsers of PostgreSQL and MySQL.
FUZZTIME ?= 15s
fuzz:
	@for target in FuzzPostgresParserAgrees FuzzMySQLParserAgrees; do \
	 go test ./lambda/database/guard -run '^$$' -fuzz $$target'$$' -fuzztime $(FUZZTIME) || exit 1; done

# The tests of stacks need the pinned Node, not the CDK CLI.
test-unit: setup
	@go run ./internal/tools/testreport -short -timeout 10m ./...

test-e2e: setup
	@go run ./internal/tools/testreport -count=1 -timeout 1h $(if $(RUN),-run '$(RUN)') ./test ./local

# Without the packages that load the CDK, which has one kernel and no goroutines.
test-race: setup .build/mariadb/installed
	go test -race -timeout 1h ./cmd/... ./config/... ./lambda/...

# The linters are built from source on first use, which takes a minute or two.
# Vale contains C code and needs a C compiler.
GOLANGCI_LINT := go tool -modfile=.ci/tools/golangci-lint/go.mod golangci-lint
VALE := go tool -modfile=.ci/tools/vale/go.mod vale

lint: setup
	@unformatted=$$(find . -name '*.go' -not -path './.*' -not -path './node_modules/*' -not -path './cdk.out/*' | xargs gofmt -l); \
	 if [ -n "$$unformatted" ]; then echo "gofmt -w $$unformatted"; exit 1; fi
	go vet ./...
	go mod tidy -diff
	$(GOLANGCI_LINT) run
	@go run ./internal/tools/prose -vale "$(VALE)"

lint-prose:
	@go run ./internal/tools/prose -vale "$(VALE)" $(FILES)

golden:
	go test ./config ./stacks/query ./stacks/custom -update

clean:
	rm -rf node_modules .venv .build cdk.out
