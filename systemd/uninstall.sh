#!/usr/bin/env bash
# Removes the unit: `sudo make uninstall`. Evidence, registry, backups, configuration and keys stay.
set -euo pipefail
prefix=${PREFIX:-/opt/autovelox}
dest=${DESTDIR:-}
[ "$(id -u)" = 0 ] || { echo "uninstall: run as root: sudo make uninstall" >&2; exit 1; }

if [ -z "$dest" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now --quiet autovelox.service autovelox-officers.service autovelox-{purge,backup,selftest}.timer 2>/dev/null || true
fi
rm -f "$dest"/etc/systemd/system/autovelox{,-officers}.service "$dest"/etc/systemd/system/autovelox-{purge,backup,selftest}.{service,timer}
rm -rf "$dest$prefix/releases" "$dest$prefix/current"
rmdir --ignore-fail-on-non-empty "$dest$prefix" 2>/dev/null || true
rm -f "$dest"/usr/lib/{sysusers.d,tmpfiles.d,modules-load.d}/autovelox.conf "$dest"/usr/lib/udev/rules.d/70-autovelox.rules
rm -f "$dest/usr/local/bin/autovelox"
share=$dest/usr/local/share
rm -f "$share"/man/man1/autovelox{,-*}.1 "$share/bash-completion/completions/autovelox" \
    "$share/zsh/site-functions/_autovelox" "$share/fish/vendor_completions.d/autovelox.fish"
[ -n "$dest" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload
echo "uninstall: done; /var/lib/autovelox, /var/backups/autovelox and /etc/autovelox are kept: delete them by hand if you mean it"
