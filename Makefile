SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run retrain plan example test test-slow torture fuzz audit check docs clean constraints

PYTHON ?= python3
INSTALLED := .venv/.installed

# Nothing here phones home, and a trial that asks for no GPU leaves the GPUs of its process visible.
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := 1
export RAY_USAGE_STATS_ENABLED := 0
export RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO := 0
export PYTHONUNBUFFERED := 1

# For each recipe alone: `python3` of the install recipe must stay the machine's.
IN_VENV := export PATH="$(CURDIR)/.venv/bin:$$PATH";

# $(call borrow,FOLDER/): a folder without stages of its own borrows ours for as long as a recipe runs: DVC reads no
# link in git, and three copies would drift. It is left to another recipe that runs there now: it has the lock.
define borrow
$(if $(1),if test dvc.yaml -ef $(1)dvc.yaml || ! test -e $(1)dvc.yaml; then \
	trap 'mkdir -p "$(abspath $(1).cache)"; flock -n "$(abspath $(1).cache/run.lock)" rm -f "$(abspath $(1)dvc.yaml)" || true' EXIT; \
	ln -srf dvc.yaml $(1)dvc.yaml; \
fi;)
endef

# $(call pipeline,FOLDER/): brings the results of FOLDER's params.yaml up to date, then says the answer.
define pipeline
@$(IN_VENV) \
$(call borrow,$(1)) \
python -m cellsize run ./$(1)
endef

# $(call cost,FOLDER/): what the search would cost with FOLDER's params.yaml.
define cost
@$(IN_VENV) \
$(call borrow,$(1)) \
python -m cellsize plan ./$(1)
endef

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(INSTALLED) ## measure the size for params.yaml: install, run what changed, say the answer
	$(call pipeline,)

retrain: $(INSTALLED) ## what new rows ask for: nothing, the same size refitted, or a whole sizing; FULL=1: that
	@$(IN_VENV) python -m cellsize retrain $(if $(FULL),--full) || \
		case $$? in 10) ;; 11) ;; *) exit $$?;; esac # a new champion; registered and not promoted

plan: $(INSTALLED) ## what the search would cost: sizes, core-minutes, memory; trains nothing; NAME as for example
	$(call cost,$(addsuffix /,$(FOLDER)))

# A folder under examples/, or any folder of this checkout with a params.yaml.
FOLDER = $(if $(NAME),$(firstword $(patsubst %/params.yaml,%,$(wildcard examples/$(NAME)/params.yaml $(NAME:/=)/params.yaml))))
EXAMPLES = $(patsubst examples/%/params.yaml,%,$(wildcard examples/*/params.yaml))
# `plan` without a NAME is that of the root.
NAMED = $(filter example,$(MAKECMDGOALS))$(if $(NAME),$(filter plan,$(MAKECMDGOALS)))
ifneq ($(NAMED),)
ifeq ($(FOLDER),)
$(error No example '$(NAME)': make $(firstword $(MAKECMDGOALS)) NAME=x, where x is one of: $(EXAMPLES) (or a folder with its own params.yaml))
endif
endif

example: $(INSTALLED) ## the same for examples/NAME: make example NAME=new-york-weather
	$(call pipeline,$(FOLDER)/)

test: $(INSTALLED) ## run the tests, but for the slow ones (within 20 minutes on 2 cores)
	@$(IN_VENV) python -m pytest -m "not slow" --numprocesses 2 --dist loadfile

# Three files at a time: most of it waits for servers, kills and clusters.
test-slow: $(INSTALLED) ## run the slow ones: servers, whole runs again and again (within 40 minutes)
	@$(IN_VENV) python -m pytest -m slow --numprocesses 3 --dist loadfile --durations 30

torture: $(INSTALLED) ## kill a tiny project's run at 30 random moments, and look at what became of it (an hour)
	@$(MAKE) --no-print-directory -C benchmarks torture

fuzz: $(INSTALLED) ## 10,000 tables, params.yaml and requests made to break something (some hours on a core)
	@$(IN_VENV) python -m pytest tests/fuzz --hypothesis-profile=fuzz

audit: $(INSTALLED) ## known vulnerabilities of the pinned dependencies; needs PyPI's database
	@test -x .cache/audit/bin/pip-audit || \
		{ $(PYTHON) -m venv .cache/audit; .cache/audit/bin/python -m pip install -q pip-audit; }
	@.cache/audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

check: $(INSTALLED) ## lint, format and types
	@$(IN_VENV) python -m ruff check; python -m ruff format --check; python -m mypy

bench-%: $(INSTALLED) ## the benchmarks have a Makefile of their own: make -C benchmarks
	@$(MAKE) --no-print-directory -C benchmarks $*

docs: $(INSTALLED) ## the pages of docs/ as a site, in site/
	@$(IN_VENV) python -m pip install -q -c constraints.txt -e '.[docs]'; NO_MKDOCS_2_WARNING=1 python -m mkdocs build --strict --quiet

clean: ## remove what runs and tools wrote; keeps .venv, DVC's cache and the MLflow registry
	rm -rf build .cache dist site examples/*/build examples/*/.cache
	-git clean -qfX reports examples/*/reports
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src pipeline tests -name __pycache__ -prune -exec rm -rf {} +

constraints: ## build .venv anew from the newest versions pyproject.toml allows, and pin them
	rm -rf .venv
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install -q -e '.[dev,docs]'
	{ head -2 constraints.txt; $(FREEZE); } > .venv/constraints.txt
	mv .venv/constraints.txt constraints.txt
	echo '$(CURDIR)' > $(INSTALLED)

# Left out: what installers bring, the CUDA build's libraries (torch pins its own) and local versions such as +cpu.
FREEZE := .venv/bin/python -m pip freeze --exclude-editable --exclude setuptools \
	| sed 's/+.*//' | grep -vE '^(nvidia-|cuda-|triton)'

# The stamp holds the folder's name: a checkout that was moved would otherwise run the old place's code.
ifneq ($(shell cat $(INSTALLED) 2>/dev/null),$(CURDIR))
.PHONY: $(INSTALLED)
endif

SUPPORTED = $(shell $(PYTHON) -c 'import sys; print("yes" * ((3, 11) <= sys.version_info[:2] <= (3, 13)))' 2>/dev/null)
FOUND = $(or $(shell $(PYTHON) -V 2>/dev/null),not there)

$(INSTALLED): pyproject.toml constraints.txt
	$(if $(SUPPORTED),,$(error cellsize needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is $(FOUND): name another, such as make PYTHON=python3.12))
	@echo "Installing the pinned dependencies into .venv (some minutes the first time)"
	@test "$$(cat $@ 2>/dev/null || echo '$(CURDIR)')" = '$(CURDIR)' && .venv/bin/python -m pip --version >/dev/null 2>&1 || \
		$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install -q -c constraints.txt -e '.[dev]'
	@echo '$(CURDIR)' > $@
