#!/usr/bin/env bash
# The networks to train on from, which lie outside the repository: `make checkpoints` gets them, `make release` packs them.
#   checkpoints.sh get OUT    from the release file CHECKPOINTS, or else from the history of this clone
#   checkpoints.sh pack FILE  packs OUT (default build/checkpoints) into a release file, the same bytes each time
# converter/shipped/checkpoints.sha256 names the files; a file of another checksum is refused. After a training that gave
# better ones: `checkpoints.sh list FOLDER >converter/shipped/checkpoints.sha256`, and `make release`.
set -euo pipefail
cd "$(dirname "$0")/.."
sums=$PWD/converter/shipped/checkpoints.sha256
kept_in=f42d16c # the last commit whose tree has them, in converter/shipped

fail() { echo "checkpoints: $*" >&2; exit 1; }
right() { (cd "$1" && sha256sum --check --quiet --strict "$sums" >/dev/null 2>&1); }

get() {
    local out=$1 work
    ! right "$out" 2>/dev/null || return 0
    mkdir -p build
    work=$(mktemp -d "$PWD/build/checkpoints.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    if [ -n "${CHECKPOINTS:-}" ]; then
        [ -r "$CHECKPOINTS" ] || fail "$CHECKPOINTS cannot be read: give the release file autovelox-checkpoints-VERSION.tar.gz"
        tar -xzf "$CHECKPOINTS" -C "$work" || fail "$CHECKPOINTS is damaged: fetch the release file again"
    else
        git archive "$kept_in" converter/shipped/network converter/shipped/refiner 2>/dev/null |
            tar -x -C "$work" --strip-components=2 2>/dev/null ||
            fail "this clone has no history to take them from: git fetch --unshallow, or give the release file:" \
                "make checkpoints CHECKPOINTS=autovelox-checkpoints-VERSION.tar.gz"
    fi
    right "$work" || fail "these are not the files that were released (converter/shipped/checkpoints.sha256): take the release file of this version"
    rm -rf "$out"
    mkdir -p "$(dirname "$out")"
    mv "$work" "$out"
    chmod 755 "$out"
    echo "checkpoints: $out has network and refiner: make detector START=$out/network REFINER_START=$out/refiner"
}
pack() {
    get build/checkpoints
    tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -C build/checkpoints -c network refiner |
        gzip -n9 >"$1"
    echo "checkpoints: $1, $(du -k "$1" | cut -f1) kB"
}
list() { (cd "$1" && find network refiner -type f | LC_ALL=C sort | xargs sha256sum); }

case ${1:-} in
    get) get "${2:-build/checkpoints}" ;;
    pack) pack "${2:?a file to write}" ;;
    list) list "${2:?the folder that has network and refiner}" ;;
    *) fail "say get, pack or list" ;;
esac
