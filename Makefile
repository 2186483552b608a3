# `make run` and `make test` work from a bare clone: the first of them sets up .venv, once.
PYTHON ?= python3# 3.11.5 or later; used to create .venv, never after
ARGS   ?=# of `make run`: fields of the run, e.g. ARGS="posts=posts.csv contexts=none,author"
FLAGS  ?=# of `make test`: kinds of cells to run that are skipped otherwise, e.g. FLAGS="slow cuda"
NB     ?=# of `make test` and `make execute`: only notebooks whose path holds one of these words, e.g. NB="ranking/ core"

BIN := .venv/bin
SHELL := /bin/sh
export PATH := $(CURDIR)/$(BIN):$(PATH)
.DEFAULT_GOAL := help
.PHONY: help hooks setup run test check format export execute readme prepare bench docs clean distclean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: setup ## the main job: does knowing the author help to predict masked words? (ARGS="key=value ...")
	$(BIN)/ctx experiment context out=figures $(ARGS)

test: setup ## every check, then every notebook (FLAGS="slow cuda data", NB="ranking/")
	@$(BIN)/python tools/test.py --flags "$(FLAGS)" $(NB)

check: setup ## the checks alone: package, floors, format, lines, stored outputs, README, pages
	@$(BIN)/python tools/test.py --checks

format: setup ## format notebooks and tools, and say what the linter finds
	$(BIN)/ruff format nbs tools
	$(BIN)/ruff check nbs tools

export: setup ## write the package from the notebooks, and clean the notebooks
	$(BIN)/nbdev_export
	$(BIN)/nbdev_clean

execute: setup ## run notebooks from clean and keep their outputs (NB="ranking/09")
	@$(BIN)/python tools/execute.py $(NB)
	$(BIN)/nbdev_clean

readme: setup ## write README.md from nbs/index.ipynb
	@$(BIN)/python tools/readme.py --write

prepare: format export readme test ## all that a commit needs: format, export, README, test

bench: setup ## measure training speed (minutes; wants an idle machine)
	@$(BIN)/python tools/test.py --flags slow benchmarks/

docs: setup ## the documentation site, in _docs/ (rendering it needs quarto)
	@$(BIN)/python tools/docs.py

hooks: setup ## git hooks: clean, mergeable notebooks, and no commit that is not formatted
	@$(BIN)/nbdev_install_hooks
	@install -D -m 755 tools/pre-commit "$$(git rev-parse --git-path hooks)/pre-commit"

setup: .venv/.installed ## create .venv and install the pinned development set
.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("The pinned set needs Python 3.11.5 or later, and %s is %d.%d.%d: make PYTHON=/path/to/python3.11" % (sys.executable, *sys.version_info[:3]) if sys.version_info < (3,11,5) else 0)'
	@echo 'Setting up .venv: once, a few minutes, about 3 GB.'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean: ## delete what is made again at no cost
	rm -rf _proc _docs build *.egg-info nbs/nbdev.yml nbs/sidebar.yml
	find nbs ctx_transformers tools -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf

distclean: clean ## delete .venv and the caches in data/ too
	rm -rf .venv
	find data -mindepth 1 -maxdepth 1 ! -name README.md | xargs rm -rf
