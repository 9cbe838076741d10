#!/usr/bin/env bash
# Builds the Debian package of this checkout for the Debian it runs on: OUT (first argument, default build/deb) gets it.
# LiteRT runs the reader in it; ENGINE=easyocr adds EasyOCR and PyTorch, whose CPU build has to be in reach (WHEELS=folder).
# The virtual environment is bound to the system's Python, so each Debian and each processor has a package of its own.
# dh-virtualenv is not used: its last release is of 2020, and it takes no lock with hashes; debhelper does everything else.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mkdir -p "${1:-build/deb}" && cd "${1:-build/deb}" && pwd)
for tool in dh:debhelper dpkg-buildpackage:dpkg-dev; do
    command -v "${tool%%:*}" >/dev/null || { echo "deb: needs ${tool%%:*}: apt install build-essential debhelper git python3-venv" >&2; exit 1; }
done
export ENGINE=${ENGINE:-litert}
[ -z "${WHEELS:-}" ] || WHEELS=$(realpath "$WHEELS")
export WHEELS=${WHEELS:-}
version=$(sed -n 's/^version = //p' setup.cfg)${VERSION_SUFFIX:-}$([ "$ENGINE" = litert ] || echo "+$ENGINE")~deb$(. /etc/os-release && echo "${VERSION_ID:-13}")
work=$(mktemp -d "$out/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/autovelox"
git archive HEAD | tar x -C "$work/autovelox"
cd "$work/autovelox"
mv systemd/debian debian
mkdir -p systemd/debian
cat >debian/changelog <<E2
autovelox ($version) unstable; urgency=medium

  * Built from the project's own tree.

 -- Autovelox maintainers <autovelox@example.org>  $(date -R)
E2
cp systemd/sysusers.d/autovelox.conf debian/autovelox.sysusers
cp systemd/tmpfiles.d/autovelox.conf debian/autovelox.tmpfiles
dpkg-buildpackage --build=binary --no-sign
mv "$work"/autovelox_*.deb "$out/"
echo "deb: $(ls "$out"/autovelox_"$version"_*.deb), $(du -m "$out"/autovelox_"$version"_*.deb | cut -f1) MB"
