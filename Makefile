# Two commands: `make figures` (certified tables and all paper figures) and `make test`; and `make experiments`
# (trains anew what the figures show, and compares; DATA=DIR for the tasks that need data sets, ALL=1 for all of them).
# Each builds .venv by itself, with uv if it is there, else with venv and pip.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed

.PHONY: figures experiments notebooks test lint clean

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

$(STAMP): pyproject.toml
	if command -v uv >/dev/null 2>&1; then \
	  uv venv --allow-existing --quiet --python $(PYTHON) $(VENV) && uv pip install --quiet --python $(VENV)/bin/python -e '.[dev]'; \
	else \
	  $(PYTHON) -m venv $(VENV) && $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'; \
	fi
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis paper_figures/out
