#!/bin/busybox sh
# The first process of the virtual machine: loads gpio-sim, makes a chip like a Raspberry Pi's, runs the suite, powers off.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done </modules/order
mount -t configfs config /sys/kernel/config
bank=/sys/kernel/config/gpio-sim/board/bank
mkdir -p "$bank"
echo 54 >"$bank/num_lines"
echo 1 >"${bank%/bank}/live"
options=trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose
mount -t 9p -o "$options" root /root
mount -t 9p -o "$options" src /root/src
mount -t 9p -o "$options" vm /root/mnt
mount -t tmpfs tmp /root/tmp
for folder in proc sys dev; do mount -o bind "/$folder" "/root/$folder"; done
# gpiozero finds out which board it is on from this file: a Raspberry Pi 4.
{ cat /proc/cpuinfo; echo "Revision : c03114"; } >/root/tmp/cpuinfo
mount -o bind /root/tmp/cpuinfo /root/proc/cpuinfo
triggers=$(sed 's/.*triggers=\([0-9]*\).*/\1/' /proc/cmdline)
chroot /root /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp LG_WD=/tmp PYTHONPATH=/src:/src/tests/hardware PYTHONDONTWRITEBYTECODE=1 \
    /mnt/venv/bin/python /src/tests/hardware/run.py --part pins --feed /mnt/feed/feed.toml --triggers "$triggers" --pin-in 17 --state-dir /tmp \
    --sim-pull "$(ls -d /sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio17/pull)"
echo "HIL EXIT $?"
poweroff -f
