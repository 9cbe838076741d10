#!/usr/bin/env bash
# Installs the unit in a booted Debian with systemd, runs it on a recorded feed, breaks it and removes it.
# SUITE=trixie takes Debian 13 instead of 12, ENGINE=litert the unit without EasyOCR and PyTorch. Needs root, debootstrap,
# systemd-container and about 5 GB (15 GB where only PyTorch's build with CUDA is to be had: WHEELS=folder gives it the small
# one); elsewhere it says so and skips. With --prepare it only builds the root, which tests/hardware/vm.sh uses, too.
set -euo pipefail
cd "$(dirname "$0")/../../.."
suite=${SUITE:-bookworm}
case $suite in
    bookworm) base=$PWD/var/unit-root wheelhouse=$PWD/var/wheelhouse version=3.11 ;;
    trixie) base=$PWD/var/unit-root-trixie wheelhouse=$PWD/var/wheelhouse-trixie version=3.13 ;;
    *) echo "test-unit: there is no SUITE $suite: bookworm or trixie" >&2; exit 1 ;;
esac

engine=${ENGINE:-easyocr}
[ "$engine" = easyocr ] || wheelhouse=$wheelhouse-$engine

skip() { echo "test-unit: skipped: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "needs root (sudo make test-unit)"
for tool in debootstrap:debootstrap systemd-nspawn:systemd-container; do
    command -v "${tool%%:*}" >/dev/null || skip "needs ${tool%%:*} (apt install ${tool##*:})"
done

packages=(
    systemd systemd-sysv systemd-timesyncd dbus udev python3 python3-venv make procps curl kmod
    ca-certificates
)
made_of() { [ "$(cat "$1/.ready" 2>/dev/null)" = "$2" ]; }  # FOLDER STAMP: whether it was made of what is wanted now
if ! made_of "$base" "${packages[*]}"; then
    echo "test-unit: building $base once (some minutes) ..."
    rm -rf "$base"
    mkdir -p "$base"
    nice debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" "$suite" "$base" >"$base.log"
    echo "${packages[*]}" >"$base/.ready"
fi
# The root has no network: wheels of an older lock would end the proof at its first step.
lock=$(cat systemd/setup/lock/*.txt systemd/setup/install.py | sha256sum)
made_of "$wheelhouse" "$lock" || {
    rm -rf "$wheelhouse"
    WHEELHOUSE=$wheelhouse PYTHON_VERSION=$version MACHINE="" ENGINE=$engine systemd/wheelhouse.sh
    echo "$lock" >"$wheelhouse/.ready"
}
[ "${1:-}" != --prepare ] || exit 0

# The base stays as it is: all changes go into a layer that is thrown away.
work=$(mktemp -d -p var unit-run.XXXX)
trap 'umount "$PWD/$work/root" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$work"/{upper,tmp,root}
mount -t overlay overlay -o "lowerdir=$base,upperdir=$PWD/$work/upper,workdir=$PWD/$work/tmp" "$work/root"
root=$work/root
install -m 644 tests/install/unit_root/proof.service "$root/etc/systemd/system/proof.service"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/src" "$root/var/log/journal"
ln -s ../proof.service "$root/etc/systemd/system/multi-user.target.wants/proof.service"
rm -f "$root/etc/resolv.conf"

# Without a network: what is installed comes from the wheelhouse alone. The second boot comes after a power-off.
touch "$root/proof.log"
tail -n +1 -F "$root/proof.log" 2>/dev/null > >(sed -un 's/^PROOF //p') &
follower=$!
for _ in 1 2; do
    systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network --console=pipe \
        --setenv=ENGINE="$engine" --bind-ro="$PWD:/src" --bind-ro="$wheelhouse:/srv/wheelhouse" --boot systemd.show_status=0 </dev/null >/dev/null
    [ -e "$root/proof.second" ] || break
done
sleep 1
kill "$follower"
if [ ! -e "$root/proof.done" ]; then
    echo "test-unit: FAILED; what the steps and the unit said last:"
    tail -n 40 "$root/var/log/proof.log"
    journalctl --no-pager -D "$root/var/log/journal" -n 40 -o cat -u autovelox.service || true
    exit 1
fi
echo "test-unit: passed"
