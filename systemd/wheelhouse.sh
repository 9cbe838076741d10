#!/usr/bin/env bash
# Fills a folder with every wheel the unit needs, for installing without a network: `make wheelhouse`.
# MACHINE=aarch64 fills it for a Raspberry Pi from any other computer; PYTHON_VERSION is that of the board. WHEELS is a
# folder of wheels to take before any index. ENGINE=litert leaves EasyOCR and PyTorch out. PARTS=centre adds what the centre needs.
set -euo pipefail
unset PYTHONSAFEPATH # the scripts of systemd/setup import each other
cd "$(dirname "$0")/.."
folder=${WHEELHOUSE:-var/wheelhouse}
machine=${MACHINE:-$(uname -m)}
version=${PYTHON_VERSION:-3.11}
case ${ENGINE:-easyocr} in
    easyocr) parts=(unit easyocr torch) ;;
    litert) parts=(unit) ;;
    *) echo "wheelhouse: ENGINE=$ENGINE: set it to easyocr or litert" >&2; exit 1 ;;
esac
read -ra more <<<"${PARTS:-}"
python=$(systemd/setup/preflight.sh 2> >(grep -v 'has no Tk' >&2))
mkdir -p build
TMPDIR=$(mktemp -d "$PWD/build/wheelhouse.XXXXXX")
export TMPDIR PIP_DISABLE_PIP_VERSION_CHECK=1
trap 'rm -rf "$TMPDIR"' EXIT
# Debian's Python comes without pip; a virtual environment brings it.
"$python" -m venv "$TMPDIR/pip"
"$TMPDIR/pip/bin/python" systemd/setup/install.py ${WHEELS:+--wheels "$WHEELS"} --download "$folder" \
    --machine "$machine" --python "$version" "${parts[@]}" "${more[@]}"
echo "wheelhouse: $(find "$folder" -name '*.whl' | wc -l) wheels, $(du -sh "$folder" | cut -f1), in $folder for $machine, Python $version"
