# The targets of the unit: installing it on a board, and proving it without one.

# `make install` makes .venv in the checkout. `make install SYSTEM=1` installs the unit on this board, as does giving
# DESTDIR= or PREFIX= to make.
SYSTEM_INSTALL := $(strip $(SYSTEM) $(filter command,$(foreach name,DESTDIR PREFIX,$(origin $(name)))))
ifneq ($(SYSTEM_INSTALL),)
install:
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" PYTHON="$(or $(PYTHON),python3)" WHEELS="$(WHEELS)" \
		ENGINE="$(ENGINE)" systemd/install.sh
endif

.PHONY: uninstall
uninstall: ## remove the unit from this board; evidence, registry, configuration and keys stay (root)
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" systemd/uninstall.sh

.PHONY: wheelhouse
wheelhouse: ## fill var/wheelhouse for installing without a network (MACHINE=aarch64 for a Raspberry Pi)
	@MACHINE="$(MACHINE)" PYTHON="$(PYTHON)" PYTHON_VERSION="$(PYTHON_VERSION)" WHEELS="$(WHEELS)" ENGINE="$(ENGINE)" systemd/wheelhouse.sh

.PHONY: test-unit
test-unit: ## install, run, break and remove the unit in a booted systemd (root; SUITE=trixie; ENGINE=litert; skips where it cannot)
	@SUITE="$(SUITE)" WHEELS="$(WHEELS)" ENGINE="$(ENGINE)" tests/install/unit_root/run.sh

.PHONY: test-centre-unit
test-centre-unit: ## install the centre and its opening service in a booted systemd, let units deliver, kill them, move to a cluster (root; ten minutes; skips where it cannot)
	@tests/install/centre_root/run.sh

.PHONY: test-camera
test-camera: ## run the camera on a real picamera2 and libcamera's virtual pipeline (root; skips where it cannot)
	@tests/hardware/camera/run.sh

# On a board SYSTEM=1 takes the installed unit's libraries: no second environment, and no network.
.PHONY: hil
hil: $(if $(SYSTEM),,$(VENV)/.installed) ## hardware in the loop: SYSTEM=1 PIN_OUT=.. PIN_IN=.. on a board with a jumper; mock pins without
	@$(if $(SYSTEM),$(or $(PREFIX),/opt/autovelox)/current/bin,$(BIN))/python tests/hardware/run.py $(if $(PIN_OUT),--pin-out $(PIN_OUT) --pin-in $(PIN_IN)) $(HIL_ARGS)

.PHONY: measure-unit
measure-unit: $(VENV)/.installed ## what the unit needs with either engine of the reader: install, start, memory, CPU of a crop
	@$(BIN)/python tests/hardware/engines.py $(MEASURE_ARGS)

.PHONY: hil-vm
hil-vm: $(VENV)/.installed ## the same on a kernel with simulated GPIO lines, in qemu (root; skips where it cannot)
	@tests/hardware/vm.sh
