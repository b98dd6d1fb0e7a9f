# The two commands of the README are `make demo` and `make test`; both set up what they need.
# PYTHON and TORCH_INDEX, when given, reach .ci/set-up through the environment.
VENV ?= .venv
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help venv venv-dev demo test check models bench soak system clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

venv:
	@sh .ci/set-up $(VENV) requirements.txt

venv-dev: venv
	@sh .ci/set-up $(VENV) requirements-dev.txt

demo: venv  ## broker, simulated motors with faults, detector and dashboard
	$(PY) -m simulator demo $(ARGS)

test: venv-dev system  ## every test, with a real mosquitto and a real Chromium
	$(PY) -m pytest $(ARGS)

check: venv-dev  ## ruff and mypy
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

models: venv-dev  ## rebuild the shipped bundles from simulated sessions
	PYTHON=$(PY) sh models/build.sh

bench: venv-dev system  ## what all of it costs, written to docs/benchmarks.md
	$(PY) -m benchmarks.report $(ARGS)

soak: venv-dev system  ## the long forms of tests
	$(PY) -m benchmarks.soak.fuzz
	$(PY) -m benchmarks.soak.survive
	$(PY) -m benchmarks.soak.overload
	$(PY) -m benchmarks.soak.provisional
	$(PY) -m benchmarks.soak.adopt
	$(PY) -m benchmarks.soak.store_kills
	$(PY) -m benchmarks.soak.worker_kills
	$(PY) -m benchmarks.soak.cluster.ray_kills
	$(PY) -m benchmarks.soak.size_limit
	$(PY) -m benchmarks.dashboard.soak --minutes 480

system:
	@sh .ci/system-packages mosquitto chromium openssl --optional postgresql chromium-headless-shell

clean:  ## remove the virtual environment and local stores
	rm -rf $(VENV) *.egg-info .mypy_cache .ruff_cache .pytest_cache
