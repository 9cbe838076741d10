# shellcheck shell=bash disable=SC2154
# The row "deb" of run.sh: builds the package twice in a minimal bookworm, checks it with lintian, installs the first one in
# a clean system, plays the demo from it, upgrades, removes and purges. WHEELS has to have PyTorch's CPU build on a
# PC where PyTorch's own index does not answer.

deb_row() {  # ROW SUITE ARCH
    local log=$work/$1.log built=$work/deb-$2-$3 began
    began=$(date +%s)
    rm -rf "$built" && mkdir -p "$built"
    layer "$2" "$3"
    extra=${WHEELS:+--bind-ro=$(realpath "$WHEELS"):/srv/wheels}
    if ! inside root bash -eux -c '
        apt-get update -q
        apt-get install -y --no-install-recommends build-essential debhelper git lintian python3 python3-venv
        git config --global --add safe.directory "*"
        git clone -q /srv/source.git /root/autovelox
        cd /root/autovelox
        [ ! -d /srv/wheels ] || export WHEELS=/srv/wheels
        systemd/deb.sh /root/deb
        VERSION_SUFFIX=+1 systemd/deb.sh /root/deb
        cd /root/deb
        lintian --fail-on error,warning --tag-display-limit 6 "$(ls autovelox_*.deb | grep -v +1)" >lintian.log || echo "RESULT lintian=FAILED"
        cat lintian.log' >"$log" 2>&1; then
        if grep -q 'no CPU build of PyTorch is to be had here' "$log"; then
            note "$1" "not here: no CPU build of PyTorch (WHEELS=folder)" - - - - - - -
        else
            note "$1" "FAILED to build: $log" - - - - - - -; failed+=" $1"
        fi
        drop
        return
    fi
    mv "$root"/root/deb/*.deb "$root/root/deb/lintian.log" "$built/"
    drop
    layer "$2" "$3"
    mkdir "$root/srv/deb" && cp "$built"/*.deb "$root/srv/deb/"
    inside root bash -eu -c '
        result() { echo "RESULT $1=$2"; }
        cd /srv/deb
        first=$(ls autovelox_*.deb | grep -v +1) second=$(ls autovelox_*+1*.deb)
        apt-get update -q
        apt-get install -y --no-install-recommends "./$first"
        result python "$(/usr/lib/autovelox/current/bin/python -c "import platform; print(platform.python_version(), platform.machine())")"
        result fetched "$(du -m "$first" | cut -f1)"
        result installed "$(du -sm /usr/lib/autovelox | cut -f1)"
        systemd-analyze verify --man=no /usr/lib/systemd/system/autovelox*.service /usr/lib/systemd/system/autovelox*.timer
        [ "$(stat -c "%U %a" /etc/autovelox/signing.key)" = "root 600" ]
        [ "$(stat -c %U /var/lib/autovelox)" = autovelox ]
        began=$(date +%s)
        runuser -u newcomer -- env HOME=/tmp autovelox demo --state-dir /tmp/demo | tee demo.log
        result demo "$(sed -n "s/\([0-9] of 8\) cases right.*/\1/p" demo.log)"
        result demo_s $(($(date +%s) - began))
        echo "# of the operator" >>/etc/autovelox/autovelox.toml
        sha256sum /etc/autovelox/* >before
        touch /var/lib/autovelox/evidence
        apt-get install -y --no-install-recommends "./$second"
        sha256sum --check before
        [ "$(ls /usr/lib/autovelox/releases)" = "$(dpkg-query -W -f "\${Version}" autovelox)" ]
        autovelox --version
        apt-get remove -y autovelox
        [ ! -e /usr/bin/autovelox ] && [ ! -e /usr/lib/autovelox ] && sha256sum --check before
        apt-get purge -y autovelox
        [ ! -e /etc/autovelox/autovelox.toml ] && [ -e /etc/autovelox/signing.key ] && [ -e /var/lib/autovelox/evidence ]
        result tests "upgraded, removed, purged"
    ' >>"$log" 2>&1 || true
    extra=
    echo "RESULT tests_s=$(($(date +%s) - began))" >>"$log"
    ! grep -q 'RESULT lintian=FAILED' "$log" || failed+=" $1(lintian)"
    outcome "$1" "$log"
    drop
}
