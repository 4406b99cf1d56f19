# butfor. `make help` lists what there is.
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
LOCK ?= $(if $(GPU),requirements-gpu.lock,requirements.lock)
STAMP := $(VENV)/installed-$(LOCK)
BUTFOR := $(BIN)/butfor
RESULTS ?= results
PEERS := results/benchmarks/peers
UV := $(shell command -v uv 2>/dev/null)
ENGINE_STAMP = $(if $(filter jax,$(ENGINE)),$(VENV)/installed-requirements-jax$(if $(GPU),-gpu).lock)
ifneq ($(ENGINE),)
export BUTFOR_ENGINE := $(ENGINE)
endif

.PHONY: help setup study new plan diff paper cluster postgres test test-cases test-long test-services services-long test-versions mutants check validate ui mlflow-rebuild bench-engine bench-jax bench-study bench-overhead bench-parallel bench-streams bench-growth bench-tracking bench-mlflow bench-cluster faults slurm-faults fuzz audit lock docs clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(BUTFOR) $(ENGINE_STAMP) ## install everything into .venv, with the command butfor (GPU=1 for TensorFlow's GPU build, ENGINE=jax for JAX too, both for JAX's)

$(BUTFOR): scripts/launcher.sh $(STAMP)
	@cp $< $@ && chmod +x $@

$(STAMP): $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"butfor needs Python 3.11 or newer, received {sys.version.split()[0]}: make PYTHON=/path/to/python3.11 setup")'
ifneq ($(UV),)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	VIRTUAL_ENV=$(VENV) $(UV) pip sync --quiet --require-hashes --compile-bytecode $(LOCK)
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $(LOCK)
endif
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib scripts >/dev/null 2>&1 || true
	@rm -f $(VENV)/installed-* && touch $@

study: $(BUTFOR) $(ENGINE_STAMP) ## train the example study and write results/report.html (ENGINE=jax for Keras on JAX)
	@BUTFOR_COMMAND='make study' $(BUTFOR) run

new: $(BUTFOR) ## write a first study, STUDY.yaml, from your data or model (STUDY=mine DATA=file.csv MODEL=module:function)
	@$(BUTFOR) new $(or $(STUDY),$(error expected a name for the study, received none: make new STUDY=mine)) $(if $(DATA),--data '$(DATA)') $(if $(MODEL),--model '$(MODEL)')

diff: $(BUTFOR) ## say which verdicts differ between two results folders (A=results/one B=results/other)
	@$(BUTFOR) diff $(or $(A),$(error expected two results folders, received none: make diff A=results/one B=results/other)) $(or $(B),$(error expected a second results folder, received none: make diff A=$(A) B=results/other))

plan: $(BUTFOR) ## say what a study would take and what it could show, before it trains (CONFIG=file.yaml, CORES=8)
	@$(BIN)/snakemake plan --nolock --cores $(or $(CORES),all) --quiet all $(if $(CONFIG),--configfile $(CONFIG))

cluster: $(VENV)/installed-requirements-slurm.lock ## the same on Slurm, also after whatever ended the last start (CONFIG=file.yaml, JOBS=100, LEFTOVERS=cancel)
	@$(BIN)/python scripts/cluster.py start $(if $(filter cancel,$(LEFTOVERS)),--cancel) --quiet reason host $(if $(JOBS),--jobs $(JOBS)) $(if $(CONFIG),--configfile $(CONFIG))

WITHOUT_DEPENDENCIES = $(if $(UV),VIRTUAL_ENV=$(VENV) $(UV) pip install --compile-bytecode,$(BIN)/python -m pip install \
	--disable-pip-version-check) --quiet --no-deps --require-hashes

postgres: $(VENV)/installed-requirements-postgres.lock ## add PostgreSQL's driver to .venv, for MLFLOW_TRACKING_URI=postgresql://…

$(VENV)/installed-requirements-slurm.lock $(VENV)/installed-requirements-postgres.lock \
$(VENV)/installed-requirements-jax.lock $(VENV)/installed-requirements-jax-gpu.lock: $(VENV)/installed-%: % $(STAMP)
	$(WITHOUT_DEPENDENCIES) -r $<
	@touch $@

# Snakemake imports every plugin that lies in its environment, in every job; this one asks for a controller as it is imported.
$(VENV)/slurm-plugin: tests/slurm/plugin.lock $(STAMP)
	$(WITHOUT_DEPENDENCIES) --target $@ -r $<
	@touch $@

$(VENV)/sphinx: requirements-docs.lock $(STAMP)
	$(WITHOUT_DEPENDENCIES) --target $@ -r $<
	@touch $@

docs: $(VENV)/sphinx ## build docs/ as a site of plain files, site/index.html; a link that leads nowhere is an error
	@PYTHONPATH=$(VENV)/sphinx $(BIN)/python -m sphinx -q -W -n docs site

paper: $(STAMP) ## write tables, figures and texts for a paper in LaTeX, in results/paper (CONFIG=file.yaml for another study)
	@$(BIN)/snakemake paper --cores all --quiet reason host $(if $(CONFIG),--configfile $(CONFIG))

ui: $(BUTFOR) ## open MLflow's pages on the study's runs, on loopback (RESULTS=results/tiny for another)
	@$(BUTFOR) ui '$(RESULTS)'

mlflow-rebuild: $(STAMP) ## delete the study's MLflow store and make it anew from the records (CONFIG=file.yaml RESULTS=results/its-name for another study)
	$(if $(CONFIG),$(if $(filter file,$(origin RESULTS)),$(error CONFIG names another study: expected its results folder too, received none. Add RESULTS=results/its-name)))
	rm -rf $(RESULTS)/mlflow
	@$(BIN)/snakemake track --cores all --quiet reason host --forcerun track $(if $(CONFIG),--configfile $(CONFIG))

TESTS = $(BIN)/python -m pytest -n $(or $(WORKERS),4) --dist loadfile --no-loadscope-reorder
MARKED = $(shell grep -rlw --include='test_*.py' 'mark\.$(1)' tests | sort)

test: $(STAMP) ## run the tests, all that need nothing but .venv (about 10 minutes on 2 cores; WORKERS=4 side by side)
	@$(TESTS) -m "not services and not cases and not long" --ignore tests/cases --ignore tests/faults

test-cases: $(STAMP) ## run what takes long: whole studies with Keras, situations that users reported, faults, made-up studies (minutes)
	@$(TESTS) -m "cases and not services and not long" tests/cases tests/faults $(call MARKED,cases)

test-long: $(STAMP) ## run second variants of what test and test-cases have, which CI has no time for (minutes)
	@$(TESTS) -m "long and not services" $(call MARKED,long)

test-services: $(STAMP) ## run the tests that need Slurm, a browser, LaTeX, PostgreSQL or MLflow's servers, as far as those are there
	@$(TESTS) -m "services and not long" $(call MARKED,services)

services-long: $(STAMP) ## run second variants of what test-services has, which CI has no time for (minutes)
	@$(TESTS) -m "services and long" $(call MARKED,services)

test-versions: ## run the smallest study with the oldest and with the newest libraries that pyproject.toml allows (needs uv; minutes; PYTHON=python3.13)
	@for end in lowest-direct highest; do \
	  $(UV) venv --quiet --clear --python $(PYTHON) .versions/$$end && \
	  VIRTUAL_ENV=.versions/$$end $(UV) pip install --quiet --compile-bytecode --resolution $$end -r pyproject.toml --extra cpu && \
	  VIRTUAL_ENV=.versions/$$end $(UV) pip list 2>/dev/null | grep -E '^(keras|mlflow|numpy|snakemake|tensorflow-cpu|tensorflow) ' && \
	  .versions/$$end/bin/snakemake --cores 2 --quiet reason host --directory .versions/$$end --configfile config/tiny.yaml || exit 1; \
	done

mutants: $(STAMP) ## break the code in one place at a time, and see that some test notices (MUTANT="words of one's name"; minutes)
	@$(BIN)/python tests/mutants.py $(if $(MUTANT),"$(MUTANT)")

faults: $(STAMP) ## put every fault into a study on this machine, and print what each did (minutes)
	@rm -f fault-table.md && FAULT_TABLE=$(CURDIR)/fault-table.md $(BIN)/python -m pytest tests/faults; cat fault-table.md

check: $(STAMP) ## lint, format and type checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/mypy

slurm-faults: $(STAMP) ## put faults into studies on a real Slurm, on loopback (needs Debian's slurm-wlm, munge and root; minutes)
	@$(BIN)/python -m pytest tests/slurm/faults.py tests/slurm/killed_cohorts.py

validate: $(STAMP) ## put the verdicts to the test on made-up runs, 1000 studies of each kind (minutes)
	@$(BIN)/python tests/validation.py $(or $(STUDIES),1000)

$(PEERS): benchmarks/peers.lock $(STAMP)
	rm -rf $@
	$(WITHOUT_DEPENDENCIES) --target $@ -r $<
	@touch $@

bench-engine: $(STAMP) ## measure an epoch against Keras fit and the matrix products alone (6 minutes on idle cores; OPTIONS="--rounds 5")
	@$(BIN)/python benchmarks/engine.py $(OPTIONS)

bench-study: $(STAMP) $(PEERS) ## measure a study against a loop over fit, Optuna, Ray Tune and KerasTuner (15 minutes on idle cores)
	@$(BIN)/python benchmarks/study.py --peers $(PEERS) $(OPTIONS)

bench-overhead: $(STAMP) ## measure what of the example study is not training, part by part (5 minutes on idle cores)
	@$(BIN)/python benchmarks/overhead.py $(OPTIONS)

bench-parallel: $(STAMP) ## measure what two jobs do together on two cores, and what a job takes (a minute, idle cores)
	@$(BIN)/python benchmarks/parallel.py $(OPTIONS)

bench-streams: $(STAMP) ## measure what an epoch costs more where its inputs stay on disk (a minute)
	@$(BIN)/python benchmarks/streams.py $(OPTIONS)

bench-jax: $(STAMP) $(VENV)/installed-requirements-jax.lock ## measure Keras on JAX, one run and many at once, against TensorFlow (minutes)
	@$(BIN)/python benchmarks/jax_cohorts.py $(or $(REPEATS),5)

bench-growth: $(STAMP) ## measure what a study of 100, 1 000 and 10 000 arms costs, stage by stage (an hour on idle cores; OPTIONS="100 1000")
	@$(BIN)/python benchmarks/growth.py $(OPTIONS)

bench-tracking: $(STAMP) ## measure what mirroring a run into MLflow costs, at 10, 100 and 2000 runs (minutes)
	@$(BIN)/python benchmarks/tracking.py

bench-mlflow: $(STAMP) ## measure what MLflow costs a study, mirrored and live, against one without (minutes, idle cores)
	@$(BIN)/python benchmarks/mlflow_cost.py $(or $(REPEATS),3)

bench-cluster: $(STAMP) $(VENV)/slurm-plugin ## measure what a job costs more on a real Slurm than here (minutes, idle cores; needs what slurm-faults needs)
	@$(BIN)/python benchmarks/cluster.py $(or $(REPEATS),3)

PIN = $(UV) pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --group dev
lock: ## pin the dependencies anew (needs uv; PIN_MORE=--upgrade for newer ones)
	$(PIN) --extra cpu $(PIN_MORE) -o requirements.lock >/dev/null
	$(PIN) --extra gpu $(PIN_MORE) -o requirements-gpu.lock >/dev/null
	echo snakemake-executor-plugin-cluster-generic | $(UV) pip compile -q - --universal --no-deps --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate $(PIN_MORE) -o requirements-slurm.lock >/dev/null
	echo psycopg2-binary | $(UV) pip compile -q - --universal --no-deps --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate $(PIN_MORE) -o requirements-postgres.lock >/dev/null
	printf '%s\n' jax jaxlib | $(UV) pip compile -q - --universal --no-deps --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate $(PIN_MORE) -o requirements-jax.lock >/dev/null
	echo 'jax[cuda12]' | $(UV) pip compile -q - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate -c requirements-gpu.lock $(PIN_MORE) -o requirements-jax-gpu.lock >/dev/null
	$(UV) pip compile -q --group docs --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate -c requirements.lock $(PIN_MORE) -o requirements-docs.lock >/dev/null
	printf '%s\n' snakemake-executor-plugin-slurm snakemake-executor-plugin-slurm-jobstep | $(UV) pip compile \
		-q - --universal --no-deps --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		$(PIN_MORE) -o tests/slurm/plugin.lock >/dev/null
	printf '%s\n' colorlog filelock fsspec keras-tuner kt-legacy markdown msgpack optuna ray \
		tensorboard tensorboard-data-server tensorboardx | $(UV) pip compile \
		-q - --universal --no-deps --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		-c requirements.lock $(PIN_MORE) -o benchmarks/peers.lock >/dev/null
	$(PIN) --extra cpu --extra jax --extra postgres --extra slurm --group ci -c requirements.lock -o requirements-ci.lock >/dev/null

fuzz: $(STAMP) ## plan made-up study files, spoilt ones too (EXAMPLES=5000 of each kind)
	@$(BIN)/python tests/hostile_studies.py $(or $(EXAMPLES),5000)

audit: ## look the pinned dependencies up in the databases of known vulnerabilities (needs uv and a network)
	$(UV) tool run pip-audit --disable-pip --require-hashes -r requirements.lock

clean: ## remove the environment; results stay
	rm -rf $(VENV) .versions
