# Everything happens in scripts/project.py, so that Windows users have the same commands without make.
PYTHON ?= python3

.PHONY: run test test-pyqt6 bench lint format install clean

run: ## open the sample case in napari (without a screen: segment it from the command line)
	@$(PYTHON) scripts/project.py run

test: ## all tests, on a virtual screen
	@$(PYTHON) scripts/project.py test

test-pyqt6: ## the GUI smoke tests on PyQt6
	@$(PYTHON) scripts/project.py test-pyqt6

bench: ## every benchmark of speed that this machine can run; writes benchmarks/RESULTS.md
	@$(PYTHON) scripts/project.py bench

lint: ## ruff, ruff format --check, mypy, import-linter
	@$(PYTHON) scripts/project.py lint

install: ## the virtual environment only
	@$(PYTHON) scripts/project.py install

format: ## rewrite the code in the one format
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .

clean: ## remove the virtual environment and what tools left
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
