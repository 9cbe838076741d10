#!/usr/bin/env bash
# What docs/install.md has the operator do after the installation, with the recorded feed of the demo for camera and radar.
set -euo pipefail

install -d -o autovelox -g autovelox /var/lib/autovelox/feed
cp /tmp/checkout/edge/demo/feed/*.mp4 /var/lib/autovelox/feed/
{ echo "loop = true"; cat /tmp/checkout/edge/demo/feed/manifest.toml; } >/var/lib/autovelox/feed/manifest.toml
cat >/etc/autovelox/autovelox.toml <<'E2'
[unit]
serial = "AVX-0001"
site = "proof"
state_dir = "/var/lib/autovelox"

[radar]
pin_factory = "mock"

[camera]
kind = "recorded"
manifest = "/var/lib/autovelox/feed/manifest.toml"

[window]
window_after_s = 0

[metrics]
port = 9464
E2
/opt/autovelox/current/bin/python -c "import cv2, numpy; cv2.imwrite('/tmp/portrait.png', numpy.full((120, 90, 3), 200, 'u1'))"
autovelox run --config /etc/autovelox/autovelox.toml --check >/dev/null
autovelox registry init --config /etc/autovelox/autovelox.toml
autovelox registry enrol --config /etc/autovelox/autovelox.toml --licence UD1234567A --first-name Ada --last-name Prova \
    --birth-date 1990-01-01 --birth-place Udine --categories B --issuing-office "MCTC-UD" --issued-on 2020-01-01 \
    --expires-on 2030-01-01 --portrait /tmp/portrait.png --chip /root/chip.json
chown autovelox:autovelox /var/lib/autovelox/registry.sqlite
