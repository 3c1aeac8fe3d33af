# Two commands need nothing else typed: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-fast test-light test-heavy check format lint types contracts lock clean

demo: .venv/ready           ## watch the incident happen and be resolved
	$(BIN)/reputon demo

test: .venv/ready           ## all tests
	$(BIN)/python -m pytest

test-fast: .venv/ready      ## the tests that take seconds
	$(BIN)/python -m pytest -m "not heavy and not server"

test-light: .venv/ready     ## those and the servers, without what takes minutes
	$(BIN)/python -m pytest -m "not heavy"

test-heavy: .venv/ready     ## what takes minutes: crashes, clusters, millions of questions
	$(BIN)/python -m pytest -m heavy

check: lint types contracts test-light

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/ready
	$(BIN)/mypy

contracts: .venv/ready
	$(BIN)/lint-imports

format: .venv/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The lock names no package host, so that every site installs from its own.
lock: .venv/ready
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" --group dev --python-version 3.11 pyproject.toml --output-file requirements.lock

.venv/ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	$(BIN)/python -m compileall -q src
	touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
