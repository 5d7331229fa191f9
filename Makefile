# Everything happens in .venv, which the first `make run` or `make test` makes and later ones leave alone.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet --no-input
PYTHONS := $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3.11 python3 python)
USABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
# Compiled modules are kept: tests start the service many times.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal
UV ?= uv
COMPILE := $(UV) --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: help
help: ## Show this text
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)$$/  make \1|\2/p' Makefile | awk -F '|' '{printf "%-18s%s\n", $$1, $$2}'

.PHONY: run
run: $(VENV)/.run ## Start the service on 127.0.0.1:8000, in the sandbox unless RIVO_API_KEY or CONFIG is set
	@sandbox=--sandbox; \
	if [ -n "$${RIVO_API_KEY+set}$${RIVO_API_KEY_FILE+set}$${CONFIG+set}" ]; then sandbox=; fi; \
	exec $(BIN)/rivo-helpdesk serve $$sandbox $(ARGS)

.PHONY: test
test: $(VENV)/.test ## Run every test that this machine can run; one of them: .venv/bin/pytest tests/test_locks.py
	$(PYTEST) $(ARGS)

.PHONY: check
check: $(VENV)/.test ## Check format, lint, types, layers and the Dockerfile
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/hadolint Dockerfile

.PHONY: check-lock
check-lock: $(VENV)/.test ## Resolve the locks, wheels only, for every Python and platform that is supported
	$(BIN)/python .ci/check_lock.py

.PHONY: bench
bench: $(VENV)/.test ## Measure the service against a bare application (wants wrk); what writing once costs, how long webhooks wait: make bench ARGS=once, ARGS=webhooks; two shops, one hung: ARGS=hung
	$(BIN)/python -m tests.bench $(ARGS)

# What is tried more often before a change is taken than in the suite.
COUNTED := tests/simulation tests/processes tests/tenants tests/replay tests/test_schemathesis.py tests/test_malformed.py \
	tests/delivery/test_outbox_rounds.py tests/delivery/test_outbox_killed.py \
	tests/alternatives/test_bodies.py tests/alternatives/test_combinations.py
OFTEN := tests/test_upstream.py tests/test_budget.py tests/test_kinds.py tests/app/test_gorgias_faults.py tests/app/test_spoiled_answers.py \
	tests/serving/test_malformed_sockets.py tests/app/test_paths.py tests/app/test_canaries.py tests/operations/test_audit.py tests/operations/test_reserving.py tests/delivery/test_announced.py

.PHONY: figures
figures: $(VENV)/.test ## Try what is counted as often as before a change is taken
	COMMIT_FIGURES=1 $(PYTEST) $(COUNTED) $(OFTEN) $(ARGS)

.PHONY: coverage
coverage: $(VENV)/.test ## Run the rest with coverage
	$(PYTEST) --cov --cov-report term $(addprefix --ignore=,$(COUNTED)) $(ARGS)

.PHONY: soak
soak: $(VENV)/.test ## Try one figure on for MINUTES (30) more: make soak NAME=schedules [SEED=1] [WORKERS=2]
	$(BIN)/python -m tests.soak $(NAME) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(WORKERS),--workers $(WORKERS))

.PHONY: mutation
mutation: $(VENV)/.test ## Change the code in small ways and count what its tests notice (wants mutmut): make mutation MUTMUT=...
	$(BIN)/python -m tests.mutation $(if $(MUTMUT),--mutmut $(MUTMUT)) $(ARGS)

.PHONY: lock
lock: ## Write the lock files anew from pyproject.toml (wants uv); newest versions: make lock ARGS=--upgrade
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: install it or name it with UV=." >&2; exit 1; }
	$(COMPILE) $(ARGS) pyproject.toml --group dev --output-file requirements-dev.txt
	$(COMPILE) pyproject.toml --constraint requirements-dev.txt --output-file requirements.txt
	$(COMPILE) --group build --constraint requirements-dev.txt --output-file requirements-build.txt

# An environment is made again where its interpreter is gone or an installation was cut short: no half-written
# package survives. FORCE has no file and no recipe, so what depends on it is always remade.
SOUND := $(and $(wildcard $(BIN)/python),$(if $(wildcard $(VENV)/.installing),,yes))
.PHONY: FORCE
FORCE:

$(VENV)/.made: $(if $(SOUND),,FORCE)
	@for python in $(PYTHONS); do \
		if "$$python" -c '$(USABLE)' >/dev/null 2>&1 \
			&& "$$python" -m venv --clear $(VENV) >/dev/null 2>&1; then \
			echo "Made $(VENV) with $$($(BIN)/python --version)."; \
			touch $@; \
			exit 0; \
		fi; \
	done; \
	echo "rivo-helpdesk needs Python 3.11 to 3.14 with its venv module and found none: install one" \
		"(Debian and Ubuntu: python3-venv) or name one, as in make run PYTHON=/path/to/python3." >&2; \
	exit 1

$(VENV)/.run: $(VENV)/.made pyproject.toml requirements.txt requirements-build.txt
	@echo "Installing what the service needs."
	@touch $(VENV)/.installing
	@$(PIP) install --require-hashes -r requirements.txt -r requirements-build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@rm $(VENV)/.installing
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-dev.txt
	@echo "Installing what tests, checks and measurements need."
	@touch $(VENV)/.installing
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@rm $(VENV)/.installing
	@touch $@
