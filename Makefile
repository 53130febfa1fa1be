# Gearshift from a fresh clone: `make serve`, `make test`. Needs python3 >= 3.11 with its headers and a C compiler.
# Everything is kept in .venv; a stamp file there for each step makes a second run quick.

PYTHON ?= python3
# Tests that measure time have the machine for themselves (tests/conftest.py says which); 5 is pytest's word for "none of these".
# More arguments for `make serve` and `make test`: make serve ARGS="--engine thread", make test ARGS="-k chunked"
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# A module is compiled if it has its C declarations in a .pxd of the same name (setup.py).
DECLARATIONS := $(shell find src -name '*.pxd')
COMPILED := $(filter-out %/__init__.py,$(wildcard $(DECLARATIONS:.pxd=.py)))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve test lint format coverage docs build clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

serve: $(VENV)/installed ## set up, compile, and serve the built-in page on http://127.0.0.1:8088 until Ctrl-C
	@$(BIN)/gearshift serve $(ARGS)

test: $(VENV)/installed $(VENV)/tools ## set up, compile, and run the whole test suite
	@stage() { \
		mark=$$1; shift; code=0; \
		$(BIN)/python -m pytest "$$@" -m "$$mark" $(ARGS) || code=$$?; \
		[ $$code != 5 ] || return 0; \
		[ $$code = 1 ] || return $$code; \
		echo "==== once more, one at a time, what has failed:"; \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none --maxfail 20 -m "$$mark" $(ARGS); \
	}; \
	failed=0; \
	stage "not alone and not apart" --numprocesses 2 --dist loadfile || failed=1; \
	stage apart --numprocesses 2 --dist loadfile || failed=1; \
	stage alone || failed=1; \
	exit $$failed

lint: $(VENV)/installed $(VENV)/tools ## ruff check, ruff format --check, mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/tools ## let ruff sort imports and format every file
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

coverage: $(VENV)/installed $(VENV)/tools ## the test suite again, with line coverage of the plain modules (95 % or more)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --omit "$(shell echo $(COMPILED) | tr ' ' ',')"

docs: $(VENV)/installed $(VENV)/tools ## the documentation site, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

build: $(VENV)/tools ## sdist and wheel, into dist/
	rm -rf dist
	$(BIN)/python -m build

clean: ## remove everything that was built, .venv too
	rm -rf $(VENV) build dist src/*.egg-info
	find src -name '*.so' -delete
	find . -name __pycache__ -prune -exec rm -rf {} +

# ---- the steps behind them --------------------------------------------------------------------------------

define CHECK_PYTHON
import os, shutil, sys
if sys.version_info < (3, 11):
    sys.exit("$(PYTHON) is Python %d.%d; Gearshift needs 3.11 or newer (make PYTHON=python3.13 names another)" % sys.version_info[:2])
import importlib.util, sysconfig
compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
if not shutil.which(compiler.split()[0]):
    sys.exit("no C compiler: %s is not to be found (Debian: apt install gcc; or name another in CC)" % compiler.split()[0])
headers = sysconfig.get_path("include")
if not os.path.exists(os.path.join(headers, "Python.h")):
    sys.exit("no Python headers: %s/Python.h is not there (Debian: apt install python3-dev)" % headers)
if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
    sys.exit("this Python cannot make virtual environments (Debian: apt install python3-venv)")
endef
export CHECK_PYTHON

$(VENV)/made:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not to be found; Gearshift needs Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -c "$$CHECK_PYTHON"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/setuptools: pyproject.toml | $(VENV)/made
	@$(PIP) install 'setuptools>=77' 'cython>=3.1'
	@touch $@

# In place, so that only what changed is compiled again; all of it where setup.py says how anew.
$(VENV)/compiled: setup.py $(COMPILED) $(DECLARATIONS) | $(VENV)/setuptools
	@echo "compiling: the whole takes a minute or two, a change some seconds"
	@$(BIN)/python setup.py --quiet build_ext --inplace $(if $(filter setup.py,$?),--force) \
		>$(VENV)/compiling.log 2>&1 || { cat $(VENV)/compiling.log; exit 1; }
	@touch $@

# pip would compile everything once more, in a folder of its own.
$(VENV)/installed: pyproject.toml | $(VENV)/compiled
	@GEARSHIFT_UNCOMPILED=1 $(PIP) install --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/tools: pyproject.toml | $(VENV)/made
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["dev"], sep="\n")' \
		| $(PIP) install --requirement /dev/stdin
	@touch $@
