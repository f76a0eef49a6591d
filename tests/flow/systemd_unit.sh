#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# systemd_unit.sh BIN UNIT: systemd understands every line of the unit, and by its own count what is
# left to the service is little.
set -euo pipefail

command -v systemd-analyze >/dev/null || { echo "skipped: there is no systemd-analyze"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sed "s#/usr/bin/statgated#$1/statgated#" "$2" >"$folder/statgated.service"
systemd-analyze verify --man=no "$folder/statgated.service" 2>"$folder/said" || true
if grep -F statgated.service "$folder/said"; then
        exit 1
fi
systemd-analyze security --offline=true --threshold=20 "$folder/statgated.service" >"$folder/said" ||
        { cat "$folder/said"; exit 1; }
tail -n 1 "$folder/said"
