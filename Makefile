# make run, make test: set up a virtual environment and go. They need Python (3.11 or newer), pip and a package index.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test test-backends check lint lock clean

run: $(VENV)/ready
	$(BIN)/reproduce run

# Compiled programs are never freed, so that one process for all tests would need 10 GiB.
test: $(VENV)/ready
	$(BIN)/python -m pytest tests/layers -n 2
	$(BIN)/python -m pytest tests/reproductions -m metrics -n 2
	$(BIN)/python -m pytest tests/recipes tests/benchmarks -m "not metrics" -n 2 --dist loadfile
	$(BIN)/python -m pytest tests/reproductions -m "not metrics" -n 2 --dist loadfile

# The layers' tests on Keras's other two backends; where PyTorch is installed, `make test` compares with it too.
test-backends: $(VENV)/backends
	KERAS_BACKEND=torch $(BIN)/python -m pytest tests/layers -n 2
	KERAS_BACKEND=jax $(BIN)/python -m pytest tests/layers -n 2

check: $(VENV)/ready
	$(BIN)/reproduce check

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/backends: $(VENV)/ready requirements-backends.lock
	$(BIN)/python -m pip install --quiet --requirement requirements-backends.lock
	touch $@

# Exact versions of everything, from pyproject.toml.
lock: $(VENV)/ready
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --allow-unsafe --strip-extras --extra dev --no-emit-index-url --no-emit-find-links --no-header \
		--output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
