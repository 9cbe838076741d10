# shellcheck shell=bash disable=SC2154
# The rows "deb-centre-SUITE" of run.sh: builds the centre's package and its successor in a minimal system, checks it with
# lintian, and in a clean, booted one without a network installs, runs, upgrades, removes and purges it (deb_centre_booted.sh).

deb_centre_row() {  # ROW SUITE ARCH
    local log=$work/$1.log built=$work/deb-centre-$2-$3 began
    began=$(date +%s)
    rm -rf "$built" && mkdir -p "$built"
    layer "$1" "$2" "$3" || return 0
    if ! inside root bash -eux -c '
        apt-get update -q
        apt-get install -y --no-install-recommends build-essential debhelper git lintian python3 python3-venv
        git config --global --add safe.directory "*"
        git clone -q /srv/source.git /srv/autovelox
        cd /srv/autovelox
        export PACKAGE=autovelox-centre
        systemd/deb.sh /srv/deb
        chmod a+rX /srv/deb
        runuser -u newcomer -- env HOME=/home/newcomer TMPDIR=/var/tmp lintian --fail-on error,warning \
            --tag-display-limit 6 /srv/deb/autovelox-centre_*.deb >lintian.log 2>&1 || echo "RESULT lintian=FAILED" >>lintian.log &
        VERSION_SUFFIX=+1 systemd/deb.sh /srv/deb
        wait
        cat lintian.log' >"$log" 2>&1; then
        note "$1" "FAILED to build: $log" - - - - - - -
        failed+=" $1"
        drop
        return
    fi
    mv "$root"/srv/deb/*.deb "$built/"
    drop
    layer "$1" "$2" "$3" || return 0
    inside root bash -eu -c 'apt-get update -q
        apt-get install -y --no-install-recommends systemd-sysv dbus procps curl python3 libgcc-s1 libstdc++6 zlib1g' >>"$log" 2>&1
    mkdir -p "$root/srv/deb" "$root/etc/systemd/system/multi-user.target.wants"
    cp "$built"/*.deb "$root/srv/deb/"
    printf '[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=/bin/bash /srv/install/deb_centre_booted.sh\n' \
        >"$root/etc/systemd/system/proof.service"
    ln -s ../proof.service "$root/etc/systemd/system/multi-user.target.wants/proof.service"
    timeout 900 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network --console=pipe --boot \
        systemd.show_status=0 </dev/null >/dev/null || true
    cat "$root/proof.log" >>"$log" || true
    drop
    echo "RESULT fetched=$(du -m "$(find "$built" -name '*.deb' ! -name '*+1*')" | cut -f1)" >>"$log"
    echo "RESULT demo=none" >>"$log" # demo-fleet is a checkout's
    ! grep -q '^PROOF purged' "$log" || echo "RESULT tests=run, upgraded, removed, purged" >>"$log"
    echo "RESULT tests_s=$(($(date +%s) - began))" >>"$log"
    ! grep -q 'RESULT lintian=FAILED' "$log" || failed+=" $1(lintian)"
    outcome "$1" "$log"
}
