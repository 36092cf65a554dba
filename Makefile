# Two commands do everything: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VENDOR := src/anlan/web/static/vendor
FONTS := src/anlan/web/fonts
export ANLAN_HOME ?= $(CURDIR)/var

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.ready assets ## make .venv with what Anlan needs to run, and get the maps and charts

$(VENV)/.ready: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	touch $@

assets: $(VENV)/.ready ## get what maps and charts are drawn with, and the font of PDFs (npm; node from PyPI where there is none)
	@$(MAKE) --no-print-directory $(VENDOR)/.ready || echo "NO MAPS, CHARTS AND PDFS: npm could not get their files. The pages show lists instead. Run: make assets"

$(VENDOR)/.ready: package.json package-lock.json
	command -v npm >/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --ignore-scripts --silent
	rm -rf $(VENDOR) $(FONTS) && mkdir -p $(VENDOR) $(FONTS)
	cd node_modules && cp maplibre-gl/dist/maplibre-gl.mjs maplibre-gl/dist/maplibre-gl-worker.mjs maplibre-gl/dist/maplibre-gl.css echarts/dist/echarts.esm.min.mjs $(CURDIR)/$(VENDOR)/
	for name in maplibre-gl echarts; do cat node_modules/$$name/LICENSE* > $(VENDOR)/$$name.LICENSE.txt; done; cat node_modules/echarts/NOTICE >> $(VENDOR)/echarts.LICENSE.txt
	cd node_modules/@expo-google-fonts/noto-sans-sc && cp 400Regular/NotoSansSC_400Regular.ttf 700Bold/NotoSansSC_700Bold.ttf LICENSE_FONT $(CURDIR)/$(FONTS)/
	rm -rf node_modules && touch $@

setup-dev: $(VENV)/.ready-dev assets ## make .venv with the tests' tools too

$(VENV)/.ready-dev: $(VENV)/.ready requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

setup-bench: setup ## what `make bench` puts beside ours and nothing else needs: spopt, which is heavy
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt

run: setup ## start the city: http://127.0.0.1:8110
	$(BIN)/anlan serve --demo

test: setup-dev lint docs browser services ## every check and every test
	$(BIN)/pytest -n auto --dist loadgroup

browser: ## get Chromium for the browser journeys (as root on Debian; else say what to run)
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
		|| echo "SKIPPED: no Chromium, so the browser journeys are not tested. Run: apt-get install chromium"

services: ## get PostgreSQL, nats-server, Mosquitto and strace for their tests (as root on Debian; else say what to run)
	@for need in postgresql:/usr/lib/postgresql nats-server:/usr/sbin/nats-server mosquitto:/usr/sbin/mosquitto strace:/usr/bin/strace; do package=$${need%%:*}; place=$${need#*:}; \
		[ -e "$$place" ] || command -v "$$package" >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
			&& apt-get update -qq && apt-get install -y -qq --no-install-recommends "$$package" >/dev/null; } \
		|| echo "SKIPPED: no $$package, so what needs it is not tested. Run: apt-get install $$package"; done

lint: setup-dev ## style, types, import contracts
	$(BIN)/ruff check src tests examples verify
	$(BIN)/ruff format --check src tests examples verify
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev ## let ruff mend what it can
	$(BIN)/ruff check --fix src tests verify
	$(BIN)/ruff format src tests verify

docs: setup-dev ## build the site, strictly
	$(BIN)/anlan docs --check
	$(BIN)/mkdocs build --strict --quiet

torture: setup-dev services ## the long forms, hours: tamper, crash, full disk, clock, cities, access, fuzz, NATS
	ANLAN_TEST_TORTURE=1 $(BIN)/pytest tests/verify/test_tamper.py tests/torture
	ANLAN_SIM_SEEDS=$(or $(SEEDS),100) $(BIN)/pytest -n auto tests/sim/test_seeds.py
	ANLAN_TEST_NATS_KILLS=10 ANLAN_TEST_NATS_MATTERS=5000 $(BIN)/pytest -s tests/app/test_publish_cluster.py
	ANLAN_TEST_ACCESS=all $(BIN)/pytest -s tests/access/test_matrix.py
	ANLAN_TEST_FUZZ=$(or $(FUZZ),1000000) $(BIN)/pytest -s -n auto tests/fuzz

bench: setup ## every ratio, as a table; BENCH="name …" picks, JSON=1 prints JSON; setup-bench brings spopt
	$(BIN)/anlan bench $(BENCH) $(if $(JSON),--json)

lock: setup-dev ## recompile requirements/*.txt with hashes
	for set in run dev node bench; do $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements/$$set.in -o requirements/$$set.txt; done

clean: ## remove what was built (not var)
	rm -rf $(VENV) $(VENDOR) $(FONTS) node_modules site build

.PHONY: help setup assets setup-dev setup-bench run test torture browser services lint format docs bench lock clean
