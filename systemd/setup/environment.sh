#!/usr/bin/env bash
# Makes a virtual environment in the checkout: FOLDER PART... where a part is a file of systemd/setup/lock.
# WHEELS is a folder of wheels to take before any index; PYTHON names another Python. A first attempt that fails leaves nothing.
set -euo pipefail
unset PYTHONSAFEPATH # the scripts of systemd/setup import each other
cd "$(dirname "$0")/../.."
folder=$1; shift
setup=systemd/setup

# What an attempt left that was killed, or failed as those of older checkouts did: without a Python, or without its pip.
if [ -e "$folder" ] && { [ -e "$folder/.making" ] || ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; }; then
    echo "Removing $folder, which an attempt left half made ..."
    rm -rf "$folder"
fi
if [ -x "$folder/bin/python" ]; then
    python=$folder/bin/python
    echo "Updating $folder ..."
else
    python=$(PYTHON="${PYTHON:-}" $setup/preflight.sh)
    echo "Setting up $folder with $("$python" -V), once: some minutes. Sizes: docs/install.md."
fi

# pip unpacks below TMPDIR, and a /tmp in memory is too small for it.
mkdir -p build
TMPDIR=$(mktemp -d "$PWD/build/setup.XXXXXX")
export TMPDIR PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
finish() {
    local status=$?
    rm -rf "$TMPDIR"
    [ ! -e "$folder/.making" ] || { rm -rf "$folder"; echo "make: $folder was not made; nothing is left of it" >&2; }
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

if [ "$python" != "$folder/bin/python" ]; then
    mkdir -p "$folder"
    touch "$folder/.making"
    "$python" -m venv "$folder"
    touch "$folder/.making"
fi
"$folder/bin/python" $setup/install.py --exact ${WHEELS:+--wheels "$WHEELS"} "$@"
"$folder/bin/python" $setup/slim.py
"$folder/bin/python" -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
"$folder/bin/python" -m pip check --quiet
rm -f "$folder/.making"
touch "$folder/.installed"
