#!/usr/bin/env bash
# The proof itself, inside the booted root. The first boot installs the centre with its own PostgreSQL, lets a unit join and
# deliver, breaks the centre, moves it to a cluster of the authority with the opening service beside it, and ends in a
# power-off while all of it runs; the second one finds it running. The first step that fails ends it.
set -euo pipefail
step() { echo "PROOF $*"; }
die() {
    echo "PROOF FAILED: $*"
    exit 1
}
until_true() {  # SECONDS COMMAND...
    local left=$(($1 * 4)); shift
    until "$@"; do left=$((left - 1)); [ "$left" -gt 0 ] || return 1; sleep 0.25; done
}
property() { systemctl show -P "$2" "$1.service"; }
answers() { curl -s http://127.0.0.1:9465/health | grep -q '"healthy"'; }
healthy() { curl -s http://127.0.0.1:9465/health | grep -q '"healthy": true'; }
as() { runuser -u "$1" -- "${@:2}"; }
centre() { as autovelox-centre autovelox-centre "$@"; }
delivered() { centre units list --json | python3 -c "import json, sys; print(sum(unit['head_seq'] for unit in json.load(sys.stdin)))"; }
verdicts() { centre cases list --reason proof | grep -cE 'identified|unidentified|ambiguous' || true; }
has_verdict() { [ "$(verdicts)" -gt 0 ]; }
has_more_verdicts() { [ "$(verdicts)" -gt "$1" ]; }
has_more() { [ "$(delivered)" -gt "$1" ]; }
documented() {  # what docs/centre.md has the operator type in the code block that begins with $1
    awk -v first="$1" '/^```/ {on = 0; code = !code; begins = 1; next} code && begins {on = index($0, first) == 1; begins = 0} on' \
        /root/checkout/docs/centre.md
}
exposure() {
    systemd-analyze security --no-pager --threshold=12 "$1.service" >/tmp/security || die "exposure of $1: $(tail -1 /tmp/security)"
    step "systemd-analyze security of the running $1: $(tail -1 /tmp/security | sed 's/.*for //')"
}
confined() {  # SERVICE ACCOUNT
    local pid; pid=$(property "$1" MainPID)
    [ "$(ps -o user:32= -p "$pid" | tr -d ' ')" = "$2" ] || die "$1 does not run as $2"
    grep -q '^CapEff:.*0000000000000000$' "/proc/$pid/status" || die "$1 has capabilities"
    grep -q '^NoNewPrivs:.*1$' "/proc/$pid/status" || die "$1 may gain privileges"
}

second_boot() {
    until_true 120 healthy || die "the centre did not start by itself at boot: $(curl -s http://127.0.0.1:9465/health)"
    until_true 120 systemctl is-active --quiet autovelox-opener || die "the opening service did not start by itself"
    journalctl --no-pager -o cat -b -1 -u autovelox-centre | grep '^INFO centre.service.main: stopped$' >/dev/null || die "the power-off did not stop the centre cleanly"
    [ "$(delivered)" -ge "$(cat /proof.second)" ] || die "confirmed entries are gone"
    centre cases verify >/tmp/verified || die "cases verify: $(cat /tmp/verified)"
    step "powered off while all of it ran: stopped cleanly, both services run again by themselves, $(delivered) entries verified"
    journalctl --no-pager -o export >/tmp/journal
    for private in AB123CD UD1234567A Prova "PASSWORD-OF"; do
        ! grep -qaF -- "$private" /tmp/journal || die "the journal holds $private"
    done
    step "neither plate, licence, name nor password is in the journal of both boots"
    touch /proof.done
    exit 0
}
[ ! -e /proof.second ] || second_boot

step "$(systemctl --version | head -1), $(python3 --version)"
mkdir /root/checkout && cp -r /src/{setup.cfg,setup.py,MANIFEST.in,pyproject.toml,constraints.txt,README.md,LICENSE,NOTICE,autovelox.example.toml,autovelox-centre.example.toml} \
    /src/{edge,centre,converter,models,docs,systemd} /root/checkout/
cd /root/checkout
export PIP_NO_INDEX=1 PIP_FIND_LINKS=/srv/wheelhouse
documented 'install -D -m 644 centre/systemd' | sed 's#FOLDER_OF_THIS_CHECKOUT#/root/checkout#' >/tmp/install.sh
grep -q 'systemctl enable --now autovelox-centre' /tmp/install.sh || die "docs/centre.md has no installation any more"
bash -eux /tmp/install.sh >&2 || die "the installation of docs/centre.md"
until_true 120 answers || die "the centre does not answer"
step "installed as docs/centre.md says: $(du -sh /opt/autovelox-centre | cut -f1); PostgreSQL of its own, started within $(($(date +%s) - $(date -d "$(property autovelox-centre ActiveEnterTimestamp)" +%s))) s"
centre run --check || die "run --check"
confined autovelox-centre autovelox-centre
exposure autovelox-centre
[ "$(stat -c '%U %a' /var/lib/autovelox-centre)" = "autovelox-centre 700" ] || die "the state folder: $(stat -c '%U %a' /var/lib/autovelox-centre)"
! grep -q ':1538 00000000:0000 0A' /proc/net/tcp || die "PostgreSQL listens at port 5432"
man -w autovelox-centre >/dev/null 2>&1 || [ -e /usr/local/share/man/man8/autovelox-centre.8 ] || die "no man page"

# The police's registry, away from centre and unit; then a unit that holds none of it.
useradd --create-home roadside
install -d -o roadside -g roadside -m 700 /srv/unit /srv/unit/feed
demo=$(echo /opt/autovelox-centre/lib/python3*/site-packages/edge/demo/feed)
cp "$demo"/*.mp4 /srv/unit/feed/
{ echo "loop = true"; cat "$demo/manifest.toml"; } >/srv/unit/feed/manifest.toml
cat >/srv/unit/autovelox.toml <<'E2'
[unit]
serial = "AVX-0001"
site = "proof"
state_dir = "/srv/unit/state"

[cases]
signing_key_file = "/srv/unit/signing.key"
witness_dirs = ["/srv/unit"]

[registry]
path = "/srv/unit/registry.sqlite"
master_key_file = "/srv/unit/master.key"

[radar]
pin_factory = "mock"
pin_means = "motion"

[camera]
kind = "recorded"
manifest = "/srv/unit/feed/manifest.toml"

[recognition]
engine = "litert"
models_dir = "/srv/unit/models"

[metrics]
port = 0

[centre]
authority_file = "/srv/unit/centre-authority.pem"
signers_file = "/srv/unit/centre-signers.json"
opener_file = "/srv/unit/centre-opener.json"
E2
/opt/autovelox-centre/bin/python -c "
from edge.cases import create_signing_key
from pathlib import Path
create_signing_key(Path('/srv/unit/signing.key'))"
cp -r /root/checkout/models /srv/unit/models
chown -R roadside: /srv/unit
unit() { as roadside /opt/autovelox-centre/bin/autovelox "$@" --config /srv/unit/autovelox.toml; }
drive() {  # the unit at work for a while, as its own account: until the centre has more entries than $1
    systemd-run --quiet --unit=roadside --uid=roadside --property=WorkingDirectory=/srv/unit \
        /opt/autovelox-centre/bin/autovelox run --config /srv/unit/autovelox.toml
    until_true 240 has_more "$1" || die "nothing more was delivered: $(journalctl --no-pager -o cat -u roadside -n 20)"
}
stop_unit() { systemctl stop roadside 2>/dev/null || true; systemctl reset-failed roadside 2>/dev/null || true; }

read -ra join < <(centre units add AVX-0001 | grep 'centre join')
unit "${join[@]:1}" >&2 || die "the unit did not join: ${join[*]}"
sed -i "s#^\[centre\]\$#[centre]\nurl = \"${join[3]}\"#" /srv/unit/autovelox.toml
unit registry init >&2 || die "the unit has no registry"
drive 2
step "a unit joined with its one-time code and delivered $(delivered) entries"

before=$(delivered)
pid=$(property autovelox-centre MainPID)
kill -KILL "$pid"
until_true 60 bash -c "[ \"\$(systemctl show -P MainPID autovelox-centre.service)\" != $pid ] && curl -s http://127.0.0.1:9465/health | grep -q healthy" || die "the killed centre was not replaced"
[ "$(delivered)" -ge "$before" ] || die "confirmed entries are gone"
has=$(delivered); until_true 240 has_more "$has" || die "the unit does not deliver to the new one"
step "killed while the unit delivered: restart $(property autovelox-centre NRestarts), nothing confirmed is gone, delivery goes on"
stop_unit
systemctl restart autovelox-centre
until_true 60 answers || die "not back after a restart"
[ "$(property autovelox-centre Result)" = success ] || die "restart: $(property autovelox-centre Result)"
step "restarted in order"

# A cluster of the authority: another account's PostgreSQL, over TCP, a password for each role.
useradd --system dba
binaries=$(/opt/autovelox-centre/bin/python -c "from centre.database import find_binaries; print(find_binaries())")
install -d -o dba -g dba -m 700 /srv/cluster
(cd /srv/cluster && as dba "$binaries/initdb" -D /srv/cluster/data -U dba --auth-local=peer --auth-host=scram-sha-256 >&2) || die "initdb"
cat >/etc/systemd/system/cluster.service <<E2
[Unit]
Description=The authority's PostgreSQL
Before=autovelox-centre.service autovelox-opener.service
[Service]
User=dba
ExecStart=$binaries/postgres -D /srv/cluster/data -k /srv/cluster -c port=5433 -c listen_addresses=127.0.0.1
KillSignal=SIGINT
[Install]
WantedBy=multi-user.target
E2
systemctl daemon-reload
systemctl enable --quiet --now cluster
cat >/tmp/roles.py <<'E2'
import asyncio, asyncpg
async def main():
    connection = await asyncpg.connect("postgresql:///postgres?host=/srv/cluster&port=5433&user=dba")
    for role in ("centre", "autovelox_service", "autovelox_opener"):
        await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'PASSWORD-OF-{role}'")
    await connection.execute("CREATE DATABASE centre OWNER centre")
    await connection.close()
asyncio.run(main())
E2
until_true 60 as dba /opt/autovelox-centre/bin/python /tmp/roles.py 2>/dev/null || die "the roles: $(as dba /opt/autovelox-centre/bin/python /tmp/roles.py 2>&1 | tail -1)"
cd /etc/autovelox-centre
url() { echo "postgresql://$1:PASSWORD-OF-$1@127.0.0.1:5433/centre"; }
sed -i "s#^\[database\]\$#[database]\nurl = \"$(url centre)\"\nservice_url = \"$(url autovelox_service)\"#" autovelox-centre.toml
chown root:autovelox-centre autovelox-centre.toml && chmod 640 autovelox-centre.toml
systemctl restart autovelox-centre
until_true 60 answers || die "the centre does not answer on the cluster: $(journalctl --no-pager -o cat -u autovelox-centre -n 5)"
! pgrep -u autovelox-centre postgres >/dev/null || die "it still runs a PostgreSQL of its own"
step "on a cluster of the authority: the centre answers, its own PostgreSQL is gone"

# The police's registry comes from an office; the opening service has an account, keys and a configuration of its own.
mkdir -m 700 /root/office && cd /root/office
sed -e 's#/srv/unit/registry.sqlite#/root/office/registry.sqlite#; s#/srv/unit/master.key#/root/office/master.key#' /srv/unit/autovelox.toml >office.toml
office() { /opt/autovelox-centre/bin/autovelox "$@" --config /root/office/office.toml; }
/opt/autovelox-centre/bin/python -c "import cv2, numpy; cv2.imwrite('portrait.jpg', numpy.full((120, 90, 3), 200, 'u1'))"
office registry init >&2 || die "the office's registry"
office registry enrol --licence UD1234567A --first-name Ada --last-name Prova --birth-date 1990-01-01 --birth-place Udine \
    --categories B --issuing-office MIT-UCO --issued-on 2020-01-01 --expires-on 2030-01-01 --portrait portrait.jpg --chip ada.chip >&2 || die "enrol"
autovelox-centre registry import registry.sqlite --master-key master.key >&2 || die "registry import"
documented 'install -m 644 /var/lib/autovelox-centre/tls' >/tmp/certificates.sh
grep -q 'server.key' /tmp/certificates.sh || die "docs/centre.md does not say how the opening service gets its certificate"
bash -eux /tmp/certificates.sh >&2 || die "the certificates as docs/centre.md says"
documented '[centre]' | sed -e 's#opener.example#localhost#; s#0.0.0.0#127.0.0.1#' \
    -e "s#^database_url = .*#database_url = \"$(url autovelox_opener)\"#" >/etc/autovelox-centre/opener.toml
chown root:autovelox-opener /etc/autovelox-centre/opener.toml && chmod 640 /etc/autovelox-centre/opener.toml
cd /root/checkout
documented 'cp centre/systemd/autovelox-opener.service' >/tmp/opener.sh
grep -q 'systemctl enable --now autovelox-opener' /tmp/opener.sh || die "docs/centre.md does not say how the opening service is started"
bash -eux /tmp/opener.sh >&2 || die "the opening service as docs/centre.md says"
opener_listens() { journalctl --no-pager -o cat -u autovelox-opener | grep 'the opening service of' >/dev/null; }
until_true 120 opener_listens || die "the opening service: $(journalctl --no-pager -o cat -u autovelox-opener -n 10)"
confined autovelox-opener autovelox-opener
exposure autovelox-opener
for attempt in "autovelox-opener ls /var/lib/autovelox-centre" "autovelox-opener cat /etc/autovelox-centre/root.key" \
    "autovelox-opener cat /etc/autovelox-centre/autovelox-centre.toml" "autovelox-centre cat /etc/autovelox-centre/root.key" \
    "autovelox-centre ls /var/lib/autovelox-opener" "autovelox-centre cat /etc/autovelox-centre/opener.toml" \
    "autovelox-centre cat /run/credentials/autovelox-opener.service/root.key" "roadside ls /var/lib/autovelox-centre" \
    "roadside cat /etc/autovelox-centre/autovelox-centre.toml"; do
    # shellcheck disable=SC2086 - an account and a command
    ! as $attempt >/dev/null 2>&1 || die "an account may: $attempt"
done
step "the opening service runs as its own account with the root key as a credential; 9 attempts on the other's files were refused"

# A new chain for the new database: the unit joins again, without registry and keys, and a car drives by.
rm -rf /srv/unit/state /srv/unit/registry.sqlite* /srv/unit/master.key /srv/unit/centre-*
sed -i '/^url = "https/d' /srv/unit/autovelox.toml
read -ra join < <(centre units add AVX-0001 | grep 'centre join')
unit "${join[@]:1}" >&2 || die "the unit did not join: ${join[*]}"
sed -i "s#^\[centre\]\$#[centre]\nurl = \"${join[3]}\"#" /srv/unit/autovelox.toml
unit centre opener >&2 || die "the unit does not find the opening service"
sed -i 's#^\[centre\]$#[centre]\ndecides = true#' /srv/unit/autovelox.toml
drive 2
until_true 240 has_verdict || die "the centre decided nothing: $(journalctl --no-pager -o cat -u autovelox-opener -u roadside -n 20)"
step "a unit without registry and keys joined; the opening service decided its first case"

before=$(delivered)
kill -KILL "$(property autovelox-opener MainPID)"
until_true 60 bash -c '[ "$(systemctl show -P NRestarts autovelox-opener.service)" -ge 1 ] && systemctl is-active --quiet autovelox-opener' || die "the killed opening service was not replaced"
has=$(verdicts); until_true 240 has_more_verdicts "$has" || die "nothing is decided by the new one"
systemctl restart cluster
until_true 240 has_more "$before" || die "nothing is delivered after the cluster's restart"
step "opening service killed, cluster restarted: decided and delivered again"
stop_unit
centre cases verify >/tmp/verified || die "cases verify: $(cat /tmp/verified)"
delivered >/proof.second
