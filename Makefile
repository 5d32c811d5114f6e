# make run and make test work on a fresh Debian machine with Python 3.11, make and git.
PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format bench screenshots clean

help:  ## Say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup:  ## Install what is missing: system libraries, .venv, this project in it
	@sh scripts/setup_system.sh
	@sh scripts/setup_venv.sh

run: setup  ## Open napari with a real sample, panel ready; without a display, a screenshot of it
	@$(PYTHON) -m scripts.run_demo

test: setup  ## Everything that must hold: style, contracts, types, tests, Qt bindings, wheel
	@$(PYTHON) -m scripts.run_checks

lint: setup  ## The fast part of the checks
	@$(PYTHON) -m scripts.run_checks lint

format: setup  ## Sort imports and format
	@$(PYTHON) -m ruff check --select I --fix .
	@$(PYTHON) -m ruff format .

bench: setup  ## Run every benchmark and write docs/benchmarks.md
	@$(PYTHON) -m benchmarks --all --write docs/benchmarks.md

screenshots: setup  ## Make the pictures of the README anew
	@$(PYTHON) -m scripts.screenshots
	@$(PYTHON) -m scripts.animation

clean:  ## Remove what was built, but not .venv
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
