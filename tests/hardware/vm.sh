#!/usr/bin/env bash
# `make hil-vm`: the hardware-in-the-loop suite on a kernel with simulated GPIO lines (gpio-sim) and the real lgpio.
# Needs root, debootstrap, qemu and about 3 GB; elsewhere it says so and skips. With --prepare it only fetches.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD/var/unit-root
vm=$PWD/var/hil-vm
triggers=${TRIGGERS:-1000}

skip() { echo "hil-vm: skipped: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "needs root (sudo make hil-vm)"
for tool in debootstrap:debootstrap qemu-system-x86_64:qemu-system-x86 depmod:kmod cpio:cpio; do
    command -v "${tool%%:*}" >/dev/null || skip "needs ${tool%%:*} (apt install ${tool##*:})"
done
tests/install/unit_root/run.sh --prepare
[ -e "$root/.ready" ] || skip "the Debian root could not be built"

if [ ! -e "$vm/.ready" ]; then
    echo "hil-vm: fetching a kernel with gpio-sim once ..."
    rm -rf "$vm"
    mkdir -p "$vm"/{debs,kernel,initrd/{bin,modules,proc,sys,dev,root}}
    # Debian's own kernel has gpio-sim from trixie-backports on. A package list of its own leaves the system's alone.
    mkdir -p "$vm"/apt/{lists/partial,cache/archives/partial,trusted}
    sed 's/bookworm/trixie-backports/' "$root/etc/apt/sources.list" >"$vm/apt/sources.list"
    apt=(-o Dir::Etc::SourceList="$vm/apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$vm/apt/lists"
        -o Dir::Cache="$vm/apt/cache" -o APT::Sandbox::User=root)
    apt-get "${apt[@]}" update -qq
    version=$(apt-cache "${apt[@]}" depends linux-image-amd64/trixie-backports |
        sed -n 's/.*Depends: linux-image-\([0-9].*\)/\1/p' | head -1)
    (cd "$vm/debs" && apt-get "${apt[@]}" download -qq "linux-binary-$version" "linux-modules-$version")
    (cd "$vm/debs" && apt-get -o APT::Sandbox::User=root download -qq busybox-static)
    for deb in "$vm"/debs/*.deb; do dpkg-deb -x "$deb" "$vm/kernel"; done
    depmod -b "$vm/kernel/usr" "$version" 2>"$vm/depmod.log"  # it misses lists of the kernel's that we need not
    cp "$(find "$vm/kernel" -type f -name 'vmlinuz*' | head -1)" "$vm/vmlinuz"
    cp "$vm"/kernel/usr/bin/busybox "$vm/initrd/bin/" 2>/dev/null || cp "$vm/kernel/bin/busybox" "$vm/initrd/bin/"
    # What the initial file system loads, in this order, unpacked. In newer kernels virtio_pci is built in.
    for module in virtio_pci 9pnet_virtio 9p configfs gpio-sim; do
        modprobe -d "$vm/kernel/usr" -S "$version" --show-depends "$module" 2>>"$vm/depmod.log" ||
            [ "$module" = virtio_pci ] || exit 1
    done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' | while read -r path; do
        name=$(basename "$path" .xz)
        xz -dc "$path" >"$vm/initrd/modules/$name" 2>/dev/null || cp "$path" "$vm/initrd/modules/$name"
        echo "$name"
    done >"$vm/initrd/modules/order"
    rm -rf "$vm"/{kernel,debs,apt}
    touch "$vm/.ready"
fi
if ! cmp -s systemd/setup/lock/unit.txt "$vm/unit.txt"; then
    echo "hil-vm: installing the unit's libraries from the wheelhouse ..."
    rm -rf "$vm/venv" "$vm/unit.txt"
    cp systemd/setup/lock/unit.txt "$vm/wanted.txt"
    unshare --mount bash -euo pipefail -c '
        mount --bind "$2" "$1/mnt"
        mount --bind -o ro "$PWD/var/wheelhouse" "$1/srv"
        clean() { chroot "$1" env -i PATH=/usr/bin:/bin HOME=/tmp "${@:2}"; }
        clean "$1" python3 -m venv /mnt/venv
        clean "$1" /mnt/venv/bin/pip install --quiet --no-index --find-links /srv --requirement /mnt/wanted.txt
    ' -- "$root" "$vm"
    mv "$vm/wanted.txt" "$vm/unit.txt"
fi
[ "${1:-}" != --prepare ] || exit 0
# Recorded out here, where the processor is a real one.
rm -rf "$vm/feed"
mkdir -p "$root/src" "$vm/feed"
.venv/bin/python tests/hardware/run.py --record "$vm/feed" --triggers "$triggers"
install -m 755 tests/hardware/vm_init.sh "$vm/initrd/init"
(cd "$vm/initrd" && find . | cpio --quiet -o -H newc | gzip -1) >"$vm/initrd.gz"

echo "hil-vm: booting; the processor is emulated, so this takes minutes ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
timeout 1500 qemu-system-x86_64 -accel "${ACCEL:-tcg}" -cpu max -m 1024 -smp 1 -display none -no-reboot -serial stdio -monitor none \
    -kernel "$vm/vmlinuz" -initrd "$vm/initrd.gz" -append "console=ttyS0 quiet panic=-1 triggers=$triggers" \
    -virtfs "local,path=$root,mount_tag=root,security_model=none,readonly=on" \
    -virtfs "local,path=$PWD,mount_tag=src,security_model=none,readonly=on" \
    -virtfs "local,path=$vm,mount_tag=vm,security_model=none,readonly=on" </dev/null | sed -u 's/\r$//' | tee "$log" |
    grep --line-buffered -v '^\[' || true
grep -q '^HIL EXIT 0$' "$log" || { echo "hil-vm: FAILED"; tail -n 40 "$log"; exit 1; }
