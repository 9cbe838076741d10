#!/usr/bin/env bash
# Installs the centre in a booted Debian 12 with systemd, as docs/centre.md says, lets a unit join and deliver, kills it, and
# moves it to a cluster of the authority: `make test-centre-unit`. Needs root, debootstrap and systemd-container, and 2 GB;
# elsewhere it says so and skips. The system is made once and never changed.
set -euo pipefail
cd "$(dirname "$0")/../../.."
base=$PWD/var/centre-root wheelhouse=$PWD/var/wheelhouse-centre

skip() { echo "test-centre-unit: skipped: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "needs root (sudo make test-centre-unit)"
for tool in debootstrap:debootstrap systemd-nspawn:systemd-container; do
    command -v "${tool%%:*}" >/dev/null || skip "needs ${tool%%:*} (apt install ${tool##*:})"
done
packages=(systemd systemd-sysv systemd-timesyncd dbus udev python3 python3-venv procps curl ca-certificates)
made_of() { [ "$(cat "$1/.ready" 2>/dev/null)" = "$2" ]; }  # FOLDER STAMP: whether it was made of what is wanted now
if ! made_of "$base" "${packages[*]}"; then
    echo "test-centre-unit: building $base once (some minutes) ..."
    rm -rf "$base" && mkdir -p "$base"
    nice debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" bookworm "$base" >"$base.log"
    echo "${packages[*]}" >"$base/.ready"
fi
# The system has no network: wheels of an older lock would end the proof at its first step.
lock=$(cat systemd/setup/lock/*.txt systemd/setup/install.py | sha256sum)
made_of "$wheelhouse" "$lock" || {
    rm -rf "$wheelhouse"
    WHEELHOUSE=$wheelhouse PYTHON_VERSION=3.11 MACHINE="" ENGINE=litert PARTS=centre systemd/wheelhouse.sh
    echo "$lock" >"$wheelhouse/.ready"
}

# The base stays as it is: all changes go into a layer that is thrown away.
work=$(mktemp -d -p var centre-run.XXXX)
trap 'umount "$PWD/$work/root" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$work"/{upper,tmp,root}
mount -t overlay overlay -o "lowerdir=$base,upperdir=$PWD/$work/upper,workdir=$PWD/$work/tmp" "$work/root"
root=$work/root
install -m 644 tests/install/centre_root/proof.service "$root/etc/systemd/system/proof.service"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/src" "$root/var/log/journal"
ln -s ../proof.service "$root/etc/systemd/system/multi-user.target.wants/proof.service"
rm -f "$root/etc/resolv.conf"
echo "127.0.0.1 localhost" >"$root/etc/hosts" # the minimal system has none

# Without a network: what is installed comes from the wheelhouse alone.
touch "$root/proof.log"
tail -n +1 -F "$root/proof.log" 2>/dev/null > >(sed -un 's/^PROOF //p') &
follower=$!
systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network --console=pipe \
    --bind-ro="$PWD:/src" --bind-ro="$wheelhouse:/srv/wheelhouse" --boot systemd.show_status=0 </dev/null >/dev/null
sleep 1
kill "$follower"
if [ ! -e "$root/proof.done" ]; then
    echo "test-centre-unit: FAILED; what the steps and the services said last:"
    tail -n 40 "$root/var/log/proof.log"
    journalctl --no-pager -D "$root/var/log/journal" -n 60 -o cat -u autovelox-centre -u roadside || true
    exit 1
fi
echo "test-centre-unit: passed"
