#!/usr/bin/env bash
# Fills a folder with every wheel the unit needs, for installing without a network: `make wheelhouse`.
# MACHINE=aarch64 fills it for a Raspberry Pi from any other computer; PYTHON_VERSION is that of the board. ENGINE=litert
# leaves EasyOCR and PyTorch out.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${WHEELHOUSE:-var/wheelhouse}
machine=${MACHINE:-$(uname -m)}
version=${PYTHON_VERSION:-3.11}
python=${PYTHON:-python3.11}
mkdir -p "$folder"
if ! "$python" -c 'import pip' 2>/dev/null; then
    # Debian's Python comes without pip; a virtual environment brings it.
    borrowed=$(mktemp -d)
    trap 'rm -rf "$borrowed"' EXIT
    "$python" -m venv "$borrowed"
    python=$borrowed/bin/python
fi

platforms=()
for glibc in 2_17 2_24 2_26 2_27 2_28 2_31 2_34 2_35 2_36; do platforms+=(--platform "manylinux_${glibc}_$machine"); done
platforms+=(--platform "manylinux2014_$machine" --platform "linux_$machine")
# pip asks the machine it runs on when a requirement names a machine or a Python (PyTorch's then name three gigabytes of
# CUDA); it has no option for that, so it is told here what the board would answer.
"$python" - "$machine" "$version" "${ENGINE:-easyocr}" \
    download --quiet --disable-pip-version-check --dest "$folder" --constraint constraints.txt \
    --only-binary=:all: --implementation cp --python-version "$version" "${platforms[@]}" --find-links "$folder" <<'E2'
import configparser
import sys

from pip._internal.cli.main import main
from pip._vendor.packaging import markers

machine, version, engine, *words = sys.argv[1:]
here = markers.default_environment()
board = {**here, "platform_machine": machine, "python_version": version, "python_full_version": f"{version}.0"}
markers.default_environment = board.copy
setup = configparser.ConfigParser()
setup.read("setup.cfg")
declared = setup["options"]["install_requires"]
if engine != "litert":
    declared += setup["options.extras_require"]["easyocr"] + "\ntorch\ntorchvision"
wanted = [line.strip() for line in declared.split("\n") if line.strip()]
sys.exit(main([*words, *wanted, "setuptools>=68", "wheel", "pip"]))
E2
if cuda=$(find "$folder" -name 'nvidia*' | grep .); then
    echo "wheelhouse: PyTorch for $machine wants CUDA, which no board has: pin a build without it in constraints.txt" >&2
    echo "$cuda" >&2
    exit 1
fi
echo "wheelhouse: $(find "$folder" -name '*.whl' | wc -l) wheels, $(du -sh "$folder" | cut -f1), in $folder for $machine, Python $version"
