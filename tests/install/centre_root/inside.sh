#!/usr/bin/env bash
# The proof itself, inside the booted root: installs the centre with its own PostgreSQL, lets a unit join and deliver, kills
# and restarts the centre, and moves it to a cluster of the authority. The first step that fails ends it.
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
as() { runuser -u "$1" -- "${@:2}"; }
centre() { as autovelox-centre autovelox-centre "$@"; }
delivered() { centre units list --json | python3 -c "import json, sys; print(sum(unit['head_seq'] for unit in json.load(sys.stdin)))"; }
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

# A unit with a recorded feed, as an account of its own.
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
touch /proof.done
