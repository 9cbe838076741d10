#!/usr/bin/env bash
# The Debian packages of the system that `make test-unit` and `make test-centre-unit` boot, with commas between them.
set -euo pipefail
packages=(
    systemd systemd-sysv systemd-timesyncd dbus udev python3 python3-venv make procps curl kmod
    ca-certificates
)
(IFS=,; echo "${packages[*]}")
