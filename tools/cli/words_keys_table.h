/* SPDX-License-Identifier: Apache-2.0 */
/* words_keys_table.h: what is said of keys and of what was taken away.
 *
 * WORD(NAME, Swedish, English) */
WORD(HEAD_KEY_KIND, "slag", "kind")
WORD(HEAD_KEY_NAME, "namn", "name")
WORD(HEAD_MUNICIPALITY_CODE, "kommun", "municipality")
WORD(HEAD_EPOCH, "epok", "epoch")
WORD(HEAD_MADE, "gjord", "made")
WORD(HEAD_DUE, "byts senast", "due")
WORD(HEAD_NUMBER, "nr", "no.")
WORD(HEAD_WHEN, "när", "when")
WORD(HEAD_REASON, "skäl", "reason")
WORD(HEAD_BATCHES, "buntar", "batches")
WORD(HEAD_SUBMISSION, "leverans", "submission")
WORD(KEYS_DESTROYED, "förstörd", "destroyed")
WORD(KEYS_UNTIL, "godtas till", "accepted until")
WORD(KEYS_LEFT, "poster kvar", "records left")
WORD(KEYS_DUE, "ska bytas", "due for rotation")
WORD(KEYS_DOMAINS, "{1} domäner har nycklar; de äldsta är från {2}",
        "{1} domains have keys; the oldest are of {2}")
WORD(KEYS_ROTATING, "{1} domäner byter nycklar: {2} poster ligger kvar under de gamla",
        "{1} domains rotate: {2} records lie under the old keys still")
WORD(KEYS_ENDED, "{1} domäners nycklar är förstörda", "keys of {1} domains are destroyed")
WORD(KEYS_DOMAINS_DUE, "{1} domäner ska byta nycklar: statgate keys rotate domain",
        "{1} domains are due for rotation: statgate keys rotate domain")
WORD(KEYS_ROTATED,
        "{1} domäner har nya nycklar; posterna följer efter i bakgrunden (statgate keys status)",
        "{1} domains have fresh keys; records follow in the background (statgate keys status)")
WORD(KEYS_PAIR_ROTATED, "Ett nytt nyckelpar gäller: {1}", "A fresh key pair is in use: {1}")
WORD(KEYS_FOLLOWED, "Alla poster ligger under de nyaste nycklarna.",
        "All records lie under the newest keys.")
WORD(DESTROY_ASK,
        "Nycklarna och alla poster i {1} förstörs för alltid, även i kopior. Skriv {1} för att "
        "fortsätta: ",
        "The keys and all records of {1} are destroyed for good, in copies too. Type {1} to go "
        "on: ")
WORD(DESTROY_NOT, "Inget förstördes.", "Nothing was destroyed.")
WORD(DESTROYED, "{1} är förstörd: {2} leveranser, {3} buntar, {4} poster kan aldrig läsas igen",
        "{1} is destroyed: {2} submissions, {3} batches, {4} records can never be read again")
WORD(REMOVALS_NONE, "Inget har tagits bort.", "Nothing has been taken away.")
