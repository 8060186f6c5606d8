# Two commands: `make figures` (certified tables and all paper figures) and `make test`; and `make experiments`
# (trains anew what the figures show, and compares; DATA=DIR for the tasks that need data sets, ALL=1 for all of them).
# Each builds .venv by itself, with uv if it is there, else with venv and pip.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed

.PHONY: figures experiments notebooks docs test lint clean

figures: $(STAMP)
	$(VENV)/bin/python -m paper_figures.make_all

experiments: $(STAMP)
	$(VENV)/bin/python -m paper_figures.experiments $(if $(DATA),--data '$(DATA)') $(if $(ALL),--all)

test: lint
	$(VENV)/bin/python -m pytest -n auto

# executes the notebooks and stores their outputs
notebooks: $(STAMP)
	$(VENV)/bin/python tests/stored_notebooks.py --update

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

docs: $(VENV)/.docs
	$(VENV)/bin/python -m docs.build

# the environment with the packages of one extra
install = if command -v uv >/dev/null 2>&1; then \
	  uv venv --allow-existing --quiet --python $(PYTHON) $(VENV) && uv pip install --quiet --python $(VENV)/bin/python -e '.[$(1)]'; \
	else \
	  $(PYTHON) -m venv $(VENV) && $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[$(1)]'; \
	fi

$(STAMP): pyproject.toml
	$(call install,dev)
	touch $@

$(VENV)/.docs: $(STAMP)
	$(call install,docs)
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis paper_figures/out docs/_build
