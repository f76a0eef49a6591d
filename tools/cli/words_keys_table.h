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
WORD(CUSTODIAN_HEAD,
        "# Nyckelhållarens inställningar; statgate-keeper-bridge --help säger vilka som finns.",
        "# The custodian's settings; statgate-keeper-bridge --help says which there are.")
WORD(DOOR_CLOSED,
        "nyckelhållaren nås inte vid {1}/run/keys.sock; körs statgated, och som samma användare?",
        "the keeper cannot be reached at {1}/run/keys.sock; does statgated run, and as the same "
        "user?")
WORD(OFFICER_REFUSED, "nyckelhållaren säger nej: {1}", "the keeper refuses: {1}")
WORD(PASSPHRASE_NOW, "Nyckelringens lösenfras:", "Passphrase of the keyring:")
WORD(SHARE_ASK, "Andelen:", "The share:")
WORD(UNSEALED, "Nyckelringen är öppen.", "The keyring is open.")
WORD(SHARE_TAKEN, "Andelen är mottagen: {1} av de {2} som krävs.",
        "The share is taken: {1} of the {2} required.")
WORD(SHARES_WRITTEN, "{1} andelar står i {2}; {3} av dem öppnar. Tidigare andelar gäller inte.",
        "{1} shares are in {2}; {3} of them open. Earlier shares are void.")
WORD(SHARES_NOT_WRITTEN,
        "andelarna kunde inte skrivas till {1}: {2}. De gäller inte för någon: gör om, till en tom "
        "mapp.",
        "the shares could not be written to {1}: {2}. Nobody has them: do it again, to an empty "
        "folder.")
WORD(PASSPHRASE_CHANGED, "Den nya lösenfrasen gäller; den gamla öppnar inget.",
        "The new passphrase is in force; the old one opens nothing.")
WORD(KEYRING_SEALED,
        "Nyckelringen är förseglad. Den öppnas med:", "The keyring is sealed. It is opened by:")
WORD(KEYRING_OPEN,
        "Nyckelringen är öppen. Den öppnas med:", "The keyring is open. It is opened by:")
WORD(LOCK, "  {1}", "  {1}")
WORD(LOCK_SHARES, "  shares: {1} av {2}", "  shares: {1} of {2}")
WORD(LOCK_UNKNOWN, "ett lås är passphrase, shares eller hsm", "a lock is passphrase, shares or hsm")
WORD(HSM_LOCKED, "Säkerhetsmodulen öppnar nu nyckelringen; med `unseal: hsm` av sig själv.",
        "The security module now opens the keyring; with `unseal: hsm` by itself.")
WORD(LOCK_DROPPED, "Låset {1} är borta.", "The lock {1} is gone.")
WORD(LOCK_MISSING, "nyckelringen har inget sådant lås; se statgate keys locks",
        "the keyring has no such lock; see statgate keys locks")
WORD(KEYS_NO_DOMAINS, "Ingen domän har nycklar än: de görs vid den första leveransen.",
        "No domain has keys yet: they are made at the first delivery.")
WORD(KEYS_OWING, "poster att leverera om", "records to be delivered anew")
WORD(KEYS_OWE, "{1} domäner är skyldiga en ny leverans av {2} poster innan settle",
        "{1} domains owe a new delivery of {2} records before settle")
WORD(KEYS_ALIASES_OWING, "nummerbyten att säga om, eller ta tillbaka",
        "numbers that became others to tell again, or to undo")
WORD(KEYS_UNREADABLE,
        "{1} poster ligger under förstörda nycklar, som efter en återläsning: {2} (upprepa "
        "statgate keys destroy)",
        "{1} records lie under keys that were destroyed, as after a restore: {2} (repeat statgate "
        "keys destroy)")
WORD(KEYS_MADE, "Nyckelringen {1} är gjord. Lämna {2} till kommunerna.",
        "The keyring {1} is made. Hand {2} to the municipalities.")
WORD(KEYRING_EXISTS, "{1} finns redan och rörs inte", "{1} exists already and is not touched")
WORD(KEYS_PERSONS_BEGUN,
        "En andra nyckel för personer gäller. Varje kommun levererar nu om med --replace; "
        "statgate keys status visar vem som är skyldig. Sedan: statgate keys rotate settle.",
        "A second key of persons is in use. Every municipality now delivers anew with --replace; "
        "statgate keys status shows who owes. Then: statgate keys rotate settle.")
WORD(KEYS_PERSONS_SETTLED, "Den äldre nyckeln för personer är slut.",
        "The older key of persons has ended.")
WORD(KEYS_ANSWERS_GIVEN_UP, "Vad stängda årgångar har svarat är uppgivet; ingen nyckel tog slut.",
        "What retired vintages have told is given up; no key has ended.")
