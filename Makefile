# Everything a newcomer types. Both `run` and `test` set the machine up first; that takes no time when it is current.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

# Tests that compute or paint run two at a time; those that keep to a clock come after them and have the machine to
# themselves.
SIDE_BY_SIDE := tests/policy tests/recordings tests/app/gui tests/app/collection tests/app/inputs tests/app/autonomy \
	tests/app/speech/whisper

.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## system libraries, virtual environment and packages, where not current
	@$(PYTHON) .ci/set_up.py

run: setup ## the app on the simulated robot; more with ARGS="…", see ARGS=--help
	@$(BIN)/understudy $(ARGS)

test: lint ## lint, then every test, without a screen
	@$(PYTHON) .ci/set_up.py --tests
ifeq ($(ARGS),)
	@$(BIN)/pytest --numprocesses 2 --dist loadfile $(SIDE_BY_SIDE)
	@$(BIN)/pytest $(SIDE_BY_SIDE:%=--ignore=%)
else
	@$(BIN)/pytest $(ARGS)
endif

lint: setup ## style, format, types and the import contract
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: setup ## drive for a minute, recording, and print one line per figure
	@QT_QPA_PLATFORM=offscreen $(BIN)/understudy bench drive --seconds 60 $(ARGS)

clean: ## remove the virtual environment and every cache; never a recording
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
