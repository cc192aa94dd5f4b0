# Everything a newcomer types. Both `run` and `test` set the machine up first; that takes no time when it is current.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

# Tests that compute or paint run two at a time; those that keep to a clock or open a whole session come after them and
# have the machine to themselves.
SIDE_BY_SIDE := tests/policy tests/recordings tests/test_set_up.py tests/test_packages.py tests/app/autonomy \
	tests/app/bench tests/app/cli tests/app/collection tests/app/demonstrations tests/app/evaluation tests/app/gui \
	tests/app/hands tests/app/inputs tests/app/kitchen_trials tests/app/robot tests/app/speech \
	tests/drivers/calibration tests/drivers/profile tests/drivers/test_kinematics.py tests/drivers/test_safety.py \
	$(addprefix tests/drivers/sim/test_, operator.py render.py scenes.py sight.py subtasks.py) \
	$(wildcard tests/drivers/sim/test_world*.py)
ONE_BY_ONE := tests/app/bench/test_cockpit.py tests/app/bench/test_measuring.py tests/app/cli/test_record.py \
	tests/app/evaluation/test_killed.py tests/app/evaluation/test_live.py tests/app/robot/test_loop.py \
	tests/app/speech/test_reading_desk.py
BESIDE = $(filter-out $(ONE_BY_ONE),$(shell find $(SIDE_BY_SIDE) -name 'test_*.py'))

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
	@$(BIN)/pytest --numprocesses 2 --dist loadfile $(BESIDE)
	@$(BIN)/pytest $(BESIDE:%=--ignore=%)
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
