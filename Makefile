# Autovelox. `make help` lists every target.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STATE ?= var/demo
DATA ?= ../shared/data

include systemd/unit.mk

.PHONY: help
help: ## list every target with one line each
	@awk -F':.*## ' '/^[a-zA-Z0-9_-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sort

$(VENV)/.installed: setup.cfg pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

.PHONY: install
install: $(if $(SYSTEM_INSTALL),,$(VENV)/.installed) ## make .venv in the checkout; SYSTEM=1 installs the unit on this board

.PHONY: demo
demo: install ## set up, then play eight infringements and print who drove (VIEW=1 opens the viewer at the end)
	@$(BIN)/autovelox demo --state-dir $(STATE) $(if $(VIEW),--view)

.PHONY: test
test: install ## set up, then run all tests
	@$(BIN)/pytest

.PHONY: lint
lint: install ## ruff (format and check), mypy --strict, the import rules
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/pytest -q tests/unit/test_imports.py

.PHONY: clean
clean: ## remove the environments, caches and demo state
	@rm -rf .venv .venv-* var build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
