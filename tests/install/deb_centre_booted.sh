# shellcheck shell=bash
# Inside a booted system, as a service of it: installs the centre's package in /srv/deb, lets a unit in, upgrades it while it
# runs, removes and purges it. /proof.log has what was said; its last step says "PROOF purged".
set -eu
exec >/proof.log 2>&1
trap 'systemctl --no-block poweroff' EXIT
must() { "$@" || { echo "not so: $*"; exit 1; }; }
state() { systemctl is-active "$1" || true; }
answers() { # for two minutes at most: PostgreSQL makes its files at the first start
    for _ in $(seq 240); do
        ! curl -s http://127.0.0.1:9465/health | grep -q '"healthy"' || return 0
        sleep 0.5
    done
    journalctl --no-pager -o cat -u autovelox-centre -n 20
    return 1
}
centre() { runuser -u autovelox-centre -- autovelox-centre "$@"; }

cd /srv/deb
first=$(find . -name 'autovelox-centre_*.deb' ! -name '*+1*') second=$(find . -name 'autovelox-centre_*+1*.deb')
dpkg -i "$first"
echo "RESULT python=$(/usr/lib/autovelox-centre/bin/python -c 'import platform; print(platform.python_version(), platform.machine())')"
echo "RESULT installed=$(du -sm /usr/lib/autovelox-centre | cut -f1)"
must /usr/lib/autovelox-centre/bin/python -P -c 'import aiomqtt, pkcs11, rfc3161_client'  # for what the settings may ask for
must systemctl is-enabled autovelox-centre.service
must [ "$(systemctl is-enabled autovelox-opener.service)" = disabled ]
must [ "$(state autovelox-centre.service)" != active ]
must [ "$(stat -c '%U:%G %a' /etc/autovelox-centre/autovelox-centre.toml)" = "root:autovelox-centre 640" ]
for service in centre opener; do
    must [ "$(stat -c '%U %a' "/var/lib/autovelox-$service")" = "autovelox-$service 700" ]
    must [ "$(systemctl show -P User "autovelox-$service.service")" = "autovelox-$service" ]
done
for file in man/man8/autovelox-centre.8.gz bash-completion/completions/autovelox-centre zsh/vendor-completions/_autovelox-centre \
    fish/vendor_completions.d/autovelox-centre.fish; do
    must [ -e "/usr/share/$file" ]
done
verified=$(systemd-analyze verify --man=no autovelox-centre.service autovelox-opener.service 2>&1 || true)
must [ -z "$verified" ]
centre run --check
echo "PROOF installed: nothing starts by itself before its operator started it"

systemctl start autovelox-centre.service
must answers
centre units add AVX-0001 >/dev/null
code=$(sha256sum /var/lib/autovelox-centre/tls/authority.crt)
process=$(systemctl show -P MainPID autovelox-centre.service)
echo "PROOF the centre runs from the package with a PostgreSQL of its own, and let a unit in"

sed -i 's/^name = .*/name = "proof"/' /etc/autovelox-centre/autovelox-centre.toml
sha256sum /etc/autovelox-centre/* >/kept
dpkg -i "$second"
must sha256sum --check /kept
must [ "$(state autovelox-centre.service)" = active ]
must [ "$(state autovelox-opener.service)" != active ]
must [ "$(systemctl show -P MainPID autovelox-centre.service)" != "$process" ]
must answers
must [ "$(sha256sum /var/lib/autovelox-centre/tls/authority.crt)" = "$code" ]
centre units list | grep AVX-0001
must [ -z "$(find /run -maxdepth 1 -name '*.upgraded')" ]
echo "PROOF upgraded: $(dpkg-query -W -f '${Version}' autovelox-centre) goes on with what was there"

dpkg --remove autovelox-centre
must [ "$(state autovelox-centre.service)" != active ]
! pgrep -u autovelox-centre || must false
must [ ! -e /usr/lib/autovelox-centre ]
must [ ! -e /usr/bin/autovelox-centre ]
must sha256sum --check /kept
echo "PROOF removed: the centre and its PostgreSQL are stopped"

dpkg --purge autovelox-centre
must [ ! -e /etc/autovelox-centre ]
must [ -e /var/lib/autovelox-centre/postgresql ]
must [ -e /var/lib/autovelox-centre/signing.key ]
must [ -z "$(find /etc/systemd /lib/systemd /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/share/{man,zsh,fish,bash-completion} -name '*autovelox*')" ]
echo "PROOF purged: settings are gone; evidence and keys are kept"
