# Everything the project does, by name. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?=
export FLASK_APP := wsgi.py

.DEFAULT_GOAL := help
.PHONY: help install run demo check test bench prove format clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ —/'

$(VENV)/.installed: requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the environment (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m reports.font_cutting instance/fonts
	@touch $@

$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
	@echo "installing what the tests need (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

install: $(VENV)/.installed ## the environment alone

demo: install ## build the demonstration without serving; DATA=DIR takes real files
	@$(BIN)/flask db upgrade
	@$(BIN)/flask demo build $(if $(DATA),--data $(DATA),)

run: install ## build what is not there yet, then serve on 127.0.0.1:8000 (PORT= another)
	@$(BIN)/python -m api.serving $(if $(DATA),--data $(DATA),)

check: $(VENV)/.installed-test ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: $(VENV)/.installed-test ## the test suite on SQLite and on PostgreSQL
	@$(BIN)/python -m pytest -n 2 --dist loadfile
	@$(BIN)/python -m pytest -n 2 --dist loadfile --database postgresql tests/credit tests/models tests/scoring tests/api

format: $(VENV)/.installed-test ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-test ## the benchmarks beside their peers; never a test
	@$(BIN)/python -m tests.bench

prove: $(VENV)/.installed-test ## the full figures in resumable parts; results under tests/proofs
	@$(BIN)/python -m tests.proofs

clean: ## remove the environment and the caches, never the instance
	@rm -rf $(VENV) .bench .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
