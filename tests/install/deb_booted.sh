# shellcheck shell=bash
# Inside a booted system, as a service of it: installs the package in /srv/deb, runs the unit from it on the demo's feed,
# upgrades it while it runs, removes and purges it. /proof.log has what was said; its last step says "PROOF purged".
set -eu
exec >/proof.log 2>&1
trap 'systemctl --no-block poweroff' EXIT
must() { "$@" || { echo "not so: $*"; exit 1; }; }
state() { systemctl is-active "$1" || true; }
settled() { # the state of a service once it is not being started any more, in a minute at most
    for _ in $(seq 120); do
        [ "$(state "$1")" = activating ] || break
        sleep 0.5
    done
    state "$1"
}

cd /srv/deb
first=$(find . -name 'autovelox_*.deb' ! -name '*+1*') second=$(find . -name 'autovelox_*+1*.deb')
dpkg -i "$first"
for timer in purge backup selftest; do
    must systemctl is-active "autovelox-$timer.timer"
    must systemctl is-enabled "autovelox-$timer.timer"
done
must systemctl is-enabled autovelox.service
must [ "$(state autovelox.service)" != active ]
echo "PROOF installed: timers run, the unit does not start by itself"

demo=$(echo /usr/lib/autovelox/current/lib/python3*/site-packages/edge/demo/feed)
install -d -o autovelox -g autovelox /var/lib/autovelox/feed
cp "$demo"/*.mp4 /var/lib/autovelox/feed/
{ echo "loop = true"; cat "$demo/manifest.toml"; } >/var/lib/autovelox/feed/manifest.toml
cat >/etc/autovelox/autovelox.toml <<'E2'
[unit]
serial = "AVX-0001"
site = "proof"

[radar]
pin_factory = "mock"
pin_means = "motion"

[camera]
kind = "recorded"
manifest = "/var/lib/autovelox/feed/manifest.toml"

[recognition]
engine = "litert"
E2
autovelox registry init --config /etc/autovelox/autovelox.toml
chown -R autovelox:autovelox /var/lib/autovelox/registry
systemctl start autovelox.service
process=$(systemctl show -P MainPID autovelox.service)
must [ "$(state autovelox.service)" = active ]
must [ "$(settled autovelox-officers.service)" = active ]
must [ "$(stat -c '%U %a' /var/lib/autovelox)" = "autovelox 700" ]
echo "PROOF the unit runs from the package, its officers' service beside it"

sha256sum /etc/autovelox/* >/kept
dpkg -i "$second"
must sha256sum --check /kept
must [ "$(state autovelox.service)" = active ]
must [ "$(systemctl show -P MainPID autovelox.service)" != "$process" ]
must [ "$(settled autovelox-officers.service)" = active ]
must [ "$(ls /usr/lib/autovelox/releases)" = "$(dpkg-query -W -f '${Version}' autovelox)" ]
echo "PROOF upgraded: the unit goes on with $(readlink /usr/lib/autovelox/current)"

dpkg --remove autovelox
must [ "$(state autovelox.service)" != active ]
must [ "$(state autovelox-officers.service)" != active ]
must [ "$(state autovelox-backup.timer)" != active ]
must [ ! -e /usr/lib/autovelox ]
must [ ! -e /usr/bin/autovelox ]
must sha256sum --check /kept
echo "PROOF removed: unit and timers are stopped"

dpkg --purge autovelox
must [ ! -e /etc/autovelox/autovelox.toml ]
must [ -e /etc/autovelox/signing.key ]
must [ -e /var/lib/autovelox/registry/registry.sqlite ]
must [ -z "$(find /etc/systemd /lib/systemd /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/share/{man,zsh,fish,bash-completion} -name '*autovelox*')" ]
echo "PROOF purged: settings are gone; evidence, registry and keys are kept"
