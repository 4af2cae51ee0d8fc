# Everything that is done here by hand or in CI is one of these commands.
# All that they need is make and Python 3.11 or newer.

PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$each && break; done)
BIN := .venv/bin

.PHONY: help demo test lint format catalogue bench clean

help:
	@echo 'make demo       audit generated and bundled files, write a comparison into demo/'
	@echo 'make test       run the tests'
	@echo 'make lint       check style, types and the catalogue of rules'
	@echo 'make format     rewrite the code in the house style'
	@echo 'make catalogue  rewrite docs/rules.md and the table in README.md from the rules'
	@echo 'make bench      measure speed and memory (makes 1.4 GB of data in bench-data/)'
	@echo 'make clean      remove what these commands made, except .venv'

demo: .venv/.installed
	$(BIN)/dicom-audit demo -o demo

test: .venv/.installed-dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m auditor.catalogue --check

format: .venv/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

catalogue: .venv/.installed
	$(BIN)/python -m auditor.catalogue

bench: .venv/.installed
	$(BIN)/python benchmarks/make_data.py bench-data
	$(BIN)/python benchmarks/run.py bench-data

clean:
	rm -rf demo bench-data build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The stamps make a second run start at once; a change of pyproject.toml installs again.
.venv/.installed: pyproject.toml | .venv/bin/python
	# The second referee has no wheel for every platform; an audit goes without it, and says so.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[referee]' \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.installed-dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/.installed

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo 'dicom-auditor needs Python 3.11 or newer'; exit 2; }
	$(PYTHON) -m venv .venv
