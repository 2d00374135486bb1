# The one door for people. `make` alone lists what is behind it.
# Needs GNU make and Python 3.11 or 3.12 with venv; everything else is installed into .venv from hash-locked lists.

VENV := .venv
BIN := $(VENV)/bin
FITS := import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
PY = $(or $(shell for p in python3.11 python3.12 python3; do \
	$$p -c '$(FITS)' 2>/dev/null && { command -v $$p; break; }; done),$(error \
	Khuen needs Python 3.11 or 3.12 with its venv module. Debian: apt install python3 python3-venv. macOS: brew install python@3.12))
SOURCES := src workers migrations tests bench
T ?= tests

.PHONY: help demo test check cover bench faults lock image clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## open a practice province on this machine
	$(BIN)/python -m khuen demo

test: $(VENV)/.dev ## run all tests, browsers included; one part: make test T=tests/followups
	KHUEN_CHROMIUM="$$($(BIN)/python tests/chromium.py)" && export KHUEN_CHROMIUM && $(BIN)/python -m pytest -n 2 --dist worksteal $(T)

check: $(VENV)/.dev ## style, types and the walls between the rooms
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy --strict src workers
	$(BIN)/lint-imports

cover: $(VENV)/.dev ## whether the pure tests take every branch of the rules
	$(BIN)/python -m coverage run -m pytest -q -p tests.pure -n 0 \
		$(wildcard $(patsubst src/khuen/%/rules.py,tests/%,$(wildcard src/khuen/*/rules.py)))
	$(BIN)/python -m coverage report

bench: $(VENV)/.dev ## measure, with the spread
	$(BIN)/python -m bench

faults: $(VENV)/.dev ## break things under load and count what is lost
	$(BIN)/python -m bench.faults

lock: ## write the locked lists again from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo 'make lock needs uv: pipx install uv'; exit 1; }
	uv pip compile pyproject.toml $(UV) -o requirements/lock.txt
	uv pip compile pyproject.toml $(UV) --extra dev -c requirements/lock.txt -o requirements/lock-dev.txt
	@! grep -nE '://|--index|--find-links' requirements/*.txt || { echo 'a host name got into the list'; exit 1; }

UV := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --no-annotate

image: ## build the container image (docker, podman or buildah)
	@if command -v docker >/dev/null; then docker build -t khuen .; \
	elif command -v podman >/dev/null; then podman build --format docker -t khuen .; \
	elif command -v buildah >/dev/null; then buildah bud --format docker -t khuen .; \
	else echo 'make image needs docker, podman or buildah'; exit 1; fi

clean: ## remove what can be made again; the practice data in .khuen stays
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +

# The lists name every package with its hash, so nothing is resolved (--no-deps) and nothing is compiled.
# The .pth file puts the tree itself on the path: no build tool is fetched to install Khuen into its own environment.
INSTALL = $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r

$(VENV)/.demo: requirements/lock.txt
	$(MAKE) --no-print-directory $(VENV)/.python
	$(INSTALL) $<
	@touch $@

$(VENV)/.dev: requirements/lock-dev.txt
	$(MAKE) --no-print-directory $(VENV)/.python
	$(INSTALL) $<
	@touch $@ $(VENV)/.demo

$(VENV)/.python:
	@echo 'Making the environment; the first time takes a minute.'
	$(PY) -m venv $(VENV)
	@printf '%s\n' '$(CURDIR)' '$(CURDIR)/src' > "$$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])')/khuen.pth"
	@touch $@
