# The targets that make and prove an installation.

LOCKER := build/lock

.PHONY: lock
lock: ## renew the lock of all packages after a change of setup.cfg or constraints.txt (systemd/setup/lock)
	@python=$$(PYTHON="$(PYTHON)" systemd/setup/preflight.sh); test -x $(LOCKER)/bin/uv || $$python -m venv --clear $(LOCKER)
	@$(LOCKER)/bin/python -m pip install --quiet --disable-pip-version-check --requirement systemd/setup/lock-tool.txt
	@$(LOCKER)/bin/python systemd/setup/lock.py $(LOCKER)/bin/uv

.PHONY: outdated
outdated: install ## list the direct dependencies that have a newer release, beside their pins
	@$(BIN)/python systemd/setup/outdated.py

# What a release consists of, with checksums. The checkpoints to train on from are in no clone: only here.
VERSION := $(shell sed -n 's/^version = //p' setup.cfg)
RELEASE_DIR := build/release

.PHONY: release
release: install ## make build/release: wheel, source archive, the checkpoints to train on from, SHA256SUMS
	@rm -rf $(RELEASE_DIR) && mkdir -p $(RELEASE_DIR)
	@$(BIN)/python -m build --no-isolation --outdir $(RELEASE_DIR) . >build/release.log 2>&1 || \
		{ cat build/release.log >&2; exit 1; }
	@CHECKPOINTS="$(CHECKPOINTS)" converter/checkpoints.sh pack $(RELEASE_DIR)/autovelox-checkpoints-$(VERSION).tar.gz
	@cd $(RELEASE_DIR) && sha256sum * >SHA256SUMS && cat SHA256SUMS

.PHONY: deb
deb: ## build the Debian package for this system into build/deb (needs debhelper; PACKAGE=autovelox-centre; ENGINE=easyocr; WHEELS=folder of wheels)
	@PACKAGE="$(PACKAGE)" ENGINE="$(ENGINE)" WHEELS="$(WHEELS)" systemd/deb.sh build/deb
