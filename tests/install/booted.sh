# shellcheck shell=bash
# What the proofs in a booted Debian have in common (unit_root/run.sh, centre_root/run.sh): a minimal system that is made once,
# wheels, since it has no network, and a layer over it that is booted, struck and thrown away. PROOF is the make target.

skip() { echo "$PROOF: skipped: $1"; exit 0; }
can_boot() {
    local tool
    [ "$(id -u)" = 0 ] || skip "needs root (sudo make $PROOF)"
    for tool in debootstrap:debootstrap systemd-nspawn:systemd-container; do
        command -v "${tool%%:*}" >/dev/null || skip "needs ${tool%%:*} (apt install ${tool##*:})"
    done
}
made_of() { [ "$(cat "$1/.ready" 2>/dev/null)" = "$2" ]; }  # FOLDER STAMP: whether it was made of what is wanted now

minimal_system() {  # SUITE FOLDER
    local packages=(
        systemd systemd-sysv systemd-timesyncd dbus udev python3 python3-venv make procps curl kmod
        ca-certificates
    )
    ! made_of "$2" "${packages[*]}" || return 0
    echo "$PROOF: building $2 once (some minutes) ..."
    rm -rf "$2"
    mkdir -p "$2"
    nice debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" "$1" "$2" >"$2.log"
    echo "${packages[*]}" >"$2/.ready"
}
wheels() {  # FOLDER VARIABLE=VALUE...: those of the lock as it is; of an older one they would end the proof at its first step
    local lock
    lock=$(cat systemd/setup/lock/*.txt systemd/setup/install.py | sha256sum)
    ! made_of "$1" "$lock" || return 0
    rm -rf "$1"
    env WHEELHOUSE="$1" MACHINE="" "${@:2}" systemd/wheelhouse.sh
    echo "$lock" >"$1/.ready"
}

boot() {  # SYSTEM WHEELS SCRIPT SERVICES...: boots it, and again after a power-off if the script asks for that; ends with the verdict
    local root follower service services=()
    work=$(mktemp -d -p var run.XXXX)
    work=$(realpath "$work") root=$work/root
    trap 'umount "$work/root" 2>/dev/null || true; rm -rf "$work"' EXIT
    mkdir -p "$work"/{upper,tmp,root}
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$work/upper,workdir=$work/tmp" "$root"
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/src" "$root/var/log/journal"
    cat >"$root/etc/systemd/system/proof.service" <<E2
# Runs the proof, which prints lines that begin with PROOF, and powers off.
[Unit]
Description=Proof
After=multi-user.target systemd-user-sessions.service

[Service]
Type=oneshot
ExecStart=/bin/bash /src/$3
ExecStopPost=/bin/systemctl poweroff
StandardOutput=append:/proof.log
StandardError=append:/var/log/proof.log
PassEnvironment=ENGINE
TimeoutStartSec=2400
E2
    ln -s ../proof.service "$root/etc/systemd/system/multi-user.target.wants/proof.service"
    rm -f "$root/etc/resolv.conf"
    echo "127.0.0.1 localhost" >"$root/etc/hosts" # as Debian's installer writes it; debootstrap does not

    touch "$root/proof.log"
    tail -n +1 -F "$root/proof.log" 2>/dev/null > >(sed -un 's/^PROOF //p') &
    follower=$!
    for _ in 1 2; do
        systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network --console=pipe \
            --setenv=ENGINE="${engine:-}" --bind-ro="$PWD:/src" --bind-ro="$2:/srv/wheelhouse" --boot systemd.show_status=0 </dev/null >/dev/null
        [ -e "$root/proof.second" ] || break
    done
    sleep 1
    kill "$follower"
    if [ ! -e "$root/proof.done" ]; then
        for service in "${@:4}"; do services+=(-u "$service"); done
        echo "$PROOF: FAILED; what the steps and the services said last:"
        tail -n 40 "$root/var/log/proof.log"
        journalctl --no-pager -D "$root/var/log/journal" -n 60 -o cat "${services[@]}" || true
        exit 1
    fi
    echo "$PROOF: passed"
}
