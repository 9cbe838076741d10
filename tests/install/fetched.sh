# shellcheck shell=bash
# How many MB pip fetched, by what it wrote into its log: "Downloading NAME (12.3 MB)".
sed -nE 's/.*Downloading .*\(([0-9.]+) ([kMG]?)B\).*/\1 \2/p' "$1" |
    awk '{sum += $1 * ($2 == "k" ? 0.001 : $2 == "G" ? 1000 : $2 == "M" ? 1 : 1e-6)} END {printf "%.0f\n", sum}'
