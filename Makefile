# One-word commands. Everything runs in .venv, which `make` sets up when pyproject.toml or constraints.txt changed.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready

.PHONY: demo test lint fix bench chaos fuzz frameworks launchers snap clean

demo: $(SETUP)            ## the main job: train, overfit, save, prove, stop, report
	$(BIN)/python examples/overfit_lm/demo.py

test: $(SETUP) lint       ## every check
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(SETUP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/trainwatch formats test
	$(BIN)/trainwatch rules test

fix: $(SETUP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(SETUP)           ## ratios against the named peers; minutes
	$(BIN)/python benchmarks/run.py

chaos: $(SETUP)           ## 210 stops with faults at random moments; six minutes at most
	$(BIN)/python -m tests.chaos

fuzz: $(SETUP)            ## mutated logs through the reader; ten minutes
	$(BIN)/python -m tests.formats.fuzz

snap: $(SETUP)            ## the pictures of the README and the screens of the tests, made anew
	$(BIN)/python tests/tui/snap.py

frameworks: $(SETUP) .venv-frameworks/.ready   ## jobs of DeepSpeed, Lightning, Accelerate and PEFT, with trainwatch's hook; minutes
	$(BIN)/python -m pytest tests -m frameworks -n 2 -v

launchers: $(SETUP) .venv-frameworks/.ready    ## docs/launchers.md anew: each launcher with each framework; half an hour
	$(BIN)/python -m tests.frameworks.launchers --write docs/launchers.md

.venv-frameworks/.ready: constraints.txt
	$(PYTHON) -m venv .venv-frameworks
	.venv-frameworks/bin/pip install --quiet 'torch==2.13.0' setuptools ninja
	.venv-frameworks/bin/pip install --quiet transformers accelerate peft lightning
	DS_BUILD_OPS=0 DS_ACCELERATOR=cpu .venv-frameworks/bin/pip install --quiet deepspeed --no-build-isolation
	PATH=$(CURDIR)/.venv-frameworks/bin:$$PATH DS_ACCELERATOR=cpu TORCH_EXTENSIONS_DIR=$(CURDIR)/.venv-frameworks/torch_extensions \
		python -c 'from deepspeed.ops.op_builder.cpu import ShareMemCommBuilder as Builder; Builder().load()'
	touch $@

$(SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet -c constraints.txt 'torch==2.13.0'
	$(BIN)/pip install --quiet -c constraints.txt --editable . --group dev transformers accelerate
	touch $(SETUP)

clean:
	rm -rf .venv .venv-frameworks .demo .bench dist build
