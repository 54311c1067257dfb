# Everything runs in .venv with the locked versions; a bare machine needs Python >= 3.11, make and the package index.
PYTHON ?= python3
BIN := .venv/bin
# Whatever the environment says: compiled once, a command starts in half of the time, and the tests start hundreds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test test-nightly mutants fuzz check check-format check-lint check-imports check-types openapi ui pictures bench faults faults-long faults-report lock clean

help:  ## show this
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

demo: .venv/.run  ## set up, run the platform with demo data, print the URL
	$(BIN)/penstock up --demo

test: .venv/.dev  ## set up, run the tests
	@# A browser shares the machine with whatever else runs: what failed once is tried once more, alone.
	@# Either half runs whatever the other found.
	$(BIN)/pytest tests/ui || $(BIN)/pytest tests/ui --last-failed; browser=$$?; \
	$(BIN)/pytest -n 2 --dist loadgroup --ignore tests/ui && exit $$browser

test-nightly: .venv/.dev  ## search for hours: 10,000 histories per property, a million cached reads, 100,000 simulated worlds
	HYPOTHESIS_PROFILE=nightly $(BIN)/pytest --timeout 14400 tests/contracts/test_series_store_order.py tests/unit/store tests/unit/query/test_cached_truth.py
	$(BIN)/python -m tests.simulation --seeds 0-100000

mutants: .venv/.dev  ## break Penstock on purpose, see that the tests notice
	$(BIN)/python -m tests.mutants

fuzz: .venv/.dev  ## throw bytes at every decoder: make fuzz SECONDS=600
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

check: .venv/.dev  ## format, lint, types, imports: side by side
	@$(MAKE) --no-print-directory --jobs 4 --output-sync=target check-format check-lint check-imports check-types

check-format:
	$(BIN)/ruff format --check src sdk tests bench

check-lint:
	$(BIN)/ruff check src sdk tests bench

check-imports:
	$(BIN)/lint-imports

check-types:
	$(BIN)/pyright --threads

openapi: .venv/.dev  ## write reference pages and API documents anew, and the TypeScript types made from them (needs npm)
	$(BIN)/python -m penstock.app.reference docs
	@if command -v npm >/dev/null; then cd sdk/typescript && npm ci --silent && npm run --silent types; \
	else echo "npm is not here: sdk/typescript/src/schema.ts was not written anew"; fi

ui: ui/node_modules/.package-lock.json  ## check, test and build the web app into src/penstock/api/static/app (needs npm; running Penstock does not)
	cd ui && npm run --silent check && npm test --silent && npm run --silent build && npm run --silent build:bench

pictures: .venv/.dev  ## take a picture of every screen, and write those of docs/pictures anew (needs Chromium)
	$(BIN)/python -m tests.ui.pictures --docs

bench: .venv/.dev  ## measure the whole path on this machine, beside the peers that are installed
	$(BIN)/python -m bench $(BENCH)

faults: .venv/.dev  ## break things under load and check that nothing was lost (10 minutes)
	$(BIN)/python -m tests.faults

faults-long: .venv/.dev  ## the same with full counts (hours), into the second table of docs/reliability.md
	$(BIN)/python -m tests.faults --long --report docs/reliability.md

faults-report: .venv/.dev  ## the same as faults, and write the table of docs/reliability.md
	$(BIN)/python -m tests.faults --report docs/reliability.md

.venv/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Penstock needs Python >= 3.11: make PYTHON=python3.x $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: .venv/.venv requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m compileall -q src sdk/python/src
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements-dev.lock
	@touch $@

ui/node_modules/.package-lock.json: ui/package-lock.json
	cd ui && npm ci --silent --no-audit --no-fund

lock:  ## resolve the locks anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --only-binary :all: pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --only-binary :all: pyproject.toml --group dev -o requirements-dev.lock

clean:  ## remove the environment and caches, keep data
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
