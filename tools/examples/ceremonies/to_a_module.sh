#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# to_a_module.sh: custody moves from a passphrase to a security module (PKCS#11), with two officers'
# shares for the day the module is gone. SoftHSM stands for the module.
. "$(dirname "$0")/ceremony.bash"

library=/usr/lib/softhsm/libsofthsm2.so
if [ ! -e $library ] || ! command -v pkcs11-tool >/dev/null || ! command -v softhsm2-util >/dev/null; then
        echo "skipped: softhsm2 and opensc are not installed (tools/setup)"
        exit 0
fi

say "A keyring behind a passphrase"
folder

say "The module: a token, and in it a key that never leaves it; made with the maker's tools"
mkdir -p "$data/module/tokens"
printf 'directories.tokendir = %s\n' "$data/module/tokens" >"$data/module/conf"
export SOFTHSM2_CONF=$data/module/conf
(umask 077 && echo 428611 >"$data/module/pin")
softhsm2-util --init-token --free --label slussen --pin 428611 --so-pin 12345678 >/dev/null
pkcs11-tool --module $library --token-label slussen --login --pin 428611 --keygen \
        --key-type AES:32 --label nyckelring --sensitive >"$data/said" 2>&1
grep -E 'label|Access' "$data/said" | sed 's/^/     /'

say "statgate.yaml names it; the gateway still starts with officers"
setting hsm_module $library
setting hsm_token slussen
setting hsm_key nyckelring
setting hsm_pin_file "$data/module/pin"
setting hsm_environment "SOFTHSM2_CONF=$data/module/conf"
grep ^hsm_ statgate.yaml | sed "s#$data/##; s/^/     /"
start_sealed
unseal

say "Shares first, then the module's lock; each asks for proof, which the module is not"
run statgate keys export-share --required 2 --total 3 --to "$data/shares" \
        --passphrase-file "$data/passphrase"
run statgate keys hsm-lock --share "$data/shares/share-1.txt" --share "$data/shares/share-2.txt"
run statgate keys drop-lock passphrase --share "$data/shares/share-1.txt" --share "$data/shares/share-3.txt"
wipe "$data/passphrase"
run statgate keys locks

say "The last lock that persons open stays: a module that breaks must not take the keys along"
refused statgate keys drop-lock shares --share "$data/shares/share-1.txt" --share "$data/shares/share-2.txt"

say "From now on the gateway opens by itself"
setting unseal hsm
stop_gateway
begin_gateway
serving
deliver

say "The module is away: the gateway says so, and waits for officers"
stop_gateway
mv "$data/module/tokens" "$data/module/away"
mkdir "$data/module/tokens"
start_sealed
refused statgate keys unseal --hsm
must test ! -e run/address
run statgate keys import-share "$data/shares/share-2.txt"
run statgate keys import-share "$data/shares/share-3.txt"
serving
grep -o '"keeper_hsm_failed".*' "$data/gateway.log" | sed 's/^/     /'

say "It is back, and with it the unattended start"
stop_gateway
rm -rf "$data/module/tokens"
mv "$data/module/away" "$data/module/tokens"
begin_gateway
serving
stop_gateway
