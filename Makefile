# `make demo` and `make test` install what they need, only in this checkout: the environment in .venv,
# everything else in .cache.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
export PYRIGHT_PYTHON_CACHE_DIR := $(CURDIR)/.cache/pyright
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export RUFF_CACHE_DIR := $(CURDIR)/.cache/ruff

.PHONY: help demo docs test format check lint types tests proxies django-matrix bench bench-full bench-guard clean \
	mutation fuzz

help:
	@echo "make demo            install and start the demo"
	@echo "make test            install, check format, lint and types, run the tests with coverage"
	@echo "make check           check format, lint and types"
	@echo "make tests           run the tests with coverage; ARGS are arguments of pytest"
	@echo "make format          format the code"
	@echo "make docs            build the site of the documentation in .cache/site"
	@echo "make proxies         run exported configurations in the proxies, with many origins"
	@echo "make django-matrix   run the tests of the Django adapter with other Django releases"
	@echo "make bench           compare corekit with other CORS libraries"
	@echo "make bench-full      the same with more runs, and write the results into the docs"
	@echo "make bench-guard     count instructions and compare them with the committed ratios"
	@echo "make mutation        run the tests on mutants of the core, list those that survive"
	@echo "make fuzz TIME=60    fuzz the parsers for that many seconds"
	@echo "make clean           remove the environment, caches and builds"

demo: .venv/.demo
	@$(BIN)/python -m corekit_cli demo $(ARGS)

test: check tests django-matrix

check: lint types

format: .venv/.test
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: .venv/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs corekit adapters examples

types: .venv/.test
	$(BIN)/mypy
	$(BIN)/pyright

tests: .venv/.test
	@rm -f .cache/coverage*
	$(BIN)/coverage run -m pytest -n auto --dist loadfile $(ARGS)
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

docs: .venv/.test
	$(BIN)/sphinx-build -q -E -W --keep-going -c docs . .cache/site
	@echo "Open .cache/site/index.html in a browser."

proxies: .venv/.test
	HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest tests/export $(ARGS)

# `tests` has the newest Django that this Python supports; this adds the long-term support release.
django-matrix: .venv/.test
	$(BIN)/nox --session django

bench: .venv/.bench
	@$(BIN)/python -m benchmarks $(ARGS)

bench-full: .venv/.bench
	@$(BIN)/python -m benchmarks --full

bench-guard: .venv/.test
	@$(BIN)/python -m benchmarks.guard $(ARGS)

# Mutants run in copies; the checkout does not change. First mutmut mutates every function of the
# core, then tests/mutation/breaking.py breaks whole rules. ONLY selects mutants of mutmut:
# make mutation ONLY='corekit._engine.*'
JOBS ?= 1
mutation: .venv/.mutation
	@rm -rf .cache/mutation && mkdir -p .cache/mutation
	@cp -R corekit adapters tests docs examples conftest.py pyproject.toml README.md .cache/mutation
	@cd .cache/mutation && HYPOTHESIS_PROFILE=dev $(CURDIR)/$(BIN)/mutmut run --max-children $(JOBS) $(ONLY)
	@cd .cache/mutation && for mutant in $$($(CURDIR)/$(BIN)/mutmut results | \
		sed -n 's/^ *\(.*\): survived$$/\1/p'); do $(CURDIR)/$(BIN)/mutmut show $$mutant; done
	@cd .cache/mutation && $(CURDIR)/$(BIN)/mutmut results --all true | \
		$(CURDIR)/$(BIN)/python tests/mutation/score.py
	$(if $(ONLY),,@HYPOTHESIS_PROFILE=dev $(BIN)/python -m tests.mutation.breaking)

TIME ?= 60
fuzz: .venv/.fuzz
	@$(BIN)/python tests/fuzz/fuzz.py -max_total_time=$(TIME) -dict=tests/fuzz/dictionary

clean:
	rm -rf .venv .cache .hypothesis dist

.venv/.demo: .venv/.made pyproject.toml
	@echo "Installing corekit and the requirements of its demo into .venv ..."
	@$(PIP) install --editable '.[cli]'
	@touch $@

.venv/.test: .venv/.made pyproject.toml
	@echo "Installing corekit and the requirements of its tests into .venv (one or two minutes) ..."
	@$(PIP) install --editable '.[cli]' --group lint --group test
	@touch .venv/.demo $@

.venv/.bench: .venv/.made pyproject.toml
	@echo "Installing corekit and other CORS libraries into .venv (one or two minutes) ..."
	@$(PIP) install --editable '.[cli]' --group bench
	@touch $@

.venv/.mutation: .venv/.test
	@$(PIP) install --group mutation
	@touch $@

.venv/.fuzz: .venv/.test
	@$(PIP) install --group fuzz
	@touch $@

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "corekit requires Python 3.11 or newer. Choose one with 'make PYTHON=python3.12 ...'."; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "Python's venv module is missing. On Debian: apt install python3-venv"; exit 1; }
	@$(PIP) install --upgrade 'pip>=25.1'
	@touch $@
