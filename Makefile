.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: help
help: ## Show what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/installed: pyproject.toml requirements/dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: install
install: $(VENV)/installed ## Make .venv with the project and its tools, from the lock files

.PHONY: demo
demo: install ## Run the example shop on SQLite, API on http://127.0.0.1:8080 (Ctrl-C ends it)
	cd examples/shop && $(CURDIR)/$(BIN)/jvscheduler dev shop.tasks --port 8080

.PHONY: test
test: check security unit without-linux cluster-parts ## Everything: lint, types, security, unit, integration, e2e on kind
	$(BIN)/python -m tests.tiers integration e2e

.PHONY: check
check: install ## Lint, formatting, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin -p jvscheduler -p jvscheduler_server
	$(BIN)/lint-imports

.PHONY: security
security: install ## bandit on the code, pip-audit on what the images install, checkov on the chart
	test -x .venv-security/bin/python || $(PYTHON) -m venv .venv-security
	$(BIN)/uv pip install --quiet --require-hashes --python .venv-security/bin/python -r requirements/security.txt
	.venv-security/bin/python -m tests.security

.PHONY: unit
unit: install ## Tests that need no server
	$(BIN)/python -m tests.tiers unit

.PHONY: without-linux
without-linux: install ## Tests of processes, with what only Linux has hidden: the code for macOS
	$(BIN)/python -m tests.without_linux

.PHONY: integration
integration: install cluster-parts ## Tests against a real API server and real databases
	$(BIN)/python -m tests.tiers integration

.PHONY: e2e
e2e: install cluster-parts ## Tests on a kind cluster with real containers
	$(BIN)/python -m tests.tiers e2e

.PHONY: cluster-parts
cluster-parts: install ## Compile and fetch what the tests run, once, into a cache
	$(BIN)/python -m tests.cluster build > /dev/null

.PHONY: bench
bench: install ## Measure, each against its named baseline; needs redis-server
	$(BIN)/pip install --quiet --require-hashes -r requirements/bench.txt
	$(BIN)/python -m benchmarks

.PHONY: cluster
cluster: install ## Start a kind cluster, leave it running, print how to reach it
	@$(BIN)/python -m tests.cluster up
	@echo 'export PATH="$(CURDIR)/$(BIN):$$PATH"'

.PHONY: cluster-down
cluster-down: install ## Take that cluster down and leave nothing behind
	@$(BIN)/python -m tests.cluster down

.PHONY: generate
generate: install ## Write the CRD and the schema of the project's file from the Python models
	$(BIN)/python -m jvscheduler.manifests
	$(BIN)/python -m jvscheduler.configuration

.PHONY: format
format: install ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: install ## Write requirements/*.txt, pinned with hashes, from pyproject.toml
	sh requirements/lock.sh $(BIN)/uv
