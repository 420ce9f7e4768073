# Every target does its own set-up: Debian packages where root allows, Python packages into .venv.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
WORKERS ?= 2
NODE_MODULES := tests/peers/mpps/node_modules/.ready tests/browser/node_modules/.ready
export PYTHON

.PHONY: demo test screenshots soak test-hardware image test-image check lint bench lock clean

demo: $(VENV)/.ready
	$(BIN)/gantry demo

test: $(VENV)/.ready $(NODE_MODULES)
	tools/debian-packages test
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope

# Every screen in every size, as pictures to look at.
screenshots: $(VENV)/.ready
	tools/debian-packages test
	$(BIN)/python -m tests.browser.screenshots --out build/screenshots

# Three hundred exams in one page: nothing that it or the services need may grow.
soak: $(VENV)/.ready
	tools/debian-packages test
	$(BIN)/python -m tests.browser.soak --exams 300

# The drivers over the kernel's own virtual devices, in an emulated machine; amd64 only.
test-hardware: $(VENV)/.ready
	tools/debian-packages hardware
	$(BIN)/python -m tests.hardware

# The cards to flash, one for a box with a screen and one for a box without; as root.
image: $(VENV)/.ready
	tools/debian-packages image
	$(BIN)/python -m image build --variant headless
	$(BIN)/python -m image build --variant kiosk

# The very card in an emulated machine, with an exam done on it; as root.
test-image: $(VENV)/.ready
	tools/debian-packages image
	$(BIN)/python -m tests.image

lint: $(VENV)/.ready
	$(MAKE) --no-print-directory check

check:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.ready
	tools/debian-packages test
	$(BIN)/python -m tests.bench

$(VENV)/.ready: locks/dev.txt pyproject.toml tools/debian-packages
	tools/debian-packages demo
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r locks/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

%/node_modules/.ready: %/package-lock.json tools/debian-packages
	tools/debian-packages test
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

# Pins every dependency with its hashes; without index addresses, so that any mirror serves.
lock: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet pip-tools
	for set in runtime dev; do \
		$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
			--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
			--no-emit-trusted-host --build-deps-for editable \
			$$([ $$set = dev ] && echo --extra dev) -o locks/$$set.txt pyproject.toml; \
	done

clean:
	rm -rf $(VENV) tests/peers/mpps/node_modules tests/browser/node_modules build *.egg-info
