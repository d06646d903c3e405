# Needs Python 3.11 or newer and make; everything else is installed into .venv.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
# Twice as many as there are cores: half of the time a test of whole processes waits for them or for a clock.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) * 2 )))
AT ?= 2028-02-29T04:59:59.5
BENCH_PYTHON ?= $(shell for p in $(PYTHON) python3.13 python3.12 python3.11 /usr/bin/python3; do \
	$$p benchmarks/interpreter.py >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: help sandbox demo test test-at check bench format reference lock advisories clean

help:  ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

sandbox: $(VENV)/.sandbox  ## Run the simulators and the data pump on http://127.0.0.1:8700; ARGS='--port 8701' for more.
	$(BIN)/partnerlab sandbox $(ARGS)

demo: $(VENV)/.sandbox  ## The whole journey, from bill file to posted payment, checked step by step.
	$(BIN)/partnerlab demo

# Compiled modules are kept even where the shell says not to: else each worker, and each process that a test starts,
# compiles them anew.
test: check  ## Lint, types and every test.
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(WORKERS)

# A folder of its own: by a calendar of another year pytest takes the folders of other runs for old, and removes them.
test-at: $(VENV)/.dev  ## Each test begins at AT=2028-02-29T04:59:59.5 (UTC); TESTS=... for some of them, needs cc.
	cc -O2 -shared -fPIC -o $(VENV)/clock.so .ci/clock.c
	folder=$$(mktemp -d) && trap 'rm -rf $$folder' EXIT && AT=$(AT) LD_PRELOAD=$(abspath $(VENV))/clock.so PYTHONPATH=.ci \
		$(BIN)/pytest -p moment -p no:cacheprovider --basetemp=$$folder/pytest -n $(WORKERS) $(TESTS)

check: $(VENV)/.dev  ## Lint, types and dependencies.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python .ci/dependencies.py

format: $(VENV)/.dev  ## Format the code.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# In a Python that was built with optimizations, where there is one: benchmarks/interpreter.py says why.
bench:  ## Measure beside what a user would pick instead; writes docs/benchmarks.md. In BENCH_PYTHON.
	$(MAKE) VENV=.venv-bench PYTHON=$(or $(BENCH_PYTHON),$(PYTHON)) .venv-bench/.dev
	PYTHONDONTWRITEBYTECODE= .venv-bench/bin/python -m benchmarks $(ARGS)

reference: $(VENV)/.dev  ## Write docs/reference from the registries, and the SOAP messages from their declarations.
	$(BIN)/python -m partnerlab.reference
	$(BIN)/python -m partnerlab.generated

lock: $(VENV)/.dev  ## Choose the version of every dependency anew: .ci/lock.txt.
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --quiet --output-file .ci/lock.txt

advisories: $(VENV)/.dev  ## Fetch what is known against them (from OSV): .ci/advisories.json.
	$(BIN)/python .ci/dependencies.py update

clean:  ## Remove what these targets made.
	rm -rf $(VENV) .venv-bench dist build contracts/files/*.so *.egg-info tests/interop/node/node_modules benchmarks/node/node_modules benchmarks/peers/node_modules .bench

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' || { echo "$(PYTHON) has no ensurepip; on Debian: apt install python3-venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# The module that bill files are read by is compiled on the way, where there is a C compiler.
$(VENV)/.sandbox: $(VENV)/bin/python pyproject.toml hatch_build.py $(wildcard contracts/files/_*.[ch])
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[sandbox]'
	@$(BIN)/partnerlab --version
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml hatch_build.py $(wildcard contracts/files/_*.[ch])
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@$(BIN)/partnerlab --version
	@touch $@ $(VENV)/.sandbox
