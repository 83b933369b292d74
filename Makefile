# env | lab | report | test | lint | outputs | bench | clean: see README.md. Needs python3 (3.11 or newer), make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-test
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
DEMO := data/demo/truth.json
SITE := reports/index.html
CACHE := .sme-research/cache
# In a container one is often root, which JupyterLab refuses unless told.
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

# Settings that would let a user's own Python or Jupyter into the project's environment.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE JUPYTER_PATH JUPYTER_CONFIG_DIR

.PHONY: env lab report test lint outputs bench clean
.DELETE_ON_ERROR:

env: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sme_research needs Python 3.11 or newer; call: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(INSTALL) --require-hashes --only-binary :all: -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --no-index -e .
	@# Compile what a report imports, and only that: all of it would take 200 MB, none of it seconds a notebook.
	@$(BIN)/python -c 'import IPython, ipykernel.kernelapp, pyfixest, sme_research.cli as _, sme_research as s; [getattr(s, n) for n in s.__all__]'
	@touch $@

$(TEST_STAMP): $(STAMP) requirements-test.lock
	$(INSTALL) --require-hashes --only-binary :all: -r requirements-test.lock
	@touch $@

$(DEMO): $(STAMP) $(wildcard sme_research/synthetic/*.py) $(wildcard data/reference/*.csv)
	$(BIN)/sme-research demo --out data/demo

report: $(DEMO)
	$(BIN)/sme-research run

# The site that tests read; made where it is not there or older than what makes it.
$(SITE): $(DEMO) $(wildcard notebooks/*.ipynb) $(shell find sme_research -name '*.py' -o -name '*.yml' -o -name '*.j2' -o -name '*.css')
	$(BIN)/sme-research run

lab: $(DEMO)
	$(BIN)/jupyter lab --notebook-dir=notebooks $(ALLOW_ROOT)

lint: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint $(SITE)
	@# What only computes runs two at a time; the factory's tests start, kill and time processes and want the machine alone.
	$(BIN)/pytest -n 2 --dist loadfile --ignore=tests/factory
	$(BIN)/pytest tests/factory
	@# Cells take from what the reports kept what has not changed since; the keys hold data, code and environment.
	SME_RESEARCH_CACHE=$(CURDIR)/$(CACHE) $(BIN)/pytest --nbval --nbval-sanitize-with tests/nbval.cfg notebooks

# After a change of texts, notebooks or the demo: make the stored outputs true again.
outputs: $(DEMO)
	cd notebooks && ../$(BIN)/jupyter nbconvert --log-level=ERROR --to notebook --execute --inplace \
		--NotebookClient.record_timing=False --NotebookClient.store_widget_state=False *.ipynb

bench: $(STAMP)
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/flaws.py
	$(BIN)/python benchmarks/few_clusters.py
	$(BIN)/python benchmarks/mix.py
	$(BIN)/python benchmarks/allocation.py

clean:
	rm -rf $(VENV) data/demo reports
