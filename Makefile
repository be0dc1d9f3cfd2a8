# Everything runs from a checkout: the first target that needs it makes .venv from the locks and nothing else.
#
#   make demo      a whole floor on this machine, with the console on it   DEMO="--seed 7 --rate 20/m"
#   make test      lint, types, import contracts and every test           TESTS="tests/casework -k clock"
#   make lint      the same checks without the tests
#   make bench     speed, as ratios measured side by side                  BENCH="--quick"
#   make torture   the long fault runs, at most an hour                    TORTURE=resume,kill,race
#   make feed      one feed node on a log in .run/                         FEED="--listen 127.0.0.1:8700"
#   make screens   the screens under docs/images/, and in every terminal under .run/screens/
#                  (long; fewer of these:)                                 SCREENS="queue card linux truecolor"
#   make clean     caches and build output; make distclean also .venv and .run

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
RUN := .run
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench feed torture screens format clean distclean

help:
	@sed -n 's/^#   //p' Makefile

# -- environment --------------------------------------------------------------------------------------------------

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Watchfloor needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | head -n 1)." \
	       "Name another one: make PYTHON=python3.12 <target>" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu, install python3-venv and try again." >&2; exit 1; }

# What the program needs to run, and no more: `make demo` on a new checkout is quick.
$(VENV)/.runtime: requirements.lock | $(PY)
	@echo "installing the runtime dependencies into $(VENV) ..."
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

# Everything, which includes the runtime at the same versions.
$(VENV)/.dev: requirements-dev.lock requirements.lock | $(PY)
	@echo "installing the development dependencies into $(VENV) ..."
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $(VENV)/.runtime $@

# -- the program --------------------------------------------------------------------------------------------------

demo: $(VENV)/.runtime
	@$(PY) main.py demo $(DEMO)

feed: $(VENV)/.runtime
	@mkdir -p $(RUN)
	@$(PY) main.py feed --log sqlite:$(RUN)/watchfloor.db $(FEED)

# -- the proof ----------------------------------------------------------------------------------------------------

TESTS ?=
test: lint
	@$(PY) -m pytest $(TESTS)

lint: $(VENV)/.dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) tools/file_length.py

format: $(VENV)/.dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: $(VENV)/.dev
	@$(PY) -m bench $(BENCH)

TORTURE ?= all
torture: $(VENV)/.dev
	@$(PY) -m pytest -m torture --torture $(TORTURE)

screens: $(VENV)/.dev
	@$(PY) -m tools.screens docs/images
	@mkdir -p $(RUN)
	@nice -n 5 $(PY) -m tools.terminalscreens $(RUN)/screens $(SCREENS)

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) $(RUN)
