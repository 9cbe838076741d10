#!/usr/bin/env bash
# Installs the unit in a booted Debian with systemd, runs it on a recorded feed, breaks it and removes it.
# SUITE=trixie takes Debian 13 instead of 12, ENGINE=litert the unit without EasyOCR and PyTorch. Needs root, debootstrap,
# systemd-container and about 5 GB (15 GB where only PyTorch's build with CUDA is to be had: WHEELS=folder gives it the small
# one); elsewhere it says so and skips. With --prepare it only builds the root, which tests/hardware/vm.sh uses, too.
set -euo pipefail
cd "$(dirname "$0")/../../.."
PROOF=test-unit
. tests/install/booted.sh
suite=${SUITE:-bookworm}
case $suite in
    bookworm) base=$PWD/var/unit-root wheelhouse=$PWD/var/wheelhouse version=3.11 ;;
    trixie) base=$PWD/var/unit-root-trixie wheelhouse=$PWD/var/wheelhouse-trixie version=3.13 ;;
    *) echo "test-unit: there is no SUITE $suite: bookworm or trixie" >&2; exit 1 ;;
esac
engine=${ENGINE:-easyocr}
[ "$engine" = easyocr ] || wheelhouse=$wheelhouse-$engine

can_boot
minimal_system "$suite" "$base"
wheels "$wheelhouse" PYTHON_VERSION="$version" ENGINE="$engine"
[ "${1:-}" != --prepare ] || exit 0
boot "$base" "$wheelhouse" tests/install/unit_root/inside.sh autovelox
