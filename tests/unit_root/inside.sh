#!/usr/bin/env bash
# The proof itself, inside the booted root. Every step prints a line; the first that fails ends it.
set -euo pipefail
step() { echo "PROOF $*"; }
die() {
    echo "PROOF FAILED: $*"
    journalctl --no-pager -n 40 -u autovelox.service -o cat | sed 's/^/PROOF   | /'
    exit 1
}
property() { systemctl show -P "$1" autovelox.service; }
until_true() {  # SECONDS COMMAND...
    local left=$(($1 * 4)); shift
    until "$@"; do left=$((left - 1)); [ "$left" -gt 0 ] || return 1; sleep 0.25; done
}
ready() { [ "$(property ActiveState)/$(property SubState)" = active/running ]; }
said() { journalctl --no-pager -o cat -u autovelox.service | grep -q -- "$1"; }

step "$(systemctl --version | head -1), $(python3 --version)"
mkdir /tmp/checkout && cp -r /src/{Makefile,setup.cfg,pyproject.toml,constraints.txt,README.md,LICENSE,NOTICE,autovelox.example.toml} \
    /src/{edge,converter,models,docs,systemd} /tmp/checkout/
cd /tmp/checkout
make -s install SYSTEM=1 WHEELHOUSE=/src/var/wheelhouse >&2 || die "make install SYSTEM=1"
step "installed: $(readlink /opt/autovelox/current), $(du -sh /opt/autovelox | cut -f1)"
verified=$(systemd-analyze verify --man=no /etc/systemd/system/autovelox*.{service,timer} 2>&1 || true)
[ -z "$verified" ] || die "systemd-analyze verify says: $verified"
step "systemd-analyze verify: nothing to say"
systemd-analyze security --no-pager --threshold=16 autovelox.service >/dev/null || die "exposure is above 1.6"
step "exposure:$(systemd-analyze security --no-pager autovelox.service | tail -1 | sed 's/.*service://')"

systemctl start autovelox.service 2>/dev/null && die "it starts without keys"
step "without keys it refuses to start: $(property Result)"
systemctl stop autovelox.service
/src/tests/unit_root/provision.sh >&2 || die "provision"
[ "$(stat -c '%U %a' /etc/autovelox/master.key)" = "root 600" ] || die "the master key is not root's alone"

systemctl start autovelox.service || die "start"
step "started and ready: '$(property StatusText)', $(property MemoryCurrent | awk '{printf "%.0f MB", $1 / 1e6}') with $(property TasksCurrent) tasks"
pid=$(property MainPID)
cpu=$(awk '{print ($14 + $15 + $16 + $17) / 100}' "/proc/$pid/stat")
step "processor time of the daemon to ready: $cpu s; of the whole unit: $(awk "BEGIN {print $(property CPUUsageNSec) / 1e9}") s"
[ "$(ps -o user= -p "$pid")" = autovelox ] || die "it does not run as autovelox"
[ ! -r /proc/nothing ] && grep -q '^CapEff:.*0000000000000000$' "/proc/$pid/status" || die "it has capabilities"
step "runs as autovelox without capabilities; keys came as credentials"

until_true 240 said "case 1 decided" || die "no case was decided"
step "a case was decided: $(journalctl --no-pager -o cat -u autovelox.service | grep -m1 'case 1 decided')"
journalctl --no-pager -u autovelox.service AUTOVELOX_CASE=1 -o cat >/tmp/fields || true
step "journal entries found by AUTOVELOX_CASE=1: $(wc -l </tmp/fields)"
rss=$(ps -o rss= --ppid "$pid" -p "$pid" | awk '{sum += $1} END {printf "%.0f", sum / 1e3}')
step "memory while it works: $(property MemoryCurrent | awk '{printf "%.0f", $1 / 1e6}') MB charged to the unit (sum of resident sets of daemon and children: $rss MB)"

worker=$(pgrep -f 'multiprocessing.forkserver' -u autovelox | tail -1)
before=$(property NRestarts)
kill -KILL "$worker"
sleep 5
[ "$(property MainPID)" = "$pid" ] && [ "$(property NRestarts)" = "$before" ] || die "a killed worker took the unit along"
ready || die "not running after a worker was killed"
step "worker $worker was killed: the unit goes on as process $pid, workers: $(pgrep -c -f multiprocessing.forkserver -u autovelox)"

kill -STOP "$pid"
until_true 90 test "$(property MainPID)" != "$pid" || true
until_true 90 bash -c "[ \"\$(systemctl show -P NRestarts autovelox.service)\" -gt $before ]" || die "the watchdog did not bite"
until_true 120 ready || die "not ready after the watchdog bit"
said "Watchdog timeout" || die "the journal does not mention the watchdog"
step "stuck: the watchdog bit, restart $(property NRestarts), ready again as process $(property MainPID)"

cp /etc/autovelox/autovelox.toml /tmp/kept.toml
release=$(readlink /opt/autovelox/current)
sed -i 's/^def run(settings: Settings) -> int:$/&\n    raise SystemExit(70)/' edge/daemon.py
if make -s install SYSTEM=1 WHEELHOUSE=/src/var/wheelhouse >&2; then die "a release that cannot run was taken"; fi
[ "$(readlink /opt/autovelox/current)" = "$release" ] || die "it was not rolled back"
until_true 120 ready || die "not ready after the roll-back"
cmp -s /etc/autovelox/autovelox.toml /tmp/kept.toml || die "the configuration was overwritten"
step "a release that cannot run was rolled back to $release; the configuration is as it was"

for timer in purge selftest; do
    systemctl start "autovelox-$timer.service" && step "autovelox-$timer.service: done" || step "autovelox-$timer.service: $(systemctl show -P Result autovelox-$timer.service)"
done

systemctl stop autovelox.service
[ "$(property Result)" = success ] || die "stop: $(property Result)"
step "stopped: $(property Result), status $(property ExecMainStatus)"
make -s uninstall >&2 || die "uninstall"
[ ! -e /opt/autovelox ] && [ ! -e /etc/systemd/system/autovelox.service ] || die "something is left"
[ -e /var/lib/autovelox/registry.sqlite ] && [ -e /etc/autovelox/master.key ] || die "evidence or keys are gone"
step "uninstalled; kept: $(ls /var/lib/autovelox | tr '\n' ' ')"
touch /proof.done
