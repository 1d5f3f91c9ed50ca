# The two commands: `make run` (a working line) and `make test` (set up and pass the tests).
SHELL := /bin/bash
BIN := .venv/bin

N ?= 10

.PHONY: run test quick check e2e soak coverage bench setup setup-test clean

run: setup
	@exec $(BIN)/onenumber run

setup:
	@sh docker/install/all.sh run

setup-test:
	@sh docker/install/all.sh test

test: setup-test
	@$(BIN)/python -m tests.e2e.voice_cache & exec $(BIN)/python -m pytest @tests/options.txt --durations=25

# What needs neither a database, nor a program of its own, nor Asterisk, nor a browser.
quick: setup-test
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not speech' tests/unit tests/flows

check: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

e2e: setup-test
	@$(BIN)/python -m pytest tests/e2e

# The suites on real parts N times, two at once; lists whatever failed even once.
soak: setup-test
	@$(BIN)/python -m tests.soak --runs $(N)

coverage: setup-test
	@$(BIN)/python -m pytest tests/unit tests/flows tests/contract tests/processes --cov --cov-report=term:skip-covered

bench: setup-test
	@$(BIN)/python -m tests.bench

clean:
	@sh docker/install/clean.sh
