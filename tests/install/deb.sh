# shellcheck shell=bash disable=SC2154
# The rows "deb-SUITE" of run.sh: builds the package and its successor in a minimal system, checks it with lintian,
# installs the first one in a clean system and plays the demo from it; then, in a booted one, runs the unit, upgrades, removes
# and purges it (deb_booted.sh). "arm64-deb-SUITE", emulated, builds, installs and plays alone: lintian, the
# upgrade and the boot would take hours there.

deb_row() {  # ROW SUITE ARCH
    local log=$work/$1.log built=$work/deb-$2-$3 began
    began=$(date +%s)
    rm -rf "$built" && mkdir -p "$built"
    layer "$1" "$2" "$3" || return 0
    if ! EMULATED=$emulated inside root bash -eux -c '
        apt-get update -q
        apt-get install -y --no-install-recommends build-essential debhelper git $([ -n "$EMULATED" ] || echo lintian) python3 python3-venv
        git config --global --add safe.directory "*"
        git clone -q /srv/source.git /srv/autovelox
        cd /srv/autovelox
        systemd/deb.sh /srv/deb
        chmod a+rX /srv/deb
        [ -z "$EMULATED" ] || exit 0
        runuser -u newcomer -- env HOME=/home/newcomer TMPDIR=/var/tmp lintian --fail-on error,warning \
            --tag-display-limit 6 /srv/deb/autovelox_*.deb >lintian.log 2>&1 || echo "RESULT lintian=FAILED" >>lintian.log &
        VERSION_SUFFIX=+1 systemd/deb.sh /srv/deb
        wait
        cat lintian.log
        mv lintian.log /srv/deb/' >"$log" 2>&1; then
        note "$1" "FAILED to build: $log" - - - - - - -
        failed+=" $1"
        drop
        return
    fi
    mv "$root"/srv/deb/*.deb "$built/"
    [ -n "$emulated" ] || mv "$root/srv/deb/lintian.log" "$built/"
    drop
    layer "$1" "$2" "$3" || return 0
    mkdir "$root/srv/deb" && cp "$built"/*.deb "$root/srv/deb/"
    inside root bash -eu -c '
        result() { echo "RESULT $1=$2"; }
        must() { "$@" || { echo "not so: $*"; exit 1; }; }
        cd /srv/deb
        first=$(ls autovelox_*.deb | grep -v +1)
        apt-get update -q
        apt-get install -y --no-install-recommends "./$first"
        result python "$(/usr/lib/autovelox/current/bin/python -c "import platform; print(platform.python_version(), platform.machine())")"
        result fetched "$(du -m "$first" | cut -f1)"
        result installed "$(du -sm /usr/lib/autovelox | cut -f1)"
        for unit in autovelox.service autovelox-officers.service autovelox-purge.timer autovelox-backup.timer autovelox-selftest.timer; do
            must systemctl is-enabled "$unit"
        done
        for file in man/man1/autovelox-cases.1.gz bash-completion/completions/autovelox zsh/vendor-completions/_autovelox; do
            must [ -e "/usr/share/$file" ]
        done
        systemd-analyze verify --man=no "$(dpkg -L autovelox | grep "/autovelox.service$")"
        must [ "$(stat -c "%U %a" /etc/autovelox/signing.key)" = "root 600" ]
        must [ "$(stat -c %U /var/lib/autovelox)" = autovelox ]
        must grep -q "^engine = \"litert\"" /etc/autovelox/autovelox.toml
        autovelox run --config /etc/autovelox/autovelox.toml --check=configuration >/dev/null
        began=$(date +%s)
        runuser -u newcomer -- env HOME=/tmp autovelox demo --dir /tmp/demo | tee demo.log || true
        sed "s/^/unit | /" /tmp/demo/unit.log || true
        result demo "$(sed -n "s/\([0-9] of 8\) cases right.*/\1/p" demo.log)"
        result demo_s $(($(date +%s) - began))
    ' >>"$log" 2>&1 || true
    drop
    if [ -n "$emulated" ]; then echo "RESULT tests=built, installed, run" >>"$log"; else deb_booted "$@" >>"$log" 2>&1; fi
    echo "RESULT tests_s=$(($(date +%s) - began))" >>"$log"
    ! grep -q 'RESULT lintian=FAILED' "$log" || failed+=" $1(lintian)"
    outcome "$1" "$log"
}
deb_booted() {  # ROW SUITE ARCH: the packages of $built in a booted system without a network
    layer "$@" || return 0
    inside root bash -eu -c 'apt-get update -q
        apt-get install -y --no-install-recommends systemd-sysv dbus procps python3 libgcc-s1 libstdc++6 zlib1g' || { drop; return 0; }
    mkdir -p "$root/srv/deb" "$root/etc/systemd/system/multi-user.target.wants"
    cp "$built"/*.deb "$root/srv/deb/"
    printf '[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=/bin/bash /srv/install/deb_booted.sh\n' \
        >"$root/etc/systemd/system/proof.service"
    ln -s ../proof.service "$root/etc/systemd/system/multi-user.target.wants/proof.service"
    timeout 900 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network --console=pipe --boot \
        systemd.show_status=0 </dev/null >/dev/null || true
    cat "$root/proof.log" || true
    ! grep -q '^PROOF purged' "$root/proof.log" || echo "RESULT tests=run, upgraded, removed, purged"
    drop
}
