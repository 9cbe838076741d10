#!/usr/bin/env bash
# Builds a Debian package of this checkout for the Debian it runs on: OUT (first argument, default build/deb) gets it.
# PACKAGE is autovelox, the unit, or autovelox-centre, headquarters (centre/systemd/debian).
# LiteRT runs the reader in it; ENGINE=easyocr adds EasyOCR and PyTorch, whose CPU build has to be in reach (WHEELS=folder).
# The virtual environment is bound to the system's Python, so each Debian and each processor has a package of its own.
# dh-virtualenv is not used: its last release is of 2020, and it takes no lock with hashes; debhelper does everything else.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mkdir -p "${1:-build/deb}" && cd "${1:-build/deb}" && pwd)
for tool in dh:debhelper dpkg-buildpackage:dpkg-dev; do
    command -v "${tool%%:*}" >/dev/null || { echo "deb: needs ${tool%%:*}: apt install build-essential debhelper git python3-venv" >&2; exit 1; }
done
package=${PACKAGE:-autovelox}
export ENGINE=${ENGINE:-litert}
case $package in
    autovelox) from=systemd sysusers=systemd/sysusers.d/autovelox.conf tmpfiles=systemd/tmpfiles.d/autovelox.conf ;;
    autovelox-centre)
        from=centre/systemd sysusers=centre/systemd/autovelox-centre.sysusers tmpfiles=centre/systemd/autovelox-centre.tmpfiles
        [ "$ENGINE" = litert ] || { echo "deb: the centre reads no photo: leave ENGINE out" >&2; exit 1; }
        ;;
    *) echo "deb: PACKAGE=$package: set it to autovelox or autovelox-centre" >&2; exit 1 ;;
esac
[ -z "${WHEELS:-}" ] || WHEELS=$(realpath "$WHEELS")
export WHEELS=${WHEELS:-}
version=$(sed -n 's/^version = //p' setup.cfg)${VERSION_SUFFIX:-}$([ "$ENGINE" = litert ] || echo "+$ENGINE")~deb$(. /etc/os-release && echo "${VERSION_ID:-13}")
work=$(mktemp -d "$out/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/$package"
git archive HEAD | tar x -C "$work/$package"
cd "$work/$package"
mv "$from/debian" debian
mkdir -p "$from/debian"
cat >debian/changelog <<E2
$package ($version) unstable; urgency=medium

  * Built from the project's own tree.

 -- Autovelox maintainers <autovelox@example.org>  $(date -R)
E2
cp "$sysusers" "debian/$package.sysusers"
cp "$tmpfiles" "debian/$package.tmpfiles"
dpkg-buildpackage --build=binary --no-sign
mv "$work/${package}"_*.deb "$out/"
built=$(ls "$out/${package}_${version}"_*.deb)
echo "deb: $built, $(du -m "$built" | cut -f1) MB"
