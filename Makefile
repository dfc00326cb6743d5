# Two commands: `make run` and `make test`. Both install what they need, once.
PYTHON ?= python3.11
VENV := .venv
PIP := $(VENV)/bin/pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := run
.PHONY: run test install bench clean

run: $(VENV)/.installed ## answer questions; builds the index first if there is none
	@$(VENV)/bin/byline run

test: $(VENV)/.installed-dev ## every check
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/python -m pytest

install: $(VENV)/.installed

bench: $(VENV)/.installed-dev ## measure on real data: make bench DATA=path
	@$(VENV)/bin/python -m benchmarks.retrieval --data $(DATA)

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV)

# torch first and by its pin: left to the others it would come in a build for graphics cards.
$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing (a few minutes the first time) ..." >&2
	@$(PIP) install --constraint constraints.txt torch >&2
	@$(PIP) install --constraint constraints.txt --editable . >&2
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(PIP) install --constraint constraints.txt --requirement requirements-dev.txt >&2
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
