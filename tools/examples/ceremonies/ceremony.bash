# SPDX-License-Identifier: Apache-2.0
#
# ceremony.bash: what the walk-throughs beside it share: a development folder that is gone
# afterwards, a gateway on it, and steps that are shown before they are done.
#
# Programs come from $STATGATE_BIN, else from build/demo/bin (tools/demo builds them), else
# from the PATH. Persons are synthetic: birth numbers that the tax agency keeps for tests.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
bin=${STATGATE_BIN:-}
if [ -z "$bin" ] && [ -x "$root/build/demo/bin/statgated" ]; then
        bin=$root/build/demo/bin
fi
[ -z "$bin" ] || PATH=$bin:$PATH
export PATH LC_ALL=C.UTF-8
command -v statgated >/dev/null || { echo "ceremony: no statgated; set STATGATE_BIN" >&2; exit 2; }

data=$(mktemp -d "${TMPDIR:-/tmp}/statgate-ceremony.XXXXXX")
gateway=
custodian= # two_parties.sh has one
finish() {
        local code=$?

        [ -z "$gateway" ] || { kill "$gateway" 2>/dev/null || true; wait "$gateway" 2>/dev/null || true; }
        [ -z "$custodian" ] || { kill "$custodian" 2>/dev/null || true; wait "$custodian" 2>/dev/null || true; }
        if [ $code != 0 ]; then
                echo "ceremony: stopped at a step that did not do what it says" >&2
                tail -n 20 "$data/gateway.log" >&2 2>/dev/null || true
        fi
        rm -rf "$data"
}
trap finish EXIT

step=0
say() { step=$((step + 1)); printf '\n%d. %s\n' "$step" "$*"; }
# Set in, and without the log's lines.
show() { sed "/^{/d; s#$data/##g; s/^/     /"; }
# Shown, then done; paths without the folder that is gone tomorrow.
run() {
        printf '   $ %s\n' "${*//$data\//}"
        "$@" 2>&1 | show
}
# Done, and it must not succeed: that is what is shown.
refused() {
        printf '   $ %s\n' "${*//$data\//}"
        if "$@" >"$data/said" 2>&1; then
                echo "ceremony: that should have been refused" >&2
                return 1
        fi
        show <"$data/said"
}
# Keys, but for those of linkages, which are many.
keys_status() { run statgate --as operator keys status | grep -v '^     linkage'; }
# placed VARIABLE PATTERN: a vintage, and the rows of a statistician's table of it that matter.
placed() {
        run statgate --as operator vintage publish
        run statgate --as statistician query --purpose officiell_statistik --dataset placering \
                --by "$1" | grep -E '^   \$|municipalities|'"$2" | tee "$data/placed"
}
must() { "$@" || { echo "ceremony: not so: $*" >&2; return 1; }; }

# passphrase FILE: a random one, in a file since nobody is here to type it.
passphrase() { (umask 077 && head -c 24 /dev/urandom | base64 >"$1"); }
# wipe FILE…: what an officer does with a file that she does not need again.
wipe() { run shred --remove=unlink "$@"; }
# setting KEY VALUE: in statgate.yaml, added or changed.
setting() {
        sed -i "/^$1:/d" "$data/gate/statgate.yaml"
        [ -z "${2:-}" ] || printf '%s: %s\n' "$1" "$2" >>"$data/gate/statgate.yaml"
}

# A folder with a passphrase in $data/passphrase; officers open the keyring.
folder() {
        passphrase "$data/passphrase"
        run statgate init "$data/gate" --development --bundle "$root/policies/bundle" \
                --municipalities 0180,1480 --passphrase-file "$data/passphrase"
        setting address 127.0.0.1:0
        setting passphrase_file
        setting unseal officers
        cd "$data/gate"
}

begin_gateway() {
        rm -f run/keys.sock
        statgated --data "$data/gate" >>"$data/gateway.log" 2>&1 &
        gateway=$!
}
await() { # what, file, seconds
        for _ in $(seq "$3"0); do
                [ ! -e "$2" ] || return 0
                kill -0 "$gateway" 2>/dev/null || break
                sleep 0.1
        done
        echo "ceremony: $1 did not come" >&2
        return 1
}
# Up to where it waits for officers; up to where it serves.
start_sealed() { begin_gateway; await "the officers' door" run/keys.sock 30; }
serving() { await "the gateway" run/address 60; echo "     (the gateway serves)"; }
stop_gateway() {
        kill "$gateway"
        wait "$gateway"
        gateway=
        must test ! -e run/address
}
# It opened its keyring, looked around, and left.
must_end() {
        local code=0

        wait "$gateway" || code=$?
        gateway=
        must test $code != 0
        must test ! -e run/address
        echo "     (the gateway ended)"
}
unseal() { run statgate keys unseal --passphrase-file "$data/passphrase"; serving; }

# deliver FLAG…: a year of placements of two municipalities, sealed before it leaves them.
deliver() {
        if [ ! -d "$data/files" ]; then
                statgate generate --dataset placering --persons 250000 --seed 7 --period 2024 \
                        --municipalities 0180,1480 --out "$data/files" >/dev/null 2>&1
        fi
        local code
        for code in 0180 1480; do
                run statgate --as $code submit --as-of 2025-01-15 --quiet "$@" \
                        "$data/files/$code"-placering-*.csv
        done
}
