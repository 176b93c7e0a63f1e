# Needs GNU make and Python 3.11 or later; brings the rest. `make demo` first, then `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
TOOLS := $(VENV)/.tools
PLAIN := $(VENV)/plain
# Without its cache of compiled modules, every process that is started compiles Django, Celery and Google's client anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast check audit messages run faults restore-drill soak bench bench-scale screenshots lighthouse tools

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1	/' | expand -t 12

# --- Set-up: stamps, so that a second run does nothing -----------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or later is needed: set PYTHON=python3.13, say.' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo 'python3 -m venv failed: apt-get install python3-venv' >&2; exit 1; }

# uv installs in seconds what takes pip minutes; where it cannot be had, pip does it.
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check uv && \
  $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r $(1) || \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(1)

$(RUNTIME): requirements.txt | $(BIN)/python
	@echo 'Installing what runs it ...'
	@$(call install,requirements.txt)
	@touch $@

$(TOOLS): requirements-dev.txt requirements.txt | $(BIN)/python
	@echo 'Installing what tests it ...'
	@$(call install,requirements-dev.txt)
	@touch $@ $(RUNTIME)

tools: $(TOOLS)

# What production installs and nothing else: libraries import what they find beside them, and that is memory.
$(PLAIN)/.installed: $(TOOLS)
	@$(BIN)/python -m venv $(PLAIN)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(PLAIN)/bin/python -r requirements.txt || \
	  $(PLAIN)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# --- Seeing it run -------------------------------------------------------------------------------------------------------

demo: $(RUNTIME) ## the whole product against local stand-ins for Zoom and Google; ONCE=1 books once, shows it, ends
	@exec $(BIN)/python -m zinnect.demo $(if $(filter-out 0,$(ONCE)),--once)

run: $(TOOLS) ## development servers with your own .env
	@exec $(BIN)/python -m zinnect.demo --own-environment

# --- Trusting it -----------------------------------------------------------------------------------------------------------

PYTEST := $(BIN)/python -m pytest -q

test: $(TOOLS) ## PostgreSQL and Redis, a browser, the whole system; then SQLite; of the faults the quick ones
	@$(BIN)/python -m zinnect.tests.browser
	$(PYTEST) -n 2 --dist worksteal -m 'not (faults and (system or slow))'
	TEST_DATABASE=sqlite $(PYTEST) -n 2 --dist worksteal -m 'not browser and not system and not postgres and not faults' --ignore-glob='*/test_sandbox_*' --ignore-glob='*/test_slots*' bookings integrations

test-fast: $(TOOLS) ## what is quick: no browser, whole system, faults, fuzzing, nor anything that asks a stand-in
	$(PYTEST) -n 2 --dist worksteal -m 'not browser and not system and not faults and not slow and not providers' --ignore-glob='*/test_sandbox_*'

faults: $(TOOLS) ## the whole matrix of faults and crashes, against the whole product (docs/reliability.md)
	$(PYTEST) -n 2 --dist worksteal -m faults

restore-drill: $(TOOLS) ## back up a running product, lose its database, restore it, book with it (docs/operating.md)
	@$(BIN)/python -m zinnect.drill

soak: $(TOOLS) ## random faults, crashes and load for MINUTES=10, then a table of what was lost, twice, wrong or stuck
	@$(BIN)/python -m zinnect.tests.soak --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

bench: $(PLAIN)/.installed ## the goals of docs/performance.md, each with its reference of the same run; ONLY=2,5 for some
	@MEASURED_PYTHON=$(PLAIN)/bin/python $(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(TESTS),--tests)

bench-scale: $(PLAIN)/.installed ## how pages, bookings and arranging grow, from 1,000 to 1,000,000 bookings; draws docs/performance-growth.svg
	@MEASURED_PYTHON=$(PLAIN)/bin/python $(BIN)/python -m benchmarks.scale

screenshots: $(TOOLS) ## every page at three widths, light and dark, into screenshots/; ONLY=word for some
	@$(BIN)/python -m zinnect.tests.browser
	@$(BIN)/python -m zinnect.tests.screenshots $(if $(ONLY),--only $(ONLY))

lighthouse: $(TOOLS) ## Lighthouse on the demo's public page: 100 in all four, in the best of three runs; needs Node.js
	@$(BIN)/python -m zinnect.tests.browser
	@$(BIN)/python -m zinnect.tests.lighthouse

# As in production: what `check --deploy` says of development settings means nothing.
PRODUCTION := DEBUG=0 SECRET_KEY=for-the-check-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH \
  ENCRYPTION_KEYS=Zm9yLXRlc3RzLW9ubHktMDEyMzQ1Njc4OWFiY2RlZi4= BASE_URL=https://book.example.com \
  ALLOWED_HOSTS=book.example.com REDIS_URL=redis://127.0.0.1:6379/0 DATABASE_URL=sqlite:///:memory: ZINNECT_SANDBOX=0

check: $(TOOLS) ## style, types, imports, templates, security, settings, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PRODUCTION) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive zinnect integrations calendars bookings
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) $(BIN)/python manage.py makemigrations --check --dry-run

messages: $(TOOLS) ## brings the translations in locale/ up to date with the texts, and compiles them
	@$(BIN)/python -m zinnect.tests.translations

audit: $(TOOLS) ## known vulnerabilities of what is pinned; fails on what could not be audited
	$(BIN)/pip-audit --strict --requirement requirements.txt
