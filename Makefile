# The two commands of the README are `make demo` and `make test`; both set up what they need.
VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || echo python3)
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo test check models bench soak system clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(VENV)/.run: requirements.txt pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(PY) -m pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: $(VENV)/.run  ## broker, simulated motors with faults, detector and dashboard
	$(PY) -m simulator demo $(ARGS)

test: $(VENV)/.dev system  ## every test, with a real mosquitto and a real Chromium
	$(PY) -m pytest $(ARGS)

check: $(VENV)/.dev  ## ruff and mypy
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

models: $(VENV)/.run  ## rebuild the shipped bundles from simulated sessions
	PYTHON=$(PY) sh models/build.sh

bench: $(VENV)/.dev system  ## the long measurements
	$(PY) -m benchmarks.speed.pipeline
	$(PY) -m benchmarks.speed.ingest
	$(PY) -m benchmarks.speed.simulator_speed
	$(PY) -m benchmarks.speed.first_content

soak: $(VENV)/.dev  ## the long forms of tests
	$(PY) -m benchmarks.soak.fuzz

system:
	@sh .ci/system-packages mosquitto chromium

clean:  ## remove the virtual environment and local stores
	rm -rf $(VENV) *.egg-info .mypy_cache .ruff_cache .pytest_cache
