#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# two_parties.sh: whoever operates the statistics does not have the keys. A folder and a process for
# each of them; run as root the custodian is another user too. On two machines it is the same with
# `listen: tls:HOST:PORT`.
. "$(dirname "$0")/ceremony.bash"

kept=$data/custodian/kept
# By another user, where there is one who can run it.
as_custodian=(setpriv --reuid nobody --regid nogroup --clear-groups --)
if [ "$(id -u)" != 0 ] || ! "${as_custodian[@]}" statgate help >/dev/null 2>&1; then
        as_custodian=(env)
fi
custodian_uid=$("${as_custodian[@]}" id -u)
start_custodian() {
        rm -f "$kept/run/address"
        "${as_custodian[@]}" statgate-keeper-bridge serve "$kept" 2>>"$data/gateway.log" &
        custodian=$!
        for _ in $(seq 300); do
                [ ! -e "$kept/run/address" ] || return 0
                kill -0 "$custodian" 2>/dev/null || break
                sleep 0.1
        done
        echo "ceremony: the custodian's side did not come" >&2
        return 1
}
stop_custodian() { kill "$custodian"; wait "$custodian" || true; custodian=; }
start_gateway() { # waits until its keeper is there
        statgated --data "$data/gate" >>"$data/gateway.log" 2>&1 &
        gateway=$!
}
open_at_custodian() {
        run "${as_custodian[@]}" statgate --config "$kept/statgate.yaml" keys unseal \
                --passphrase-file "$data/custodian/passphrase"
        serving
}

say "The operator's folder, as for trying out; its keyring is not the one that will be used"
folder
wipe "$data/gate/keys/keyring.sgk" "$data/passphrase"
setting unseal

say "The custodian's folder: a keyring of its own, made where the operator cannot read"
chmod 711 "$data"
mkdir "$data/custodian"
passphrase "$data/custodian/passphrase"
cp "$data/gate/keys/dpo.pub" "$data/custodian/dpo.pub"
if [ "$custodian_uid" != "$(id -u)" ]; then chown -R nobody "$data/custodian"; fi
run "${as_custodian[@]}" statgate keys init --custodian "$kept" --signer "$data/custodian/dpo.pub" \
        --listen "unix:$data/custodian/gateway.sock" --gateway "uid:$(id -u)" \
        --passphrase-file "$data/custodian/passphrase" --development
cp "$kept/keys/keeper.pub" client/keeper.pub # on the way to the municipalities

say "The operator's settings name the custodian, and nothing that opens a keyring"
setting custodian "unix:$data/custodian/gateway.sock"
setting custodian_is "uid:$custodian_uid"
run grep -E '^(custodian|unseal|passphrase)' statgate.yaml

say "Both sides are started; the gateway waits for the custodian's officers"
start_custodian
start_gateway
refused statgate keys unseal --passphrase-file "$data/custodian/passphrase"
must test ! -e run/address
open_at_custodian

say "Municipalities deliver, sealed; a table is asked for"
deliver
placed form "^     [A-ZÅÄÖ].* [0-9.]+$"
cp "$data/placed" "$data/placed.before"
must test ! -e keys/keyring.sgk
cp "$kept/keys/keyring.sgk" "$data/yesterday" # a copy of the custodian's, by night

say "The custodian's side is gone: the gateway answers nobody, and ends"
kill -9 "$custodian"
{ wait "$custodian" || true; } 2>/dev/null
custodian=
wait "$gateway" || must test $? = 1
gateway=
refused statgate --as statistician query --purpose officiell_statistik --dataset placering --by form
rm -f run/address

say "It is started again, and sealed; officers open it, and the table is what it was"
start_custodian
start_gateway
open_at_custodian
statgate --as statistician query --purpose officiell_statistik --dataset placering --by form |
        grep -E "^[A-ZÅÄÖ].* [0-9.]+$" | show >"$data/placed.again"
grep -E "^     [A-ZÅÄÖ].* [0-9.]+$" "$data/placed.before" | must diff - "$data/placed.again"

say "A key is exchanged; then somebody puts the custodian's copy of last night back"
run statgate --as operator keys rotate sealing --overlap 7
stop_gateway
stop_custodian
cp "$kept/keys/keyring.sgk" "$data/today"
cat "$data/yesterday" >"$kept/keys/keyring.sgk"
refused "${as_custodian[@]}" statgate-keeper-bridge serve "$kept"

say "The right one is served; an older one would be after \`statgate-keeper-bridge adopt\` alone"
cat "$data/today" >"$kept/keys/keyring.sgk"
start_custodian
start_gateway
open_at_custodian
keys_status
stop_gateway
stop_custodian
