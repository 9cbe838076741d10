#!/usr/bin/env bash
# Runs Picamera against a real picamera2 on libcamera's virtual pipeline, in a Debian root that is built once.
# Needs root, debootstrap and about 2 GB; elsewhere it says so and skips. With --prepare it only builds the root.
set -euo pipefail
cd "$(dirname "$0")/../../.."
root=$PWD/var/camera-root

skip() { echo "test-camera: skipped: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "needs root (sudo make test-camera)"
command -v debootstrap >/dev/null || skip "needs debootstrap (apt install debootstrap)"

packages=(
    python3-libcamera libcamera-ipa python3-numpy python3-opencv python3-pydantic python3-pytest
    python3-pytest-asyncio python3-av python3-jsonschema python3-libarchive-c python3-pil python3-prctl
    python3-tqdm python3-pip python3-dev gcc
)
wheels=(
    picamera2==0.3.38 PiDNG==4.0.9 piexif==1.1.3 simplejpeg==1.9.0 videodev2==0.0.4 OpenEXR==3.5.3
    gpiozero==2.0.1.post3 colorzero==2.0 pyserial==3.5 pyserial-asyncio-fast==0.16
)
if [ ! -e "$root/.ready" ]; then
    echo "test-camera: building $root once (some minutes) ..."
    rm -rf "$root"
    mkdir -p "$root"
    nice debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" trixie "$root" >"$root.log"
    install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    nice chroot "$root" env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/root \
        python3 -m pip install --quiet --break-system-packages --root-user-action ignore --no-warn-script-location \
        --no-deps "${wheels[@]}"
    touch "$root/.ready"
fi
[ "${1:-}" != --prepare ] || exit 0
install -D -m 644 tests/hardware/camera/virtual.yaml "$root/usr/share/libcamera/pipeline/virtual/virtual.yaml"
mkdir -p "$root/src"

# libcamera 0.4's virtual pipeline leaves the status of a frame as malloc found it. MALLOC_PERTURB_=255 makes glibc hand
# out zeroes, and zero is success; memory out of the thread cache is not perturbed, so there is none.
unshare --mount bash -euo pipefail -c '
    mount --bind -o ro "$PWD" "$1/src"
    mount -t tmpfs tmpfs "$1/tmp"
    mount -t proc proc "$1/proc"
    exec chroot "$1" env -i PATH=/usr/bin:/bin HOME=/tmp PYTHONPATH=/src PYTHONDONTWRITEBYTECODE=1 MALLOC_PERTURB_=255 \
        GLIBC_TUNABLES=glibc.malloc.tcache_count=0 LIBCAMERA_LOG_LEVELS="*:FATAL" \
        python3 -m pytest -c /dev/null --rootdir=/src -o asyncio_mode=auto -o asyncio_default_fixture_loop_scope=function -p no:cacheprovider -q -s /src/tests/hardware/camera
' -- "$root"
