#!/usr/bin/env bash
# The proof itself, inside the booted root: the first boot installs, breaks and mends the unit and ends in a power-off
# while it runs; the second one finds it running again, and removes it. The first step that fails ends it.
set -euo pipefail
step() { echo "PROOF $*"; }
die() {
    echo "PROOF FAILED: $*"
    journalctl --no-pager -n 60 -u autovelox.service -u autovelox-officers.service -o cat | sed 's/^/PROOF   | /'
    exit 1
}
property() { systemctl show -P "$1" autovelox.service; }
until_true() {  # SECONDS COMMAND...
    local left=$(($1 * 4)); shift
    until "$@"; do left=$((left - 1)); [ "$left" -gt 0 ] || return 1; sleep 0.25; done
}
ready() { [ "$(property ActiveState)/$(property SubState)" = active/running ]; }
said() { journalctl --no-pager -o cat -u autovelox.service | grep -- "$1" >/dev/null; }  # not -q: it ends early
restarted() { [ "$(property NRestarts)" -gt "$1" ]; }
health() { curl -s http://127.0.0.1:9464/health; }
healthy() { health | grep -q '"status": "ok"'; }
release() { basename "$(readlink /opt/autovelox/current)"; }
schema() { python3 -c "import sqlite3; print(sqlite3.connect('/var/lib/autovelox/cases.sqlite').execute('PRAGMA user_version').fetchone()[0])"; }
filed() { python3 -c "import sqlite3; print(sqlite3.connect('/var/lib/autovelox/cases.sqlite').execute('SELECT count(*) FROM cases').fetchone()[0])"; }
sum_mb() { awk "/^$1:/ {sum += \$2} END {printf \"%.0f\", sum * 1.024 / 1e3}"; }  # kB of 1,024 bytes
stop_kept_workers() {  # BOOT: from its last stop on, no worker was missing for the cases in flight and the last self-check
    ! journalctl --no-pager -o cat -b "$1" -u autovelox.service | awk '/^stopping$/ {said = ""} {said = said "\n" $0} END {print said}' |
        grep -E 'pool broke|self-check failed|worker process died'
}
family() { echo "$1"; for each in $(pgrep -P "$1"); do family "$each"; done; }  # PID: it and all it started
install_unit() { make -s install "$@" WHEELHOUSE=/srv/wheelhouse >&2; }

second_boot() {
    until_true 300 ready || die "it did not start by itself at boot"
    said_before() { journalctl --no-pager -o cat -b -1 -u autovelox.service | grep -- "$1" >/dev/null; }
    said_before '^stopped$' || die "the power-off did not stop it cleanly"
    said_before 'Deactivated successfully' || die "the power-off ended it otherwise"
    stop_kept_workers -1 || die "the power-off took its workers from it"
    step "powered off while it ran: it stopped cleanly, and runs again by itself after the boot"
    systemctl stop autovelox.service
    [ "$(property Result)" = success ] || die "stop: $(property Result)"
    stop_kept_workers 0 || die "the stop took its workers from it"
    cd /root/checkout
    make -s uninstall >&2 || die "uninstall"
    make -s uninstall >&2 || die "uninstall, a second time"
    local left
    left=$(find /opt/autovelox /etc/systemd/system/autovelox* /usr/lib/{sysusers.d,tmpfiles.d,modules-load.d}/autovelox.conf \
        /usr/lib/udev/rules.d/70-autovelox.rules /usr/local/bin/autovelox 2>/dev/null || true
        find /usr/local/share -name '*autovelox*')
    [ -z "$left" ] || die "something is left: $left"
    [ -e /var/lib/autovelox/registry/registry.sqlite ] && [ "$(filed)" -gt 0 ] && [ -e /etc/autovelox/master.key ] &&
        [ -e /etc/autovelox/autovelox.toml ] || die "evidence, keys or configuration are gone"
    step "uninstalled, twice; kept: $(ls /var/lib/autovelox /etc/autovelox | tr '\n' ' ')"
    install_unit DESTDIR=/srv/image PREFIX=/opt/other || die "make install DESTDIR= PREFIX="
    head -1 /srv/image/opt/other/current/bin/autovelox | grep -q '^#!/opt/other/releases/' || die "its interpreter is at home elsewhere"
    grep -q '^ExecStart=/opt/other/current/bin/autovelox' /srv/image/etc/systemd/system/autovelox.service || die "PREFIX is not in the unit"
    [ ! -e /opt/other ] && [ ! -e /opt/autovelox ] && [ ! -e /etc/systemd/system/autovelox.service ] ||
        die "something was installed outside of DESTDIR"
    make -s uninstall DESTDIR=/srv/image PREFIX=/opt/other >&2
    [ "$(find /srv/image -type f -printf '%f\n' | sort | tr '\n' ' ')" = "autovelox.example.toml autovelox.toml " ] ||
        die "left below DESTDIR: $(find /srv/image -type f | head)"
    rm -rf /srv/image
    step "DESTDIR and PREFIX are respected, by uninstall, too"
    touch /proof.done
    exit 0
}
[ ! -e /proof.second ] || second_boot

officer() { runuser -u sconti -- "$@"; }
officers_attacks() {  # a second account in the unit's group, and a third outside of it
    useradd --create-home --comment "Sara Conti" --groups autovelox sconti
    useradd --create-home passante
    local state=/var/lib/autovelox socket=/run/autovelox-officers service attempt
    # It yields the processor to everything else, and so takes its time on a busy machine.
    until_true 120 systemctl is-active --quiet autovelox-officers.service ||
        die "the officers' service does not run: $(systemctl show -P ActiveState -P SubState -P Result -P ExecMainStatus autovelox-officers.service | tr '\n' ' ')"
    [ "$(stat -c '%U %a' $state $state/registry | tr '\n' ' ')" = "autovelox 700 autovelox 700 " ] || die "modes of $state"
    [ "$(stat -c '%U:%G %a' $socket $socket/officers.sock | tr '\n' ' ')" = "autovelox:autovelox 750 autovelox:autovelox 660 " ] ||
        die "modes of $socket: $(stat -c '%U:%G %a' $socket/*)"
    attempt=$(find $state -path $state/feed -prune -o -perm /077 -print)
    [ -z "$attempt" ] || die "others may look at $attempt"
    officer autovelox cases list | grep -q '^ *1 ' || die "an officer sees no list"
    officer env LOGNAME=root USER=root autovelox cases show 1 --json >/tmp/shown || die "an officer sees no case"
    grep -q '"officer": "Sara Conti (sconti)"' /tmp/shown || die "the officer is recorded as somebody else"
    officer autovelox cases review 1 dismiss --reason "an ambulance" || die "an officer judges no case"
    officer autovelox cases export 1 --to /home/sconti/case.zip >/dev/null || die "an officer exports nothing"
    [ "$(stat -c '%U %a' /home/sconti/case.zip)" = "sconti 600" ] || die "the package is not the officer's"
    officer autovelox cases verify >/tmp/verified && grep -q "all signed" /tmp/verified || die "verify: $(cat /tmp/verified)"
    ! runuser -u passante -- autovelox cases list 2>/tmp/refused || die "a stranger sees the cases"
    grep -q "may not see the unit's cases" /tmp/refused || die "a stranger is told: $(cat /tmp/refused)"
    service=$(systemctl show -P MainPID autovelox-officers.service)
    for attempt in "ls $state" "cat $state/cases.sqlite" "touch $state/multiprocessing.py" "mkfifo $state/head.json.part" \
        "ln -s /etc/passwd $state/believed-time.json" "mkdir $state/derived" "rm -f $socket/officers.sock" "touch $socket/x" \
        "chmod 777 $socket/officers.sock" "cat $state/registry/registry.sqlite" "cat /etc/autovelox/signing.key" \
        "cat /run/credentials/autovelox-officers.service/signing.key" "kill -STOP $service" "cat /proc/$service/environ" \
        "python3 -c open('/proc/$service/mem','rb')" \
        "autovelox cases purge 1 --reason x --config /etc/autovelox/autovelox.toml" \
        "autovelox cases show 1 --state-dir $state" "autovelox cases show 1 --officer innocent"; do
        ! officer $attempt >/dev/null 2>&1 || die "an officer's account may: $attempt"
    done
    ! officer python3 -c "import sqlite3; sqlite3.connect('$state/cases.sqlite').execute('DELETE FROM portraits')" 2>/dev/null ||
        die "an officer's account writes rows"
    step "officers: one of the group sees, judges and exports, as Sara Conti (sconti); 19 attempts on the unit's files were refused"
    systemctl stop autovelox.service
    officer autovelox cases list | grep -q '^ *1 ' || die "a stopped camera hides the cases"
    systemctl start autovelox.service
    until_true 300 ready || die "not ready again"
    pid=$(property MainPID)  # it was started again
    step "officers: a stopped camera does not hide the cases"
}

step "$(systemctl --version | head -1), $(python3 --version)"
mkdir /root/checkout && cp -r /src/{Makefile,setup.cfg,setup.py,MANIFEST.in,pyproject.toml,constraints.txt,README.md,LICENSE,NOTICE,autovelox.example.toml} \
    /src/{edge,converter,models,docs,systemd} /root/checkout/
cd /root/checkout

install_unit SYSTEM=1 || die "make install SYSTEM=1"
first=$(release)
[ -e /usr/local/share/man/man1/autovelox-cases.1 ] && [ -e /usr/local/share/bash-completion/completions/autovelox ] ||
    die "no man page, or no completion"
step "installed without a network: $first, $(du -sh /opt/autovelox | cut -f1)"
verified=$(systemd-analyze verify --man=no /etc/systemd/system/autovelox*.{service,timer} 2>&1 || true)
[ -z "$verified" ] || die "systemd-analyze verify says: $verified"
step "systemd-analyze verify: nothing to say"
for unit in autovelox autovelox-officers autovelox-purge autovelox-backup autovelox-selftest; do
    most=16
    [ "$unit" != autovelox ] || most=17  # it files in real time
    systemd-analyze security --no-pager --offline=true --threshold=$most "/etc/systemd/system/$unit.service" >/tmp/security ||
        die "exposure of $unit is above $most tenths: $(tail -1 /tmp/security)"
    step "systemd-analyze security, offline, $(tail -1 /tmp/security | sed 's/.*for //')"
done

systemctl start autovelox.service 2>/dev/null && die "it starts without keys"
step "without keys it refuses to start: $(property Result)"
systemctl stop autovelox.service
/src/tests/install/unit_root/provision.sh >&2 || die "provision"
[ "$(stat -c '%U %a' /etc/autovelox/master.key)" = "root 600" ] || die "the master key is not root's alone"

systemctl start autovelox.service || die "start"
pid=$(property MainPID)
unit_cpu=$(pgrep -u autovelox | sed 's#.*#/proc/&/stat#' | xargs cat | sed 's/.*) //' |
    awk '{sum += $12 + $13 + $14 + $15} END {printf "%.1f", sum / 100}')
daemon_cpu=$(awk '{printf "%.1f", ($14 + $15) / 100}' "/proc/$pid/stat")
step "started and ready: '$(property StatusText)', $(property TasksCurrent) tasks"
step "processor time from start to ready: $unit_cpu s for the whole unit, of it the daemon $daemon_cpu s (at most 15)"
awk "BEGIN {exit !($unit_cpu <= 15)}" || die "start-up takes too much processor time"
[ "$(ps -o user= -p "$pid")" = autovelox ] || die "it does not run as autovelox"
grep -q '^CapEff:.*0000000000000000$' "/proc/$pid/status" || die "it has capabilities"
runuser -u autovelox -- test ! -r /etc/autovelox/master.key || die "autovelox can read the master key's file"
step "runs as autovelox without capabilities; it has the keys as credentials, their files it cannot read"

until_true 240 said "case 1 decided" || die "no case was decided"
# Field 41 of stat(5): the scheduling policy, 2 is SCHED_RR. A container whose hard limit is 0 can give no leave.
realtime=$(cat /proc/"$pid"/task/*/stat | sed 's/.*) //' | awk '$39 == 2' | wc -l)
if awk '/realtime priority/ {exit $4 != 0}' "/proc/$pid/limits"; then
    step "filing in real time: not here, this system may not give leave for it"
else
    [ "$realtime" -ge 1 ] || die "no thread of the unit files in real time"
    step "filing in real time: $realtime thread of the daemon"
fi
autovelox car --url http://127.0.0.1:8443 --chip /root/ada.chip --plate AB123CD >&2 || die "a car could not deliver"
journalctl --no-pager -u autovelox.service AUTOVELOX_CASE=1 -o verbose >/tmp/fields
grep -q 'AUTOVELOX_OUTCOME=' /tmp/fields || die "the journal has no structured fields"
step "a case was decided; found by AUTOVELOX_CASE=1: $(grep -c 'MESSAGE=' /tmp/fields) entries, fields $(grep -o 'AUTOVELOX_[A-Z]*' /tmp/fields | sort -u | tr '\n' ' ')"
uid=$(python3 -c "import json; print(json.load(open('/root/ada.chip'))['uid'])")
journalctl --no-pager -o export >/tmp/journal
for private in AB123CD UD1234567A Prova "$uid"; do
    ! grep -qaF -- "$private" /tmp/journal || die "the journal holds personal data"
done
step "a car delivered; neither plate, licence, name nor uid is anywhere in the journal"
officers_attacks
until_true 60 healthy || die "health: $(health)"
mapfile -t pids < <(family "$pid")
[ "${#pids[@]}" -ge 4 ] || die "daemon, fork server and two workers are more than ${#pids[@]} processes"
rss=$(for each in "${pids[@]}"; do cat "/proc/$each/status"; done | sum_mb VmRSS)
pss=$(for each in "${pids[@]}"; do cat "/proc/$each/smaps_rollup"; done | sum_mb Pss)
officers=$(for each in $(family "$(systemctl show -P MainPID autovelox-officers.service)"); do
    cat "/proc/$each/smaps_rollup"; done | sum_mb Pss)
most=700  # twice as much where only PyTorch's CUDA build was to be had, on no board
[ "${ENGINE:-easyocr}" = easyocr ] || most=450
! ls -d /opt/autovelox/current/lib/python3*/site-packages/nvidia* >/dev/null 2>&1 || most=1500
step "memory while it works, two workers: $pss MB resident (at most $most), shared pages of its ${#pids[@]} processes counted once; $rss MB counted for each; the officers' service beside it $officers MB"
[ "$pss" -le "$most" ] || die "the unit needs more memory than it may"

worker=$(pgrep -f 'multiprocessing.forkserver' -u autovelox | tail -1)
before=$(property NRestarts)
workers=$(pgrep -c -f multiprocessing.forkserver -u autovelox)
kill -KILL "$worker"
until_true 20 bash -c "! [ -e /proc/$worker ]"
until_true 60 bash -c "[ \"\$(pgrep -c -f multiprocessing.forkserver -u autovelox)\" = $workers ]" || die "the worker was not replaced"
[ "$(property MainPID)" = "$pid" ] && [ "$(property NRestarts)" = "$before" ] && ready || die "a killed worker took the unit along"
step "worker $worker was killed and replaced; the unit goes on as process $pid"

kill -STOP "$pid"
until_true 120 restarted "$before" || die "the watchdog did not bite"
until_true 300 ready || die "not ready after the watchdog bit"
said "Watchdog timeout" || die "the journal does not mention the watchdog"
step "stuck loop: the watchdog bit, restart $(property NRestarts), ready again as process $(property MainPID)"

before=$(property NRestarts)
ln -sf /dev/full /var/lib/autovelox/.probe
until_true 120 bash -c 'systemctl show -P StatusText autovelox.service | grep -q "disk refuses"' || die "a failing disk is not told"
step "failing disk: status '$(property StatusText)', health $(health)"
until_true 120 restarted "$before" || die "the watchdog is fed on a failing disk"
rm -f /var/lib/autovelox/.probe
until_true 300 ready && until_true 60 healthy || die "not healthy after the disk came back"
step "failing disk: not fed, the watchdog bit, restart $(property NRestarts)"

systemd-creds encrypt --with-key=host --name=master.key /etc/autovelox/master.key /etc/autovelox/master.key.cred 2>/dev/null
mv /etc/autovelox/master.key /root/
mkdir -p /etc/systemd/system/autovelox.service.d
cat >/etc/systemd/system/autovelox.service.d/sealed.conf <<'E2'
[Service]
LoadCredential=
LoadCredential=signing.key:/etc/autovelox/signing.key
LoadCredentialEncrypted=master.key:/etc/autovelox/master.key.cred
E2
systemctl daemon-reload
systemctl restart autovelox.service || die "start with an encrypted credential"
step "with LoadCredentialEncrypted and no key file in clear: $(property StatusText)"
rm -r /etc/systemd/system/autovelox.service.d
mv /root/master.key /etc/autovelox/
systemctl daemon-reload
systemctl restart autovelox.service || die "start with the key file again"

for timer in purge backup selftest; do
    systemctl is-active --quiet "autovelox-$timer.timer" || die "autovelox-$timer.timer does not run"
    systemctl start "autovelox-$timer.service" ||
        die "autovelox-$timer.service: $(journalctl --no-pager -n 30 -o cat -u "autovelox-$timer.service")"
done
step "timers run; purge, backup and self-test did their work beside the running unit: $(ls /var/backups/autovelox)"

cp /etc/autovelox/autovelox.toml /tmp/kept.toml
old_schema=$(schema); cases=$(filed)
echo "CREATE TABLE proof (x INTEGER) STRICT;" >edge/cases/storage/schema/900_proof.sql
sed 's/^    def problems(self) -> dict\[str, str\]:$/&\n        return {"disk": "proof"}/' -i.good edge/daemon/health.py
! cmp -s edge/daemon/health.py{,.good} || die "edge/daemon/health.py has another signature: this script has to break it"
sed 's/^Description=.*/Description=rejected/' -i.good systemd/autovelox.service
if install_unit SYSTEM=1; then die "a release that does not become healthy was taken"; fi
[ "$(release)" = "$first" ] || die "it was not rolled back"
until_true 300 ready && until_true 60 healthy || die "not healthy after the roll-back"
[ "$(schema)" = "$old_schema" ] && [ "$(filed)" -ge "$cases" ] || die "the case store was not rolled back"
[ "$(property Description)" != rejected ] || die "the units were not rolled back"
cmp -s /etc/autovelox/autovelox.toml /tmp/kept.toml || die "the configuration was overwritten"
step "upgrade to a release that migrates, becomes ready and is sick: rolled back to $first, schema $(schema), $(filed) cases; the configuration is as it was"

mv edge/daemon/health.py.good edge/daemon/health.py
mv systemd/autovelox.service.good systemd/autovelox.service
cases=$(filed)
install_unit SYSTEM=1 || die "a good release was not taken"
[ "$(release)" != "$first" ] && ready || die "the good release does not run"
[ "$(schema)" = $((old_schema + 1)) ] && [ "$(filed)" -ge "$cases" ] || die "the case store was not migrated"
cmp -s /etc/autovelox/autovelox.toml /tmp/kept.toml || die "the configuration was overwritten"
ls /var/lib/autovelox | grep -q before-upgrade && die "the copy of the databases was left behind"
step "upgrade to a good release: $(release), schema $(schema), $(filed) cases"
touch /proof.second
