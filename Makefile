# Everything is installed and kept inside the checkout: .venv, .cache.
# Mirrors: PIP_* and UV_* settings of the environment are respected.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# With it set, every Ray worker compiles its imports again.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The machine's own certificates, where it has them: plants often sit behind a TLS proxy.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1
endif
# uv may not fetch a Python of its own.
export UV_PYTHON_DOWNLOADS := never

BIN := .venv/bin
UV := $(BIN)/uv
COMPILE := $(UV) pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" $(LOCKFLAGS)
SYNC := $(UV) pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python
PYTEST := $(BIN)/python -m pytest

.PHONY: help venv dev demo test unit rules check format lint types imports lock protos clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.created: requirements-uv.lock tools/create-venv.sh
	@tools/create-venv.sh
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.lock
	@touch $@

# An environment is synchronised with one lock or the other; the development lock holds the runtime's.
define install
	@echo "installing $< into .venv"
	@$(SYNC) $< requirements-uv.lock
	@$(UV) pip install --quiet --no-deps --python $(BIN)/python -C editable_mode=compat -e .
endef

.venv/.runtime: requirements.lock pyproject.toml .venv/.created
	$(install)
	@rm -f .venv/.dev
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml .venv/.created
	$(install)
	@touch .venv/.runtime $@

venv: .venv/.runtime ## create .venv with what runs the twin

dev: .venv/.dev ## create .venv with what develops and tests it, too

demo: venv ## run the demonstration plant: make demo ARGS="--help"
	@$(BIN)/gigatwin demo $(ARGS)

unit: dev ## unit tests only: seconds
	@$(PYTEST) tests/unit -n 2 --dist loadfile $(ARGS)

test: dev ## unit tests, then all the others against real servers
	@tools/system-packages.sh
	@$(PYTEST) tests/unit -n 2 --dist loadfile $(ARGS)
	@$(PYTEST) tests --ignore=tests/unit $(ARGS)

rules: dev ## format, lint, types and import rules: what needs no test
	@$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory lint types imports

check: dev ## what CI runs: the rules, then the tests
	@$(MAKE) --no-print-directory rules test

format: dev ## write the code as ruff formats it
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: dev ## ruff's rules
	@$(BIN)/ruff check .

types: dev ## mypy, strict
	@$(BIN)/mypy

imports: dev ## import rules: which folder may use which
	@$(BIN)/lint-imports --cache-dir .cache/import_linter

# LOCKFLAGS=--upgrade takes the newest versions that pyproject.toml allows.
lock: .venv/.created ## write the locks anew: make lock LOCKFLAGS=--upgrade
	@echo "uv==0.13.9" | $(COMPILE) - -o requirements-uv.lock
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) pyproject.toml --extra dev --constraint requirements.lock -o requirements-dev.lock

protos: dev ## generate the gRPC code from the .proto files
	@$(BIN)/python tools/generate_protos.py

clean: ## remove what make made
	rm -rf .venv .cache build dist *.egg-info .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
