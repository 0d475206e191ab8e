# `make up` gives a running testnet, `make test` runs every test. Both set up what they need.
# Wanted of the machine: Python 3.11+, make, a C compiler and the package registries.

UV_VERSION := 0.13.9
TOOLS := .tools
UV := $(TOOLS)/bin/uv
BIN := .venv/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && { echo $$p; break; }; done)
NAME ?=
NAME_FLAG := $(if $(NAME),--name $(NAME))

.PHONY: up down setup status test test-fast lint types contracts check docs clean

up: $(BIN)/.synced
	@$(BIN)/chainyard up $(NAME_FLAG)

down: $(BIN)/.synced
	@$(BIN)/chainyard down $(NAME_FLAG)

status: $(BIN)/.synced
	@$(BIN)/chainyard status $(NAME_FLAG)

setup: $(BIN)/.synced
	@$(BIN)/chainyard clients install

test: setup
	$(BIN)/pytest

test-fast: $(BIN)/.synced
	$(BIN)/pytest -m 'not live'

lint: $(BIN)/.synced
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: $(BIN)/.synced
	$(BIN)/mypy

contracts: $(BIN)/.synced
	$(BIN)/lint-imports --no-cache

check: lint types contracts

docs: $(UV)
	$(UV) run --locked --group docs mkdocs build --strict

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -m venv $(TOOLS) || { echo "python3 cannot make a virtual environment: on Debian and Ubuntu, install python3-venv" >&2; exit 2; }
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(BIN)/.synced: $(UV) pyproject.toml uv.lock
	@UV_PYTHON_DOWNLOADS=never $(UV) sync --quiet --locked --python "$$($(TOOLS)/bin/python -c 'import sys; print(sys.executable)')"
	@touch $@

clean:
	rm -rf .venv .tools site dist .mypy_cache .ruff_cache
