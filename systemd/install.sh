#!/usr/bin/env bash
# Installs the unit on a board: `sudo make install SYSTEM=1`. See docs/install.md.
#
# PREFIX (/opt/autovelox) gets a folder per release with a virtual environment in it, and the link `current`. A running
# unit is restarted; if the new release does not become healthy, the one before it comes back, with its own units and,
# where the new one had migrated them, its own databases.
# DESTDIR installs below another root, for images and packages: nothing is started there, and root is not needed.
# MASTER_KEY=FILE names the copy of a master key that is sealed to the board, for migrating a registry.
# ENGINE=litert leaves EasyOCR and PyTorch out: LiteRT runs the reader, and a first configuration says so.
# WHEELS is a folder of wheels to take before any index. For packages: RELEASE names the release, UNITDIR, BINDIR and SHAREDIR
# (man pages, completions) are theirs, CPU_ONLY fails rather than take PyTorch's build with CUDA.
set -euo pipefail
unset PYTHONSAFEPATH # the scripts of systemd/setup import each other
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/opt/autovelox}
dest=${DESTDIR:-}
python=${PYTHON:-python3}
wheels=${WHEELS:-${WHEELHOUSE:-var/wheelhouse}}
unitdir=${UNITDIR:-/etc/systemd/system}
bindir=${BINDIR:-/usr/local/bin}
sharedir=${SHAREDIR:-/usr/local/share}
# Longer than WatchdogSec=: a unit that is ready but sick is killed by then.
settle_s=${SETTLE_S:-40}
config=/etc/autovelox/autovelox.toml
engine=${ENGINE:-easyocr}

say() { echo "install: $*"; }
fail() { echo "install: $*" >&2; exit 1; }
case $engine in
    easyocr) parts=(unit easyocr torch) ;;
    litert) parts=(unit) ;;
    *) fail "ENGINE=$engine: set it to easyocr or litert" ;;
esac
[ -n "$dest" ] || [ "$(id -u)" = 0 ] || fail "run as root: sudo make install SYSTEM=1"
mkdir -p "$dest$prefix"
# An upgrade shares most of what is there.
disk_mb=$([ -e "$dest$prefix/current" ] && echo 300 || { [ "$engine" = litert ] && echo 900 || echo 2500; })
python=$(PYTHON=$python DISK_MB=$disk_mb systemd/setup/preflight.sh "$dest$prefix" 2> >(grep -v 'has no Tk' >&2)) || exit 1
# pip unpacks below TMPDIR, and a /tmp in memory is too small for it.
TMPDIR=$(mktemp -d "$dest$prefix/setup.XXXXXX")
export TMPDIR

release=${RELEASE:-$("$python" - <<'E2'
import configparser
setup = configparser.ConfigParser()
setup.read("setup.cfg")
print(setup["metadata"]["version"])
E2
)-$(date -u +%Y%m%d%H%M%S)}
new=$prefix/releases/$release
target=$dest$new
source=$(mktemp -d)
trap 'status=$?; rm -rf "$source" "$TMPDIR"; [ "$status" = 0 ] || [ -e "$target/.done" ] || rm -rf "$target"' EXIT

old=$(basename "$(readlink "$dest$prefix/current" || true)")
before=$prefix/releases/${old:-none}
wants=$({ grep -v '^version' setup.cfg; (cd systemd/setup/lock && cat "${parts[@]/%/.txt}"); cat pyproject.toml; "$python" -VV; } |
     sha256sum | cut -c1-64)

say "making $new"
mkdir -p "$target"
known=
if [ -z "$dest" ] && [ "$(cat "$before/.wants" 2>/dev/null)" = "$wants" ]; then
    # The same libraries as before: shared with the release before, which saves a gigabyte and most of the time. Nothing
    # writes into an installed release, and pip replaces files instead of changing them.
    known=yes
    cp -al "$before/lib" "$target/lib"
    cp -a "$before"/{bin,include,lib64,pyvenv.cfg} "$target/"
    sed -i "s#$before#$new#g" "$target/pyvenv.cfg"
    grep -rlIZ "$before" "$target/bin" | xargs -0r sed -i "s#$before#$new#g"
else
    # The system's packages stay visible: picamera2 and libcamera come from apt. What pip installs goes before them.
    "$python" -m venv --system-site-packages "$target"
fi
pip=("$target/bin/python" -m pip install --quiet --no-index)
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# From a copy: nothing of root's is left in the checkout.
cp -r setup.{cfg,py} pyproject.toml MANIFEST.in README.md LICENSE NOTICE autovelox.example.toml edge converter models docs "$source/"
if [ -n "$known" ]; then
    "${pip[@]}" --force-reinstall --no-deps --no-build-isolation "$source"
else
    if [ -d "$wheels" ]; then
        say "installing from $wheels, and from the network what is not there"
    else
        wheels=
    fi
    "$target/bin/python" systemd/setup/install.py --ignore-installed ${CPU_ONLY:+--cpu-only} ${wheels:+--wheels "$wheels"} "${parts[@]}"
    "${pip[@]}" --ignore-installed --no-deps --no-build-isolation "$source"
fi
"$target/bin/python" systemd/setup/slim.py
# What cannot read the plate of its own test photo replaces nothing.
read -r photo plate < <("$target/bin/python" -P -c 'from edge.vision.selfcheck import PHOTO, TEXT; print(PHOTO, TEXT)') ||
    fail "the release lacks its own modules (above); nothing was changed"
"$target/bin/python" -P -m edge read --engine "$engine" "$photo" | grep ": $plate " >/dev/null || # not -q: it ends early
    fail "the release does not read its test photo with $engine; nothing was changed"
# Our commands import nothing from the folder they are called in, nor does what they start.
sed -i '1s#\(^\#!.*/python[0-9.]*\)$#\1 -P#' "$target"/bin/autovelox*
echo "$wants" >"$target/.wants"
share=$target/share/autovelox
mkdir -p "$share"
cp -r docs systemd autovelox.example.toml LICENSE NOTICE "$share/"
if [ -n "$dest" ]; then
    # Scripts name their interpreter, and the environment itself; both will be at home under the new root.
    grep -rlIZ "$target" "$target/bin" "$target/pyvenv.cfg" | xargs -0r sed -i "s#$target#$new#g"
fi

put() { install -D -m 644 "$1" "$dest$2"; }
place() {  # RELEASE: its units, rules, man pages and completions
    local from=$dest$prefix/releases/$1/share/autovelox/systemd unit
    [ -d "$from" ] || return 0
    for unit in "$from"/*.service "$from"/*.timer; do
        install -d "$dest$unitdir"
        sed "s#@PREFIX@#$prefix#g" "$unit" >"$dest$unitdir/${unit##*/}"
    done
    put "$from/sysusers.d/autovelox.conf" /usr/lib/sysusers.d/autovelox.conf
    put "$from/tmpfiles.d/autovelox.conf" /usr/lib/tmpfiles.d/autovelox.conf
    put "$from/modules-load.d/autovelox.conf" /usr/lib/modules-load.d/autovelox.conf
    put "$from/udev/70-autovelox.rules" /usr/lib/udev/rules.d/70-autovelox.rules
    rm -f "$dest$sharedir"/man/man1/autovelox{,-*}.1  # of commands that another release had
    local page
    for page in "$from"/man/*.1; do
        put "$page" "$sharedir/man/man1/${page##*/}"
    done
    [ -d "$from/completions" ] || return 0
    put "$from/completions/bash/autovelox" "$sharedir/bash-completion/completions/autovelox"
    put "$from/completions/zsh/_autovelox" "$sharedir/zsh/${ZSHDIR:-site-functions}/_autovelox"
    put "$from/completions/fish/autovelox.fish" "$sharedir/fish/vendor_completions.d/autovelox.fish"
}
say "installing units and rules"
place "$release"
install -d "$dest/etc/autovelox" "$dest$bindir"
put autovelox.example.toml /etc/autovelox/autovelox.example.toml
if [ ! -e "$dest$config" ]; then
    put autovelox.example.toml "$config"
    sed -i "s/^engine = \"easyocr\"/engine = \"$engine\"/" "$dest$config"
elif [ "$engine" = litert ] && ! grep -q '^engine *= *"litert"' "$dest$config"; then
    say "EasyOCR is not installed: set engine = \"litert\" in [recognition] of $config"
fi
ln -sfn "$prefix/current/bin/autovelox" "$dest$bindir/autovelox"
if [ -z "$dest" ] && [ ! -e /etc/autovelox/signing.key ] && [ ! -e /etc/autovelox/signing.key.cred ]; then
    (umask 077; head -c 32 /dev/urandom >/etc/autovelox/signing.key.new && mv /etc/autovelox/signing.key{.new,})
    say "made the key that signs evidence, /etc/autovelox/signing.key: keep a copy elsewhere"
fi

switch() { ln -sfn "releases/$1" "$dest$prefix/current.new" && mv -T "$dest$prefix/current.new" "$dest$prefix/current"; }
touch "$target/.done"

if [ -n "$dest" ]; then
    switch "$release"
    say "installed below $dest; on the board, as root:"
    say "  systemd-sysusers; systemd-tmpfiles --create; systemctl enable autovelox autovelox-officers autovelox-{purge,backup,selftest}.timer"
    say "  (umask 077; head -c 32 /dev/urandom >/etc/autovelox/signing.key)"
    exit 0
fi

systemd-sysusers autovelox.conf
systemd-tmpfiles --create autovelox.conf
if [ ! -d /run/systemd/system ]; then
    switch "$release"
    say "installed; systemd is not running here, so nothing was started"
    exit 0
fi
dropin=/etc/systemd/system/autovelox-officers.service.d
if [ -e /etc/autovelox/signing.key.cred ] && [ ! -e /etc/autovelox/signing.key ] && [ ! -e "$dropin" ]; then
    mkdir -p "$dropin"  # a release from before that service was sealed
    printf '[Service]\nLoadCredentialEncrypted=signing.key:/etc/autovelox/signing.key.cred\n' >"$dropin/sealed.conf"
    say "the officers' service takes the sealed key: $dropin/sealed.conf"
fi
left=$(find /var/lib/autovelox ! -user autovelox ! -user root 2>/dev/null | head -5)
[ -z "$left" ] || say "other accounts left this in the unit's folder, where an earlier version let them in; move it away:" $left
running=$(systemctl is-active autovelox.service || true)
[ "$running" = active ] || running=
systemctl daemon-reload
udevadm control --reload 2>/dev/null && udevadm trigger 2>/dev/null || say "no udev here: rules hold from the next start"
systemctl enable --quiet autovelox.service autovelox-officers.service autovelox-{purge,backup,selftest}.timer
systemctl start autovelox-{purge,backup,selftest}.timer

healthy() {  # it says that it is ready, and is still the same process once the watchdog has had its time
    systemctl start autovelox.service || return 1
    local pid; pid=$(systemctl show -P MainPID autovelox.service)
    sleep "$settle_s"
    systemctl is-active --quiet autovelox.service && [ "$(systemctl show -P MainPID autovelox.service)" = "$pid" ] || return 1
    systemctl is-active --quiet autovelox-officers.service || [ ! -e "$unitdir/autovelox-officers.service" ]
}
question() {  # what the new release asks of the configuration: until it is answered, the unit names nobody without a speed
    local answer
    answer=$("$target/bin/autovelox" run --check=configuration --config "$config" 2>&1 >/dev/null) ||
        say "$config: $(sed -n 's/^autovelox: //p' <<<"$answer")"
}
databases() { "$python" systemd/databases.py "$1" "$config"; }
migrate() {  # the registry, where it is of an earlier version; a copy is kept
    databases outdated || return 0
    "$target/bin/autovelox" registry migrate --config "$config" ${MASTER_KEY:+--master-key "$MASTER_KEY"} && return 0
    say "the registry was not migrated; is the master key sealed, set MASTER_KEY=FILE to the copy of it"
    return 1
}

question
if [ -z "$running" ]; then
    migrate || say "before the unit starts: autovelox registry migrate"
    switch "$release"
    systemctl try-restart autovelox-officers.service
    [ -n "$old" ] && say "installed; the unit was not running: systemctl start autovelox" ||
        say "installed; make the registry (autovelox registry init), edit $config, systemctl start autovelox"
else
    say "restarting the unit with $release, and watching it for $settle_s s"
    systemctl stop autovelox.service autovelox-officers.service
    databases keep || { systemctl start autovelox.service; fail "nothing was changed"; }
    switch "$release"
    if ! migrate || ! healthy; then
        [ -n "$old" ] && [ -d "$prefix/releases/$old" ] || fail "$release did not become healthy: journalctl -u autovelox"
        systemctl stop autovelox.service autovelox-officers.service
        switch "$old"
        place "$old"
        if [ ! -e "$prefix/releases/$old/share/autovelox/systemd/autovelox-officers.service" ]; then
            systemctl disable --quiet autovelox-officers.service  # a release from before it
            rm -f "$unitdir/autovelox-officers.service"
        fi
        systemctl daemon-reload
        databases restore || say "look at them before the unit files new cases"
        systemctl start autovelox.service || true
        rm -rf "$target"
        fail "$release did not become healthy, $old is back: journalctl -u autovelox tells why"
    fi
    databases drop
fi
# The release before this one stays, for going back by hand.
find "$prefix/releases" -mindepth 1 -maxdepth 1 ! -name "$release" ! -name "${old:-none}" -exec rm -rf {} +
