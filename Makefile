# Needs make and Python 3.11 or newer; `make PYTHON=python3.12` chooses which.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help venv test check lint types lit pytest nightly docs run clean bench \
	host-bench gpu-test gpu-bench

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))

venv: $(INSTALLED) ## make the environment, anew when pyproject.toml changes

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
		"make venv: needs Python 3.11 or newer, found " + sys.version.split()[0] \
		+ "; say make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[dev]'
	@touch $@

test: $(INSTALLED) ## run lint, types, lit and pytest; stop at what fails first
	@for step in lint types lit pytest; do \
		echo "make test: $$step"; \
		$(MAKE) --no-print-directory $$step || \
			{ echo "make test: $$step failed" >&2; exit 1; }; \
	done
	@echo "make test: all passed"

check: test ## the same as test

lint: $(INSTALLED) ## check style and format with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## check types with basedpyright
	$(BIN)/basedpyright --pythonpath $(BIN)/python

lit: $(INSTALLED) ## check the IR after each pass
	$(BIN)/lit -v -j2 test/filecheck

pytest: $(INSTALLED) ## run the tests in Python
	$(BIN)/pytest -n 2 --durations=15

nightly: $(INSTALLED) ## run the tests in Python, the long ones too, on more networks
	$(BIN)/pytest -n 2 -m "" --hypothesis-profile=nightly

gpu-test: $(INSTALLED) ## run the tests that want a GPU; say why where there is none
	$(BIN)/pytest -n 0 -m gpu -rs

gpu-bench: $(INSTALLED) ## measure kernels on a GPU, beside torch where it is found
	$(BIN)/python tools/bench/gpu.py

docs: $(INSTALLED) ## write the pages that are made from the code
	$(BIN)/python tools/catalog/page.py
	$(BIN)/python tools/bench/performance.py

run: $(INSTALLED) ## show the whole walk on one network
	$(BIN)/python tools/demo.py

bench: $(INSTALLED) ## measure compile time, kernels to PTX, and what host-bench does
	$(BIN)/python tools/bench/compile_time.py
	$(BIN)/python tools/bench/kernel_build.py
	$(BIN)/python tools/bench/host.py

host-bench: $(INSTALLED) ## measure networks and patterns on the CPU, beside others
	$(BIN)/python tools/bench/host.py

clean: ## remove what tests and builds leave; the environment stays
	rm -rf build dist fusemlir.egg-info .hypothesis .pytest_cache .ruff_cache
	find fusemlir test tools -name __pycache__ -prune -exec rm -rf {} +
	find test/filecheck -name Output -prune -exec rm -rf {} +
	find test/filecheck -name .lit_test_times.txt -delete
