# `make demo` and `make test` work on a fresh machine: each first installs what it needs.
SHELL := /bin/sh
PY := .venv/bin/python
BIOPSY := .venv/bin/biopsy
# Tests start hundreds of Pythons: without kept bytecode, which some machines forbid, each would compile all anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup image browser demo test check fix pytest eval rules-report eval-benign bench bench-cost bench-peers bench-reports bench-serving bench-guard test-faults test-clients test-whole test-endtoend bench-own bench-queue bench-warehouse bench-watch bench-replay vendor lock clean

help:  ## Say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup:  ## Install everything: system packages, .venv, gVisor
	@./setup.sh

image: setup  ## Build the sandbox image, if its recipe changed
	@$(BIOPSY) image build

browser: setup  ## Install a browser for the tests of pages, where there is none
	@./setup.sh browser

demo: image  ## Analyse a real package of PyPI, one of npm, and a malicious simulant
	@$(PY) -m evals.demo

test: image browser check pytest  ## Lint, types, layers and all tests, sandbox ones included

check:  ## Lint, formatting, types, layers
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

fix:  ## Mend what a machine can mend
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

pytest:  ## All tests, two files at a time
	@$(PY) -m pytest -n 2 --dist loadfile

eval: image  ## Simulants, variants, held-out ones, inert edits: what is detected, what is wrongly accused
	@$(PY) -m evals.full

rules-report:  ## How often each rule fires in evals and on benign packages, and its cost
	@$(PY) -m evals.rules_report

bench: image bench-own bench-watch bench-queue bench-warehouse bench-replay bench-site bench-guard  ## All of time and memory below but reports, serving, peers

bench-own: image  ## Time and memory of an analysis, beside the same done natively
	@$(PY) -m bench

bench-cost: setup  ## What reading costs: of a sample, in a service and as a command; the start; 200 MB
	@$(PY) -m bench.cost --start --large --sample 60

bench-peers: setup  ## biopsy beside GuardDog and hexora, on the same artifacts
	@$(PY) -m bench.peers

bench-reports: setup  ## The report database: taking in, exports, queries, memory; 24,000 and 240,000 reports
	@$(PY) -m bench.reports

bench-serving: setup  ## The server over HTTP: single questions, batches, a lock file, 200 clients, memory
	@$(PY) -m bench.serving --reports 240000

bench-site: setup  ## The site's pages with 240,000 reports and 1,000,000 analyses, for 100 readers
	@$(PY) -m bench.site

bench-guard: setup  ## The guard beside going direct: what it adds to a listing, 200 installs at once
	@$(PY) -m bench.guard

test-faults: setup  ## Kill commands of `biopsy reports` at 200 random moments; each starts an interpreter
	@BIOPSY_FAULTS=200 BIOPSY_FAULTS_EXEC=1 $(PY) -m pytest --timeout=0 -s tests/reports/test_killing.py

eval-benign: image  ## Real harmless releases: none may be convicted
	@$(PY) -m evals.corpus

test-whole: image  ## All tests with their large numbers and long commands
	@BIOPSY_TESTS=whole $(PY) -m pytest --timeout=0 -n 2 --dist loadfile

test-endtoend: image  ## 500 releases published while everything is killed, and three machines
	@BIOPSY_TESTS=whole $(PY) -m pytest --timeout=0 -s tests/endtoend

bench-warehouse: setup  ## The warehouse: rows/s in, bytes a dossier, questions at 5 and 50 million behaviours
	@$(PY) -m bench.warehouse --rows 50000000

bench-queue: setup  ## The queue: jobs/s in and out, what batch costs the urgent, a burst of a feed
	@$(PY) -m bench.queueing
	@$(PY) -m bench.following

bench-replay: setup  ## Replaying rules over kept dossiers: how many a second
	@$(PY) -m bench.replay

bench-watch: image  ## Packages an hour, static and run; 1, 2 and 50 workers
	@$(PY) -m bench.watch

test-clients: setup  ## Published clients (pip-audit, uv, npm, bun, …) against a live server; installs them once
	@BIOPSY_TEST_CLIENTS=all $(PY) -m pytest --timeout=0 -q -rs tests/clients tests/guard_proxy/test_guard_run.py --durations=5

vendor: setup  ## Renew the web site's vendored scripts from npm, by their lock file
	@cd src/biopsy/web/site/assets && npm ci --ignore-scripts --no-audit --no-fund && ../../../../../$(PY) vendor.py

lock: setup  ## Renew requirements.lock from pyproject.toml
	@.venv/bin/pip install -q uv
	@.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --extra sandbox --extra reports --extra web --extra publish --extra queue --extra warehouse --extra bigquery --group dev --custom-compile-command "make lock" --upgrade \
	  pyproject.toml -o requirements.lock
	@.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --extra sandbox --extra reports --extra web --extra publish --extra queue --extra warehouse --extra bigquery --custom-compile-command "make lock" \
	  --constraint requirements.lock pyproject.toml -o deploy/requirements.lock

clean:  ## Remove what was built here; images and artifacts in BIOPSY_HOME stay
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
