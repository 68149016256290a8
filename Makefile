# Everything sets itself up: a virtual environment here, and for e2e a real kind cluster (see e2e/README.md).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RELEASE := $(VENV)/release/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
DEMO := $(VENV)/demo
E2E ?= run
ENGINE ?= docker
VERSION_HERE = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' kubectl_pause/__init__.py)
CACHE := $(or $(PAUSE_INSPECT_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pause-inspect-e2e)
IMAGE ?= kubectl-pause-inspect:$(VERSION_HERE)
BASE_PYTHON ?= 3.13
KREW := sigs.k8s.io/krew/cmd/krew@v0.4.3
T ?=
SHELL_FILES := .ci/run e2e/run e2e/run-older-releases e2e/vm/run e2e/vm/node $(wildcard e2e/node-image/*.sh kubectl_pause/capture/on_node/*.sh)
# What to test: all of a suite, or T, which is a file, a test's name (FILE::TEST) or options of pytest (-k WORD).
chosen = $(if $(filter-out -%,$(firstword $(T))),$(T),$(1) $(T))

.DEFAULT_GOAL := help
.PHONY: help demo check test lint unit minimums minimums-whole e2e e2e-away e2e-versions e2e-slow e2e-vm bench fuzz nightly release manifest krew image docs site expected lock clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(DEMO)/ready ## a pod made by hand on this host, inspected, explained and removed: no cluster
	@$(DEMO)/bin/python -m kubectl_pause demo

check: lint unit ## the fast loop: formatter, linter, type checker, tests without a cluster

# One after another: beside each other, clusters and unit tests take longer on two cores than both in turn.
test: $(BIN)/ready $(VENV)/tools ## all checks and tests that a landing needs; E2E=skip leaves out the real clusters
	@$(MAKE) --no-print-directory lint unit minimums e2e

lint: $(BIN)/ready ## formatter, linters of Python, shell and workflows, type checker
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/shellcheck --severity=warning $(SHELL_FILES)
	$(BIN)/zizmor --offline --quiet .github

# To count lines doubles the processor time, so where CI is set nobody counts them.
unit: $(BIN)/ready $(VENV)/tools ## tests on recorded nodes and a fake API server, and how much they run of the code; T=... for some of them
	$(BIN)/python -m pytest -q -n 2 --durations=10 $(if $(T)$(CI),,--cov=kubectl_pause --cov-report=) $(call chosen,tests)
	@$(if $(T)$(CI),,echo "coverage: $$($(BIN)/python -m coverage report --format=total) % of the lines, by the tests of this run alone")

# They are run again where pyproject.toml, a lock or a file that imports a dependency is another than when they last passed on this machine.
minimums: $(BIN)/ready ## the tests of what uses them, with the oldest dependencies that pyproject.toml allows, where those may have changed
	@key=$$($(BIN)/python -m release.minimums_key) && passed="$(CACHE)/minimums-passed"; \
	if [ "$$(cat "$$passed" 2>/dev/null)" = "$$key" ]; then \
		echo "minimums: passed before, with these dependencies and these files that use them ($$key)"; \
	else $(MAKE) --no-print-directory minimums-whole && mkdir -p "$(CACHE)" && echo "$$key" >"$$passed"; fi

minimums-whole: $(BIN)/ready $(VENV)/tools
	$(BIN)/uv venv -q --allow-existing --python $(BIN)/python $(VENV)/minimums
	$(BIN)/uv pip install -q --python $(VENV)/minimums/bin/python --resolution lowest-direct . 'kubernetes>=31'
	$(BIN)/uv pip install -q --python $(VENV)/minimums/bin/python pytest pytest-xdist hypothesis aiohttp jsonschema
	$(VENV)/minimums/bin/python -m pytest -q -n 2 --ignore tests/capture --ignore tests/demo --ignore tests/accessibility \
		--ignore tests/cli/test_disturbed_connection.py --ignore tests/test_schema.py --ignore tests/test_pictures.py tests

e2e: $(BIN)/ready $(VENV)/tools ## the real kubelet, containerd and pause, with crictl and without; KUBERNETES=1.35, KEEP=1 or T=... leave the clusters up
ifeq ($(E2E),skip)
	@echo '##########################################################################'
	@echo '## E2E=skip: NOTHING WAS TESTED ON A REAL CLUSTER.                      ##'
	@echo '##########################################################################'
else
	PATH="$(CURDIR)/$(BIN):$$PATH" KEEP=$(if $(T),1,$(KEEP)) e2e/run $(if $(T),$(call chosen,e2e))
endif

e2e-versions: $(BIN)/ready $(VENV)/tools ## the e2e suite on each older Kubernetes of e2e/clusters/kubernetes_releases.py, one after another
	PATH="$(CURDIR)/$(BIN):$$PATH" e2e/run-older-releases

e2e-away: $(BIN)/ready $(VENV)/tools ## what takes parts of a node away, ends runs by signals, disturbs connections, or waits long for an end
	PATH="$(CURDIR)/$(BIN):$$PATH" KEEP=$(KEEP) LANE=away e2e/run $(if $(T),$(call chosen,e2e))

e2e-slow: $(BIN)/ready $(VENV)/tools ## faults of a node that take minutes to grow, or may take the node with them; both profiles side by side
	PATH="$(CURDIR)/$(BIN):$$PATH" e2e/run e2e/test_doctor_runtime.py e2e/test_doctor_by_hand.py e2e/test_profiles.py

# Of its own and in no other target: where the machine is emulated it takes half an hour.
e2e-vm: $(BIN)/ready $(VENV)/tools ## the zoo on a node of cgroup v2 in a virtual machine; root on Debian; KEEP=1 leaves it on, T=... for some tests
	PATH="$(CURDIR)/$(BIN):$$PATH" KEEP=$(KEEP) e2e/vm/run $(if $(T),$(call chosen,e2e/test_zoo.py))

bench: $(BIN)/ready ## side by side with what one would use instead; needs the e2e cluster
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks

# One after another: each is named, and can be run alone.
nightly: ## what does not fit into a landing: all fuzzing, the oldest dependencies whole, older releases, faults that take long
	@for lane in e2e-away fuzz minimums-whole e2e-versions e2e-slow; do began=$$(date +%s); $(MAKE) --no-print-directory $$lane || failed=1; \
		echo "nightly: $$lane took $$(( $$(date +%s) - began )) s"; done; exit $${failed:-0}

fuzz: $(BIN)/ready ## a million altered captures, or ten minutes of them, and a node that sends a gigabyte
	FUZZ_SEEDS=1000000 FUZZ_FIRST=$$(date +%j000000) HOSTILE_MEGABYTES=1024 \
		$(BIN)/python -m pytest -q -n 2 -s tests/fuzz tests/access/test_hostile_stream.py

release: $(VENV)/release/ready ## wheel, sdist, this platform's archive and the krew manifest, in dist/; VERSION=... is checked
	$(RELEASE)/python -m release $(if $(VERSION),--expect $(VERSION))

manifest: $(VENV)/release/ready ## krew's manifest again, of all archives in dist/
	$(RELEASE)/python -m release manifest $(if $(VERSION),--expect $(VERSION))

krew: $(VENV)/release/ready ## krew itself, built by Go, installs each archive in dist/ by the manifest there
	GOBIN="$(CURDIR)/$(VENV)/krew" go install $(KREW)
	$(RELEASE)/python -m release.krew_install $(VENV)/krew/krew dist

image: $(VENV)/release/ready ## on Linux, the image of dist/'s wheel; IMAGE=NAME:TAG, ENGINE=podman, BASE=... with its BASE_PYTHON
	rm -rf dist/image
	$(RELEASE)/python -m pip download -q --disable-pip-version-check -d dist/image --no-deps --only-binary :all: \
		--python-version $(BASE_PYTHON) --require-hashes -r release/requirements.lock
	cp dist/kubectl_pause_inspect-*.whl dist/image/
	$(ENGINE) build -f Containerfile $(if $(BASE),--build-arg BASE=$(BASE)) --build-arg VERSION=$(VERSION_HERE) \
		--build-arg REVISION=$$(git rev-parse HEAD) --build-arg SOURCE=$(RELEASE_REPOSITORY) -t $(IMAGE) dist/image

docs: $(BIN)/ready ## every page, schema and picture that is made from the program itself
	$(BIN)/python -m release.verbs_page
	$(BIN)/python -m release.findings_pages
	$(BIN)/python -m release.policy_parameters
	for document in report watch diff; do \
		$(BIN)/python -m kubectl_pause schema $$document >docs/$$document.schema.json || exit 1; done
	$(BIN)/python -m release.pictures

site: $(BIN)/ready ## the documentation as a site, in dist/site; a broken link fails it
	$(BIN)/uv venv -q --allow-existing --python $(BIN)/python $(VENV)/site
	$(BIN)/uv pip install -q --python $(VENV)/site/bin/python --group site
	$(VENV)/site/bin/mkdocs build --strict

# Each of these tests writes its file and then compares: one that fails does so for another reason.
expected: $(BIN)/ready ## rewrite the golden files of tests/render/expected; read the difference before you commit it
	UPDATE_EXPECTED=1 $(BIN)/python -m pytest -q -n 0 $$(grep -l UPDATE_EXPECTED tests/render/test_*.py)
	git --no-pager diff --stat -- tests/render/expected

lock: $(BIN)/ready ## pin the newest versions of everything for development
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --upgrade -q -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml release/requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --upgrade -q -o release/requirements.lock

clean: ## remove what was made here
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The locks hold everything. With --no-deps pip's resolver has no say: for `coverage[toml]` it took a newer one than is pinned, and gave up.
define new-enough
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo 'error: Python 3.11 or newer is needed'; echo '  next: make PYTHON=python3.12 ...'; exit 1; }
endef

$(BIN)/ready: requirements-dev.lock pyproject.toml
	$(new-enough)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

# Programs that the tests run: installed where root may on Debian, else named.
$(VENV)/tools: $(BIN)/ready e2e/node-image/debian-packages.txt
	PATH="$(CURDIR)/$(BIN):$$PATH" e2e/cluster tools
	@touch $@

# Only what the program needs to run, and not compiled ahead: a third of the time of the above.
$(DEMO)/ready: pyproject.toml
	$(new-enough)
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/pip install -q --disable-pip-version-check --no-compile -e .
	@touch $@

# What freezes the program, pinned, and nothing else: what lies here may end up in the archive.
$(VENV)/release/ready: release/requirements.lock
	$(new-enough)
	$(PYTHON) -m venv $(VENV)/release
	$(RELEASE)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r release/requirements.lock
	@touch $@
