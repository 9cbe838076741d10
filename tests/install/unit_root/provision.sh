#!/usr/bin/env bash
# What docs/install.md has the operator do after the installation, with the recorded feed of the demo for camera and
# radar: its own commands, read from the page.
set -euo pipefail
cd /root

sudo() { if [ "$1" = -u ]; then runuser -u "$2" -- "${@:3}"; else "$@"; fi; }  # we are root, and the root has no sudo
commands() {  # SECTION: what the page has one type there, without what opens an editor or never ends
    awk -v section="^## $1[.] " '/^## / {on = $0 ~ section} /^```/ {code = on && /^```sh/; next} code' \
        /root/checkout/docs/install.md | grep -v -e sudoedit -e 'journalctl -f'
}
follow() { echo "following docs/install.md, step $1"; eval "set -x; $(commands "$1"); set +x"; }

install -d -o autovelox -g autovelox /var/lib/autovelox/feed
cp /root/checkout/edge/demo/feed/*.mp4 /var/lib/autovelox/feed/
{ echo "loop = true"; cat /root/checkout/edge/demo/feed/manifest.toml; } >/var/lib/autovelox/feed/manifest.toml
cat >/etc/autovelox/autovelox.toml <<'E2'
[unit]
serial = "AVX-0001"
site = "proof"

[radar]
pin_factory = "mock"
pin_means = "motion"

[camera]
kind = "recorded"
manifest = "/var/lib/autovelox/feed/manifest.toml"

[window]
window_after_s = 0
E2
[ "${ENGINE:-easyocr}" = easyocr ] || printf '\n[recognition]\nengine = "%s"\n' "$ENGINE" >>/etc/autovelox/autovelox.toml
/opt/autovelox/current/bin/python -c "import cv2, numpy; cv2.imwrite('portrait.jpg', numpy.full((120, 90, 3), 200, 'u1'))"
follow 5
follow 6
follow 8
