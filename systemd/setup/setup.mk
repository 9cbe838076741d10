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
