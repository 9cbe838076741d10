#!/usr/bin/env bash
# `make test-install`: does what README.md tells a newcomer, on minimal systems, with nothing but the public index, and prints
# a table of sizes and times. Tests what is committed. Needs root, debootstrap, systemd-container and 15 GB; for arm64 also
# qemu-user with its binfmt entry. ROWS chooses; "-litert" is the small install; a row that cannot run here says why.
# WHEELS is a folder that the newcomer has, with PyTorch's CPU build: where its own index is out of reach, that of x86_64.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/tests/install
work=${WORK:-$PWD/var/install}
rows=${ROWS:-trixie-litert wheel deb-bookworm deb-trixie deb-centre-bookworm deb-centre-trixie bookworm trixie python3.12 arm64-trixie-litert arm64-bookworm arm64-trixie arm64-deb-trixie}
emulated='' reason='' ENGINE=''
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

fail() { echo "test-install: $*" >&2; exit 1; }
wheels=${WHEELS:+$(realpath "$WHEELS")}
[ -z "$wheels" ] || [ -d "$wheels" ] || fail "WHEELS=$WHEELS is no folder"
[ "$(id -u)" = 0 ] || fail "needs root, for the minimal systems: sudo make test-install"
for tool in debootstrap:debootstrap systemd-nspawn:systemd-container; do
    command -v "${tool%%:*}" >/dev/null || fail "needs ${tool%%:*}: apt install ${tool##*:}"
done
mkdir -p "$work"
exec 9>"$work/.lock"
flock --nonblock 9 || fail "another one runs in $work: wait, or give another folder as WORK"
table=$work/table
printf 'row\tPython\tfetched MB\tinstalled MB\tset up s\tdemo\tdemo s\ttests\ttests s\n' >"$table"
rm -rf "$work/source.git"
git clone --quiet --bare --depth 1 "file://$PWD" "$work/source.git"
failed='' not_here=''

base() {  # SUITE ARCH: a minimal system, made once
    local root=$work/$1-$2
    if [ ! -e "$root/.ready" ]; then
        echo "test-install: building a minimal $1 for $2 once ..."
        rm -rf "$root"
        nice debootstrap --variant=minbase --arch="$2" "$1" "$root" "$mirror" >"$root.log" 2>&1 ||
            { reason="debootstrap failed: $(tail -1 "$root.log")"; return 1; }
        touch "$root/.ready"
    fi
}
layer() {  # ROW SUITE ARCH: sets $root, a throw-away layer over the minimal system; where none can be had, says why in the table
    make_layer "$2" "$3" && return
    absent "$1" "$reason"
    [ -z "$root" ] || drop
    return 1
}
make_layer() {  # SUITE ARCH
    base "$1" "$2" || return 1
    run=$(mktemp -d "$work/run.XXXXXX")
    mkdir "$run"/{upper,tmp,root}
    mount -t overlay overlay -o "lowerdir=$work/$1-$2,upperdir=$run/upper,workdir=$run/tmp" "$run/root" 2>/dev/null ||
        { reason="no overlay can be mounted in $work: give another folder as WORK"; return 1; }
    root=$run/root
    # A network that rewrites TLS has certificates of its own, and this machine knows them.
    mkdir -p "$root/etc/ssl/certs" "$root/srv/install"
    cp /etc/ssl/certs/ca-certificates.crt "$root/srv/install/ca.crt"
    cp "$here"/*.sh "$here/cpuinfo-pi4" "$root/srv/install/"
    echo "127.0.0.1 localhost" >"$root/etc/hosts"  # as Debian's installer writes it; debootstrap does not
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/throw-away"  # no waiting for the disk: nobody keeps this system
    chroot "$root" useradd --create-home --shell /bin/bash newcomer
    inside root true 2>/dev/null || { reason="systemd-nspawn starts nothing: this machine may be a container itself"; return 1; }
}
drop() { umount "$root" && rm -rf "$run"; root=; }
root=
trap '[ -z "$root" ] || umount "$root" 2>/dev/null || true; rm -rf "$work"/run.*' EXIT

inside() {  # USER COMMAND...: in the layer, on the network, with a /tmp in memory as Debian 13 has it
    local user=$1; shift
    # A Raspberry Pi 4: qemu hands on this machine's /proc/cpuinfo, and its default processor offers SVE and SME, with
    # whose kernels LiteRT finds no plate there (no board of ours has them).
    [ -z "$emulated" ] || set -- bash -c 'mount --bind /srv/install/cpuinfo-pi4 /proc/cpuinfo
        exec runuser -u "$0" -- env HOME="$(getent passwd "$0" | cut -d: -f6)" QEMU_CPU=cortex-a72 "$@"' "$user" "$@"
    systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --pipe --resolv-conf=replace-host --user="$(if [ -n "$emulated" ]; then echo root; else echo "$user"; fi)" \
        --bind-ro="$work/source.git:/srv/source.git" ${wheels:+--bind-ro="$wheels:/srv/wheels" --setenv=WHEELS=/srv/wheels} \
        --setenv=PIP_CERT=/srv/install/ca.crt --setenv=SSL_CERT_FILE=/srv/install/ca.crt --setenv=LANG=C.UTF-8 \
        --setenv=NODE_EXTRA_CA_CERTS=/srv/install/ca.crt --setenv=EMULATED="${EMULATED-}" --setenv=TESTS="${TESTS-}" --setenv=ENGINE="$ENGINE" --setenv=DEBIAN_FRONTEND=noninteractive \
        "$@" </dev/null
}
readme() { awk '/^## Two commands/ {on = 1; next} /^## / {on = 0} on && /^```sh/ {code = 1; next} /^```/ {code = 0} on && code' README.md; }
note() {  # ROW FIELDS...
    (IFS=$'\t'; echo "$*") >>"$table"
    echo "test-install: $*"
}
absent() {  # ROW REASON: a row that cannot run on this machine
    note "$1" "not here" - - - - - - -
    not_here+="not here: $1: $2"$'\n'
}
outcome() {  # ROW LOG: the row of the table, from the lines that the newcomer's script printed
    local field value
    local -A got=()
    while IFS='=' read -r field value; do got[$field]=$value; done < <(sed -n 's/^RESULT //p' "$2")
    note "$1" "${got[python]:--}" "${got[fetched]:--}" "${got[installed]:--}" "${got[setup]:--}" "${got[demo]:-FAILED}" \
        "${got[demo_s]:--}" "${got[tests]:-FAILED}" "${got[tests_s]:--}"
    [[ ${got[demo]:-} =~ ^(8 of 8|none)$ && ${got[tests]:-} != *FAILED* && -n ${got[tests]:-} ]] || failed+=" $1"
}

newcomer() {  # ROW SUITE ARCH
    local log=$work/$1.log
    layer "$1" "$2" "$3" || return 0
    readme | sed -n 's/^sudo apt install/apt-get install -y/p' >"$root/srv/install/apt.sh"
    readme | grep '^make' >"$root/srv/install/commands"
    [ -s "$root/srv/install/apt.sh" ] && [ -s "$root/srv/install/commands" ] || fail "README.md has no apt or no make line"
    if inside root bash /srv/install/system.sh >"$log" 2>&1 && inside newcomer bash /srv/install/newcomer.sh lacking >>"$log" 2>&1 &&
        inside root bash -eux /srv/install/apt.sh >>"$log" 2>&1; then
        inside newcomer bash /srv/install/newcomer.sh >>"$log" 2>&1 || true
    fi
    outcome "$1" "$log"
    drop
}
on_this_system() {  # ROW: another Python of this machine, as a user of its own
    local python log=$work/$1.log home
    python=$("$1" -c 'import sys; print(sys.executable)' 2>/dev/null) ||
        { absent "$1" "no $1 on this machine, and its systems' archive is not Debian's"; return; }
    home=$(mktemp -d "$work/run.XXXXXX")
    chmod 755 "$home" # tests of access read the checkout as other accounts
    readme | grep '^make' >"$home/commands"
    env -i HOME="$home" PATH="$(dirname "$python"):/usr/local/bin:/usr/bin:/bin" LANG=C.UTF-8 PYTHON="$python" TESTS="${TESTS-}" WHEELS="$wheels" \
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CONFIG_FILE=/dev/null \
        SOURCE="$work/source.git" COMMANDS="$home/commands" FETCHED="$here/fetched.sh" bash "$here/newcomer.sh" >"$log" 2>&1 || true
    outcome "$1" "$log"
    rm -rf "$home"
}

. "$here/wheel.sh"
. "$here/deb.sh"
. "$here/deb_centre.sh"
for row in $rows; do
    plain=${row%-litert} ENGINE=''
    # The small install has no tests' packages: its demo is played.
    [ "$plain" = "$row" ] || ENGINE=litert
    case $plain in
        bookworm | trixie) TESTS=$([ -n "$ENGINE" ] && echo none || echo "${TESTS-}") newcomer "$row" "$plain" amd64 ;;
        python3.*) on_this_system "$row" ;;
        arm64-*)
            if ! grep -qs enabled /proc/sys/fs/binfmt_misc/qemu-aarch64; then
                absent "$row" "no binfmt entry for aarch64 (apt install qemu-user-static binfmt-support)"
                continue
            fi
            case $plain in arm64-deb-*) emulated=yes deb_row "$row" "${plain#arm64-deb-}" arm64; continue ;; esac
            # The whole suite takes hours there: the networks in both runtimes, which may take longer than a test may.
            chosen=${ENGINE:+none}
            emulated=yes TESTS=${chosen:-${ARM_TESTS---timeout=1800 tests/edge/vision/test_detector.py tests/converter/test_runtimes.py}} \
                newcomer "$row" "${plain#arm64-}" arm64
            ;;
        wheel) wheel_row "$row" trixie amd64 ;;
        deb-centre-*) deb_centre_row "$row" "${row#deb-centre-}" amd64 ;;
        deb-bookworm | deb-trixie) deb_row "$row" "${row#deb-}" amd64 ;;
        *) fail "there is no row $row" ;;
    esac
done
echo
column -t -s $'\t' "$table"
printf %s "$not_here"
[ -z "$failed" ] || fail "FAILED:$failed; the logs are $work/ROW.log"
echo "test-install: passed${not_here:+, but for what cannot run here}"
