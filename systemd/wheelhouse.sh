#!/usr/bin/env bash
# Fills a folder with every wheel the unit needs, for installing without a network: `make wheelhouse`.
# MACHINE=aarch64 fills it for a Raspberry Pi from any other computer; PYTHON_VERSION is that of the board.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${WHEELHOUSE:-var/wheelhouse}
machine=${MACHINE:-$(uname -m)}
version=${PYTHON_VERSION:-3.11}
python=${PYTHON:-python3.11}
mkdir -p "$folder"

# pip reads platform markers for the machine it runs on, so the lines for the other machine are chosen here.
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
sed -E "/platform_machine ==/{/platform_machine == \"$machine\"/!d; s/;.*//}" constraints.txt >"$constraints"
mapfile -t wanted < <("$python" - "$machine" <<'E2'
import configparser
import sys

setup = configparser.ConfigParser()
setup.read("setup.cfg")
for requirement in setup["options"]["install_requires"].split("\n"):
    name, _, marker = requirement.partition(";")
    if name.strip() and ("platform_machine" not in marker or sys.argv[1] in marker):
        print(name.strip())
print("torch", "torchvision", "setuptools>=68", "wheel", "pip", sep="\n")
E2
)
platforms=()
for glibc in 2_17 2_24 2_26 2_27 2_28 2_31 2_34 2_35 2_36; do platforms+=(--platform "manylinux_${glibc}_$machine"); done
platforms+=(--platform "manylinux2014_$machine" --platform "linux_$machine")
"$python" -m pip download --quiet --disable-pip-version-check --dest "$folder" --constraint "$constraints" \
    --only-binary=:all: --implementation cp --python-version "$version" "${platforms[@]}" \
    --find-links "$folder" "${wanted[@]}"
echo "wheelhouse: $(find "$folder" -name '*.whl' | wc -l) wheels, $(du -sh "$folder" | cut -f1), in $folder for $machine, Python $version"
