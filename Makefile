.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin

.PHONY: help
help: ## Show this text
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -e 's/:.*## /	/' | expand -t 12

$(VENV)/.installed-dev: pyproject.toml requirements-dev.txt
	python3.11 -m venv $(VENV)
	$(BIN)/python -m pip install --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --no-deps --no-build-isolation -e .
	touch $@
