# shellcheck shell=bash
# In the minimal system, as root: what somebody has who can clone and call make, and no more.
set -eux
apt-get update -q
apt-get install -y --no-install-recommends git make python3
