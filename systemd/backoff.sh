#!/bin/sh
# Before every start of the unit: waits longer after each start in a row that failed, 2 s to 2 min. The file $1 counts
# them; it is removed when the unit is ready. (RestartSteps= does this from systemd 254 on; Bookworm has 252.)
set -eu
failed=$(cat "$1" 2>/dev/null || echo 0)
echo $((failed + 1)) >"$1"
[ "$failed" -gt 0 ] || exit 0
delay=120
[ "$failed" -gt 6 ] || delay=$((1 << failed))
echo "$failed starts in a row failed: waiting $delay s"
exec sleep "$delay"
