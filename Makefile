SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
CODECARBON_VERSION := 3.3.2
UV := build/uv/bin/uv
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
SIDE_BY_SIDE := -n auto --maxprocesses 4
CLUSTER := $(PYTHON) -m localcluster
# One thread each, so that slices run side by side and steps of different runs compare.
STUDY := OMP_NUM_THREADS=1 $(PYTHON) -m study
SLICE ?= 1/1
SEED ?= 0
# An existing cluster for `make demo`, instead of the local one: KUBECONTEXT=name REGISTRY=host
KUBECONTEXT ?=
# How long a benchmark that can be resumed goes on
BENCH_MINUTES ?= 240
REGISTRY ?=

export PYTHONPATH := operator:tools

.PHONY: help setup demo test test-unit test-storage test-cluster test-e2e test-gpu bench-governance bench-prediction bench-scores lint \
  generate grid-table cluster-up cluster-down images study study-replay study-scores study-report study-pilot clean

help: ## List what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.ready ## Install Python and its packages into .venv, as uv.lock pins them

$(UV): tools/install-uv
	tools/install-uv $(UV_VERSION) build/uv

.venv/.ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --all-extras --no-progress
	@touch $@

demo: setup ## Play the whole flow as three people on a real cluster
	$(PYTHON) -m demo $(if $(KUBECONTEXT),--context $(KUBECONTEXT)) $(if $(REGISTRY),--registry $(REGISTRY))

test: lint ## Everything that can be proved on this machine
	$(CLUSTER) build --level node
	$(PYTHON) -m objectstore build
	$(PYTHON) -m images build
	$(PYTEST) $(SIDE_BY_SIDE) tests/unit tests/property tests/storage tests/cluster tests/e2e

test-unit: setup ## Rules, formulas, properties: no network, no clock
	$(PYTEST) $(SIDE_BY_SIDE) tests/unit tests/property

test-storage: setup ## Buckets and hubs: a real S3 server, a real TLS server
	$(PYTHON) -m objectstore build
	$(PYTEST) tests/storage

test-cluster: setup ## The API server's side: schemas, admission, controller
	$(CLUSTER) build --level control-plane
	$(PYTEST) tests/cluster

test-e2e: setup ## The whole flow on a real node
	$(CLUSTER) build --level node
	$(PYTHON) -m images build
	$(PYTEST) tests/e2e

bench-governance: setup ## Remove each rule in turn: some test must fail (resumes where it was stopped)
	$(CLUSTER) build --level control-plane
	PYTHONPATH=operator:tools:tests $(PYTHON) -m bench.governance --minutes $(BENCH_MINUTES)

test-gpu: setup ## What needs an NVIDIA GPU
	$(PYTEST) tests/gpu

bench-scores: export PYTHONPATH := operator:tools:tests
bench-scores: setup ## What scores cost and how exact they are, beside their peers; writes build/bench/scores.json
	$(PYTHON) -m bench.scores

bench-prediction: export PYTHONPATH := operator:tools:tests
bench-prediction: setup ## How good predictions of steps are on the study's records; writes build/bench/prediction.json
	OMP_NUM_THREADS=1 $(PYTHON) -m bench.prediction

lint: setup ## ruff, mypy --strict, import arrows, generated files
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PYTHON) -m modelreuse.api --check .

generate: setup ## Rewrite crds/ and docs/reference from the models
	$(PYTHON) -m modelreuse.api .

grid-table: setup ## Rewrite the table of carbon intensities by zone from its published sources
	$(UV) pip install --quiet --no-deps --target build/grid codecarbon==$(CODECARBON_VERSION)
	$(PYTHON) -m grid build/grid/codecarbon

cluster-up: setup ## Start the demo's local cluster (asks for nothing; says what it installs)
	$(CLUSTER) up --name demo --level node --audit

cluster-down: setup ## Stop it; nothing of it stays
	$(CLUSTER) down --name demo

images: setup ## Build the operator's and the worker's image
	$(PYTHON) -m images build

study: setup ## Real retrainings for the predictions' records, as far as they are missing; SLICE=1/2 for a half
	$(STUDY) run --slice $(SLICE)

study-replay: setup ## Run a random 2 % of the study again, SEED=s says which, and compare with the records
	$(STUDY) replay --seed $(SEED)

study-scores: setup ## Compute the scores of all settings that the study has run anew
	$(STUDY) scores

study-report: setup ## What the study lacks, how its development runs ended, and the noise floor of its seeds
	$(STUDY) report

study-pilot: setup ## The study's trial with a seed of its own; no records
	$(STUDY) pilot --slice $(SLICE)

clean: ## Remove what was built in this checkout
	@if [ -x $(PYTHON) ]; then $(CLUSTER) down --all --images; fi
	rm -rf build dist .venv
