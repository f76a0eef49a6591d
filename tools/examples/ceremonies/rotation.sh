#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# rotation.sh: every key there is, exchanged, while the gateway serves: those of domains, the
# pairs that are sealed to and signed with, the locks, and at last the key of persons, which takes
# a delivery from everybody.
. "$(dirname "$0")/ceremony.bash"

say "A gateway with two municipalities' deliveries"
folder
start_sealed
unseal
deliver
placed form "^     [A-ZÅÄÖ].* [0-9.]+$"

say "Domains: fresh keys at once, and stored records follow, without personal numbers"
run statgate --as operator keys rotate domain --wait

say "The pair that municipalities seal to, and the one the keeper signs with; the old ones are"
echo "   accepted for a week, so that nobody's delivery falls between"
run statgate --as operator keys rotate sealing --overlap 7
run statgate --as operator keys rotate signing --overlap 7
keys_status

say "The lock: a new passphrase; the old one opens neither the state nor the copy beside it"
passphrase "$data/next"
run statgate keys passphrase --passphrase-file "$data/passphrase" --new-passphrase-file "$data/next"
must cmp keys/keyring.sgk keys/keyring.sgk.bak
stop_gateway
start_sealed
refused statgate keys unseal --passphrase-file "$data/passphrase"
mv "$data/next" "$data/passphrase"
unseal

say "The key of persons: a second one; until everybody has delivered anew both are in use"
run statgate --as operator keys rotate person
keys_status
deliver --replace
keys_status
say "Everybody has. One more vintage, since the newest still counts what was replaced; then it ends"
refused statgate --as operator keys rotate settle
cp "$data/placed" "$data/placed.before"
placed form "^     [A-ZÅÄÖ].* [0-9.]+$"
say "Earlier vintages have told of persons by the older key: that is given up with it, and said so"
refused statgate --as operator keys rotate settle
run statgate --as operator keys rotate settle --forget-answers

say "Tables are as they were, down to what of them is protected"
placed form "^     [A-ZÅÄÖ].* [0-9.]+$"
must cmp "$data/placed.before" "$data/placed"
stop_gateway
