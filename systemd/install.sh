#!/usr/bin/env bash
# Installs the unit on a board: `sudo make install SYSTEM=1`. See docs/install.md.
#
# PREFIX (/opt/autovelox) gets a folder per release with a virtual environment in it, and the link `current`. A running
# unit is restarted; if the new release does not become healthy, the one before it comes back.
# DESTDIR installs below another root, for images and packages: nothing is started there.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/opt/autovelox}
dest=${DESTDIR:-}
python=${PYTHON:-python3}
wheelhouse=${WHEELHOUSE:-var/wheelhouse}
settle_s=${SETTLE_S:-10}

say() { echo "install: $*"; }
fail() { echo "install: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "run as root: sudo make install SYSTEM=1"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' ||
    fail "$python is not Python 3.11 to 3.13: set PYTHON"
"$python" -c 'import ensurepip' 2>/dev/null || fail "Python cannot make virtual environments: apt install python3-venv"

release=$("$python" - <<'E2'
import configparser
setup = configparser.ConfigParser()
setup.read("setup.cfg")
print(setup["metadata"]["version"])
E2
)-$(date -u +%Y%m%d%H%M%S)
new=$prefix/releases/$release
target=$dest$new
source=$(mktemp -d)
trap 'status=$?; rm -rf "$source"; [ "$status" = 0 ] || [ -e "$target/.done" ] || rm -rf "$target"' EXIT

say "making $new"
mkdir -p "$target"
# The system's packages stay visible: picamera2 and libcamera come from apt. What pip installs goes before them.
"$python" -m venv --system-site-packages "$target"
pip=("$target/bin/python" -m pip install --quiet --disable-pip-version-check --root-user-action ignore)
if [ -d "$wheelhouse" ]; then
    say "installing from $wheelhouse, without the network"
    pip+=(--no-index --find-links "$wheelhouse")
fi
# From a copy: nothing of root's is left in the checkout.
cp -r setup.cfg pyproject.toml README.md LICENSE NOTICE edge converter "$source/"
"${pip[@]}" --ignore-installed --constraint constraints.txt 'setuptools>=68' wheel
"${pip[@]}" --ignore-installed --constraint constraints.txt --no-build-isolation "$source"
share=$target/share/autovelox
mkdir -p "$share"
cp -r models docs autovelox.example.toml LICENSE NOTICE "$share/"
if [ -n "$dest" ]; then
    # Scripts name their interpreter; it will be at home under the new root.
    grep -rlIZ "^#!$target" "$target/bin" | xargs -0r sed -i "1s#$target#$new#"
fi

say "installing units and rules"
put() { install -D -m 644 "$1" "$dest$2"; }
for unit in systemd/*.service systemd/*.timer; do
    install -d "$dest/etc/systemd/system"
    sed "s#@PREFIX@#$prefix#g" "$unit" >"$dest/etc/systemd/system/${unit##*/}"
done
if [ "$(systemctl --version 2>/dev/null | awk 'NR == 1 {print $2}')" -ge 254 ] 2>/dev/null; then
    put systemd/backoff.conf /etc/systemd/system/autovelox.service.d/backoff.conf
fi
put systemd/sysusers.d/autovelox.conf /usr/lib/sysusers.d/autovelox.conf
put systemd/tmpfiles.d/autovelox.conf /usr/lib/tmpfiles.d/autovelox.conf
put systemd/modules-load.d/autovelox.conf /usr/lib/modules-load.d/autovelox.conf
put systemd/udev/70-autovelox.rules /usr/lib/udev/rules.d/70-autovelox.rules
install -d "$dest/etc/autovelox" "$dest/usr/local/bin"
put autovelox.example.toml /etc/autovelox/autovelox.example.toml
[ -e "$dest/etc/autovelox/autovelox.toml" ] || put autovelox.example.toml /etc/autovelox/autovelox.toml
ln -sfn "$prefix/current/bin/autovelox" "$dest/usr/local/bin/autovelox"
if [ -z "$dest" ] && [ ! -e /etc/autovelox/signing.key ]; then
    (umask 077; head -c 32 /dev/urandom >/etc/autovelox/signing.key.new && mv /etc/autovelox/signing.key{.new,})
    say "made the key that signs evidence, /etc/autovelox/signing.key: keep a copy elsewhere"
fi

switch() { ln -sfn "releases/$1" "$dest$prefix/current.new" && mv -T "$dest$prefix/current.new" "$dest$prefix/current"; }
old=$(basename "$(readlink "$dest$prefix/current" || true)")
touch "$target/.done"
switch "$release"

if [ -n "$dest" ]; then
    say "installed below $dest; on the board run systemd-sysusers, systemd-tmpfiles --create, systemctl preset-all"
    exit 0
fi

systemd-sysusers autovelox.conf
systemd-tmpfiles --create autovelox.conf
[ -d /run/systemd/system ] || { say "installed; systemd is not running here, so nothing was started"; exit 0; }
systemctl daemon-reload
udevadm control --reload 2>/dev/null && udevadm trigger 2>/dev/null || say "no udev here: rules hold from the next start"
systemctl enable --quiet autovelox.service autovelox-{purge,backup,selftest}.timer
systemctl start autovelox-{purge,backup,selftest}.timer

healthy() {  # it says that it is ready, and is still the same process a while later
    systemctl restart autovelox.service || return 1
    local pid; pid=$(systemctl show -P MainPID autovelox.service)
    sleep "$settle_s"
    systemctl is-active --quiet autovelox.service && [ "$(systemctl show -P MainPID autovelox.service)" = "$pid" ]
}

if systemctl is-active --quiet autovelox.service; then
    say "restarting the unit with $release"
    if ! healthy; then
        if [ -n "$old" ] && [ -d "$prefix/releases/$old" ]; then
            switch "$old"
            systemctl restart autovelox.service || true
            fail "$release did not become healthy, $old is back: journalctl -u autovelox tells why"
        fi
        fail "$release did not become healthy: journalctl -u autovelox tells why"
    fi
else
    say "installed; make the registry (autovelox registry init), edit /etc/autovelox/autovelox.toml, systemctl start autovelox"
fi
# The release before this one stays, for going back by hand.
find "$prefix/releases" -mindepth 1 -maxdepth 1 ! -name "$release" ! -name "${old:-none}" -exec rm -rf {} +
