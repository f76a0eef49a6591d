#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# lost_share.sh: one of three officers has lost her share. The two others make new ones; whoever
# finds the lost share has found nothing.
. "$(dirname "$0")/ceremony.bash"

say "A keyring that any two of Anna, Bo and Cecilia open, and nobody alone"
folder
start_sealed
unseal
run statgate keys export-share --required 2 --total 3 --to "$data/old" \
        --passphrase-file "$data/passphrase"
run statgate keys drop-lock passphrase --share "$data/old/share-1.txt" --share "$data/old/share-2.txt"
wipe "$data/passphrase"

say "Cecilia's share is gone. Anna and Bo make three new ones; that takes both of them"
refused statgate keys export-share --required 2 --total 3 --to "$data/new" \
        --share "$data/old/share-1.txt"
rm -rf "$data/new"
run statgate keys export-share --required 2 --total 3 --to "$data/new" \
        --share "$data/old/share-1.txt" --share "$data/old/share-2.txt"
must cmp keys/keyring.sgk keys/keyring.sgk.bak
echo "     The copy beside the state is as new as the state: the old shares open neither."

say "The lost share turns up, even with one that was to be destroyed: they open nothing"
stop_gateway
start_sealed
refused statgate keys import-share "$data/old/share-3.txt"
refused statgate keys import-share "$data/old/share-1.txt"
must test ! -e run/address

say "The new ones do"
run statgate keys import-share "$data/new/share-3.txt"
run statgate keys import-share "$data/new/share-1.txt"
serving
echo "   Copies of the folder from before open with the old shares still: that is what the"
echo "   stated lifetime of backups is for."
stop_gateway
