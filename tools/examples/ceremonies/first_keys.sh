#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# first_keys.sh: the first keys, before two officers; afterwards any two of three open.
#
# The passphrase lives for as long as the ceremony does. When it is dropped, and its file is
# gone, no single person has what opens the keyring, nor has the machine.
. "$(dirname "$0")/ceremony.bash"

say "A folder with fresh keys, behind a passphrase that only this ceremony uses"
folder

say "The gateway starts sealed: no delivery, no question, until officers have come"
start_sealed
run statgate keys locks
must test ! -e run/address

say "Before the eyes of two officers the keyring is opened for the first time"
unseal

say "The key is shared: three shares, any two of which open"
run statgate keys export-share --required 2 --total 3 --to "$data/shares" \
        --passphrase-file "$data/passphrase"
for officer in anna bo cecilia; do
        mkdir -m 700 "$data/$officer"
done
mv "$data/shares/share-1.txt" "$data/anna/share.txt"
mv "$data/shares/share-2.txt" "$data/bo/share.txt"
mv "$data/shares/share-3.txt" "$data/cecilia/share.txt"
rmdir "$data/shares"
echo "     Anna, Bo and Cecilia have taken a share each."

say "The shares are tried before anything is relied on: one is not enough, two are"
stop_gateway
start_sealed
run statgate keys import-share "$data/anna/share.txt"
must test ! -e run/address
run statgate keys import-share "$data/cecilia/share.txt"
serving

say "Anna and Bo drop the passphrase together, and its file is destroyed"
run statgate keys drop-lock passphrase --share "$data/anna/share.txt" --share "$data/bo/share.txt"
cp "$data/passphrase" "$data/remembered" # by somebody who should not
wipe "$data/passphrase"
run statgate keys locks

say "From now on: whoever remembers the passphrase opens nothing, and two officers do"
stop_gateway
start_sealed
refused statgate keys unseal --passphrase-file "$data/remembered"
run statgate keys import-share "$data/bo/share.txt"
run statgate keys import-share "$data/cecilia/share.txt"
serving

say "Municipalities deliver, and the keys of their domains are made"
deliver
keys_status
stop_gateway
