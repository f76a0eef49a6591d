#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# systemd_unit.sh BIN UNIT [DROP-IN]: systemd understands every line of the unit, and by its own
# count what is left to the service is little.
set -euo pipefail

command -v systemd-analyze >/dev/null || { echo "skipped: there is no systemd-analyze"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
name=$(basename "$2")
for unit in "$(dirname "$2")"/*.service; do # they name one another
        sed "s#/usr/bin/statgate#$1/statgate#" "$unit" >"$folder/$(basename "$unit")"
done
if [ -n "${3:-}" ]; then
        mkdir "$folder/$name.d"
        cp "$3" "$folder/$name.d/"
fi
SYSTEMD_UNIT_PATH="$folder:" systemd-analyze verify --man=no "$folder/$name" 2>"$folder/said" || true
if grep -E "$name|$(basename "${3:-$name}")" "$folder/said"; then
        exit 1
fi
systemd-analyze security --offline=true --threshold=20 "$folder/$name" >"$folder/said" ||
        { cat "$folder/said"; exit 1; }
tail -n 1 "$folder/said"
