#!/usr/bin/env bash
# Installs the centre in a booted Debian 12 with systemd, as docs/centre.md says, lets a unit join and deliver, kills it, moves
# it to a cluster of the authority, and has the opening service decide cases: `make test-centre-unit`. Needs root,
# debootstrap and systemd-container, and 2 GB; elsewhere it says so and skips.
set -euo pipefail
cd "$(dirname "$0")/../../.."
PROOF=test-centre-unit
. tests/install/booted.sh
can_boot
minimal_system bookworm "$PWD/var/unit-root"
wheels "$PWD/var/wheelhouse-centre" PYTHON_VERSION=3.11 ENGINE=litert PARTS=centre
boot "$PWD/var/unit-root" "$PWD/var/wheelhouse-centre" tests/install/centre_root/inside.sh autovelox-centre autovelox-opener roadside cluster
