# Everything a developer types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs costs schemas

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $(INSTALLED)

demo: $(INSTALLED) ## Install, and run a small study on photographs that ship with the dependencies
	$(BIN)/workbench ablate --plan plans/demo.yaml
	$(BIN)/workbench report demo --format html --out mlflow_runs/demo.html

test: $(INSTALLED) ## Install, and run all tests
	$(BIN)/pytest -n 3

check: $(INSTALLED) ## Check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(INSTALLED) ## Format the code and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(INSTALLED) ## Build the documents as a site: site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

costs: $(INSTALLED) ## Count the shipped networks again for `workbench variants`
	$(BIN)/python tools/make_costs.py

schemas: $(INSTALLED) ## Write the JSON Schemas beside the YAML files
	$(BIN)/workbench schema variant > ablations/schema.json
	$(BIN)/workbench schema space > search_spaces/schema.json
