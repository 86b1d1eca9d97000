# Each target sets up what it needs; nothing has to be installed by hand but
# Go, Node with npm, Python with venv and make.

# node_modules/.bin first: it holds the CDK CLI and the pinned Node.
export Q
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help setup demo demo-podpac local serve diff test test-race lint lint-prose golden clean

help:
	@echo "make demo              deploy to local AWS and ask a question (Q=\"…\" asks another, KEEP=1 leaves it up)"
	@echo "make demo-podpac       pack podpac from PyPI (200 MB), deploy it to local AWS and draw a map"
	@echo "make local             keep a local AWS up, for cdk deploy against it"
	@echo "make serve             answer at http://127.0.0.1:8080/, without AWS (LISTEN=… elsewhere)"
	@echo "make diff              cdk diff without the secrets (ARGS=\"-c app_name=…\" are its arguments)"
	@echo "make test              run every test"
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

# npm run diff -- … is the same, with the CLI's exit code: make has one of its own.
diff: node_modules/.package-lock.json
	@go build -o .build/defog ./cmd/defog
	@.build/defog diff $(ARGS)

# The templates are validated by cdk synth, not in every unit test: see
# DESIGN.md, "What synth costs".
test: setup .build/mariadb/installed
	CDK_VALIDATION=false go test -timeout 1h ./...

# Without the packages that load the CDK: it has one kernel and no goroutines.
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

lint-prose:
	@go run ./internal/tools/prose -vale "$(VALE)" $(FILES)

golden:
	CDK_VALIDATION=false go test ./config ./stacks -update

clean:
	rm -rf node_modules .venv .build cdk.out
