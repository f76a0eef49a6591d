#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# shredding.sh: everything that one municipality has delivered of one data set becomes unreadable,
# here and in every copy of the store, because its keys are destroyed.
. "$(dirname "$0")/ceremony.bash"

say "A gateway with two municipalities' deliveries"
folder
start_sealed
unseal
deliver
placed kommun 'Stockholm|Göteborg'

say "A copy of the store is taken, as every night"
stop_gateway
cp -a store "$data/backup"
start_sealed
unseal

say "Göteborg leaves: the keys of its placements are destroyed, which asks for the words"
run statgate --as dpo keys destroy --dataset placering --municipality 1480 --yes
keys_status

say "What went is told for good, as proof"
run statgate --as dpo removals

say "The copy beside the keyring has the keys no more than the keyring"
must cmp keys/keyring.sgk keys/keyring.sgk.bak

say "Stockholm's figures are there, Göteborg's are not"
placed kommun 'Stockholm|Göteborg'
must grep -Eq 'Göteborg +:' "$data/placed"

say "Last night's copy of the store is brought back, with today's keyring. Its audit log is shorter than"
echo "   the one that the keeper signed, so officers have to agree; and it gives nothing back"
stop_gateway
rm -rf store
cp -a "$data/backup" store
begin_gateway
await "the officers' door" run/keys.sock 30
run statgate keys unseal --passphrase-file "$data/passphrase"
must_end
run statgate audit restore-begin "$data/agree.sgr" --why "copy of the night before, to show what it holds"
run statgate audit restore-sign "$data/agree.sgr" --yes
run statgate audit restore-apply "$data/agree.sgr"
start_sealed
unseal
keys_status
refused statgate --as operator vintage publish
run statgate --as dpo keys destroy --dataset placering --municipality 1480 --yes
placed kommun 'Stockholm|Göteborg'
must grep -Eq 'Göteborg +:' "$data/placed"
echo "   Only a copy of the keyring from before could: their lifetime is part of the promise."
stop_gateway
