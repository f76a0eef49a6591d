#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# restore.sh: a disk is lost and last night's copy of the store brought back. The keeper knows of a
# longer log, so the gateway does not start, until officers have put their names to it.
. "$(dirname "$0")/ceremony.bash"

# told EVENT: what the gateway's log says last of it.
told() { grep -h "\"$1\"" log/* | tail -n 1 | grep -o '"event".*' | sed 's/^/     {/'; }

say "A gateway at work; last night's copy of the store"
folder
start_sealed
unseal
deliver
stop_gateway
cp -a "$data/gate/store" "$data/copy"
start_sealed
unseal
run statgate --as operator vintage publish
stop_gateway

say "The disk is lost. The copy is brought back, and the gateway does not start: the log is shorter"
echo "   than the one that the keeper signed last"
rm -r "$data/gate/store"
cp -a "$data/copy" "$data/gate/store"
begin_gateway
await "the officers' door" run/keys.sock 30
run statgate keys unseal --passphrase-file "$data/passphrase"
must_end
grep 'audit log' "$data/gateway.log" | tail -n 1 | sed 's/^/     /'
must test -e keys/restore.sgr.needed

say "The operator writes down why, for the officers"
run statgate audit restore-begin "$data/agree.sgr" --why "disk lost on 3 May, copy of the night before"

say "An officer looks at it and signs, on a machine of her own. A stranger may sign too: that counts"
echo "   for nothing"
statgate init "$data/stranger" --development --bundle "$root/policies/bundle" >/dev/null 2>&1
cp "$data/agree.sgr" "$data/forged.sgr"
run statgate audit restore-sign "$data/forged.sgr" --key "$data/stranger/keys/dpo.key" --yes
run statgate audit restore-apply "$data/forged.sgr"
start_sealed
run statgate keys unseal --passphrase-file "$data/passphrase"
must_end
told log_restore_refused
run statgate audit restore-sign "$data/agree.sgr" --yes
run statgate audit restore-apply "$data/agree.sgr"

say "The gateway starts; the agreement is used up, and the log says who let it go on"
start_sealed
unseal
must test -e keys/restore.sgr.used
must test ! -e keys/restore.sgr.needed
run statgate --as operator vintage publish
run statgate --as dpo audit log --kind restored
stop_gateway

say "The same agreement once more gives nothing: the night's copy brought back again is a shorter log"
rm -r "$data/gate/store"
cp -a "$data/copy" "$data/gate/store"
run statgate audit restore-apply "$data/agree.sgr"
start_sealed
run statgate keys unseal --passphrase-file "$data/passphrase"
must_end
told log_restore_refused
