/* SPDX-License-Identifier: Apache-2.0 */
/* words_table.h: everything the command says, in Swedish and English. {1} … {9}
 * are filled in; none of them is ever a value from a delivered row.
 *
 * WORD(NAME, Swedish, English) */

/* help pages */
WORD(HELP_INTRODUCTION,
        "statgate: individuppgifter in, bara säkra tabeller ut. Ett kommando för kommuner, "
        "statistiker, dataskyddsombud och driften.",
        "statgate: individual records in, only safe tables out. One command for municipalities, "
        "statisticians, data-protection officers and operators.")
WORD(HELP_USAGE, "Så här", "Usage")
WORD(HELP_COMMANDS, "Kommandon", "Commands")
WORD(HELP_OPTIONS, "Flaggor", "Options")
WORD(HELP_GLOBAL, "Flaggor för alla kommandon", "Options of every command")
WORD(HELP_EXITS, "Slutkoder", "Exit codes")
WORD(HELP_OPTIONS_SHORT, "flaggor", "options")
WORD(HELP_COMMAND_SHORT, "kommando", "command")
WORD(HELP_REQUIRED, "krävs", "required")
WORD(HELP_DEFAULT, "annars", "default")
WORD(HELP_OF_HELP, "visa hjälp om ett kommando", "show help about a command")
WORD(HELP_OF_VERSION, "visa programmets version", "show the program's version")
WORD(VERSION, "statgate {1}", "statgate {1}")

/* the command line */
WORD(COMMAND_UNKNOWN, "okänt kommando; se statgate help", "unknown command; see statgate help")
WORD(OPTION_UNKNOWN, "okänd flagga: {1}", "unknown option: {1}")
WORD(OPTION_NEEDS, "flaggan {1} kräver ett värde", "option {1} needs a value")
WORD(OPTION_VALUE, "flaggan --{1} har ett värde som inte går",
        "option --{1} has a value that is not allowed")
WORD(OPTION_MISSING, "flaggan --{1} krävs; se statgate help {2}",
        "option --{1} is required; see statgate help {2}")
WORD(OPTION_ONE_FILE, "flaggan --{1} gäller en fil i taget",
        "option --{1} is for one file at a time")
WORD(OPTION_TWICE, "flaggan --{1} är given två gånger", "option --{1} is given twice")
WORD(ARGUMENTS, "fel antal argument: statgate {1} {2}",
        "wrong number of arguments: statgate {1} {2}")

/* refusals */
WORD(VIOLATION, "  {1}: {2}", "  {1}: {2}")
WORD(AND_MORE, "  … och {1} till", "  … and {1} more")

/* settings and connection */
WORD(SETTINGS_MISSING, "hittar inte {1}; gå till datamappen eller ange --config",
        "cannot find {1}; go to the data folder or give --config")
WORD(SETTINGS_WRONG, "{1}: {2}", "{1}: {2}")
WORD(AS_MISSING, "vem är du? Ange --as NAMN eller client.as i statgate.yaml",
        "who are you? Give --as NAME or client.as in statgate.yaml")
WORD(CERTIFICATE_MISSING, "hittar inte certifikatet {1} med nyckel",
        "cannot find the certificate {1} with its key")
WORD(CERTIFICATE_WRONG, "certifikatet {1} är inte ett statgate-certifikat",
        "{1} is not a certificate of statgate")
WORD(GATEWAY_NOT_RUNNING, "slussen verkar inte vara igång ({1} saknas)",
        "the gateway does not seem to be running (no {1})")
WORD(CANNOT_CONNECT, "kan inte ansluta till {1}: {2}", "cannot connect to {1}: {2}")
WORD(CALL_BROKEN, "samtalet med slussen bröts: {1}", "the call to the gateway broke: {1}")
WORD(GATEWAY_AWAY, "slussen kan inte nås: {1}", "the gateway cannot be reached: {1}")
WORD(GATEWAY_NOT_STARTED, "kan inte starta {1}: {2}", "cannot start {1}: {2}")
WORD(GATEWAY_BROKEN, "slussen har ett internt fel: {1}", "the gateway has an internal error: {1}")
WORD(GATEWAY_REFUSED, "slussen sade nej: {1}", "the gateway refused: {1}")

/* keys and passphrases */
WORD(FAILED, "det gick inte: {1}", "it failed: {1}")
WORD(NO_TERMINAL, "ingen terminal att fråga vid; ange en fil i stället",
        "there is no terminal to ask at; give a file instead")
WORD(NOT_READ, "inget lästes", "nothing was read")
WORD(PASSPHRASE_NEW, "Lösenfras för nyckelringen:", "Passphrase for the keyring:")
WORD(PASSPHRASE_AGAIN, "En gång till:", "Once more:")
WORD(PASSPHRASE_SHORT, "lösenfrasen ska ha minst 12 tecken",
        "the passphrase needs at least 12 characters")
WORD(PASSPHRASE_DIFFERS, "lösenfraserna är olika", "the passphrases differ")
WORD(FILE_UNREADABLE, "kan inte läsa {1}: {2}", "cannot read {1}: {2}")
WORD(NOT_WRITTEN, "kan inte skriva {1}: {2}", "cannot write {1}: {2}")
WORD(KEEPER_MISSING, "hittar inte programmet statgate-keeper; ange --keeper",
        "cannot find the program statgate-keeper; give --keeper")
WORD(KEY_OPEN, "andra kan läsa nyckeln {1}; kör chmod 600 först",
        "others can read the key {1}; chmod 600 it first")
WORD(KEY_WRONG, "{1} är inte en signeringsnyckel som går att läsa",
        "{1} is not a signing key that can be read")

/* policy */
WORD(BUNDLE_MISSING, "hittar inget regelverk; ange dess mapp",
        "cannot find a bundle; name its folder")
WORD(BUNDLE_NOT_GIVEN, "hittar inget regelverk; ange dess mapp med --bundle",
        "cannot find a bundle; name its folder with --bundle")
WORD(BUNDLE_REFUSED, "regelverket i {1} går inte att använda: {2}",
        "the bundle in {1} cannot be used: {2}")
WORD(BUNDLE_SUMMARY, "Regelverket {1}, version {2}, för {3}: {4} kommuner",
        "Bundle {1}, version {2}, for {3}: {4} municipalities")
WORD(BUNDLE_SIGNERS, "  Nästa version signeras av {1} av {2} dataskyddsombud: {3}",
        "  The next version is signed by {1} of {2} data-protection officers: {3}")
WORD(BUNDLE_SIGNERS_PINNED,
        "  Nästa version signeras av den vars nyckel nyckelhållaren minns sedan start",
        "  The next version is signed by whoever's key the keeper pinned when it was set up")
WORD(SIGNED_BY, "  underskrifter: {1}", "  signatures: {1}")
WORD(BUNDLE_DATASET, "  {1}: {2}; minst {3} personer bakom en siffra",
        "  {1}: {2}; at least {3} persons behind a figure")
WORD(SUCCESSOR, "Regelverket kan följa på det i {1}.", "The bundle may follow the one in {1}.")
WORD(NO_SUCCESSOR,
        "regelverket kan inte följa på det i {1}:", "the bundle cannot follow the one in {1}:")
WORD(PRINCIPAL_WRONG,
        "--principal är inte ett namn som regelverket känner: statgate://{1}/ROLL/NAMN",
        "--principal is no name that the bundle knows: statgate://{1}/ROLE/NAME")
WORD(REPORT_LINE, "{1} {2}", "{1} {2}")
WORD(REPORT_LINE_AT, "{1} {2}  [{3}:{4}]", "{1} {2}  [{3}:{4}]")
WORD(EXPLAIN_ALLOWED, "Tillåtet.", "Allowed.")
WORD(EXPLAIN_REFUSED, "Nekat.", "Refused.")
WORD(DIFF_SAME, "Ingenting ändras för någon.", "Nothing changes for anybody.")
WORD(DIFF_COUNT, "{1} ändringar försvagar skyddet, {2} stärker det, {3} får läsaren väga.",
        "{1} changes weaken protection, {2} strengthen it, {3} are for the reader to weigh.")
WORD(DIGEST, "{1}", "{1}")
WORD(SIGNED, "Signerat: {1}", "Signed: {1}")
WORD(SIGNED_BEFORE, "{1} är redan signerad med den nyckeln", "{1} is signed with that key already")

/* init */
WORD(INIT_FAILED, "kan inte göra {1}: {2}", "cannot make {1}: {2}")
WORD(FOLDER_NOT_EMPTY, "{1} är inte en tom mapp", "{1} is not an empty folder")
WORD(MUNICIPALITIES_WRONG,
        "--municipalities är all eller fyrsiffriga koder ur regelverket, med komma emellan",
        "--municipalities is all or four-digit codes of the bundle with commas between them")
WORD(INIT_DONE, "Datamappen {1} är klar, med certifikat för {2} kommuner.",
        "The data folder {1} is ready, with certificates for {2} municipalities.")
WORD(INIT_DEVELOPMENT,
        "OBS: utvecklingsläge. Lösenfrasen ligger i en fil och minnet behöver inte vara låst.",
        "NOTE: development mode. The passphrase is in a file and memory need not be locked.")
WORD(INIT_NEXT,
        "Sedan: cd {1} && statgate serve, och i ett annat fönster statgate --as 0114 submit …",
        "Next: cd {1} && statgate serve, and in another window statgate --as 0114 submit …")
WORD(SIGNERS_HEAD,
        "# Vilka dataskyddsombud som får signera nästa version, och hur många som måste.",
        "# Which data-protection officers may sign the next version, and how many must.")
WORD(SETTINGS_HEAD,
        "# Inställningar för statgate. Sökvägar räknas från den här mappen.\n# memory_lock: "
        "required i drift. Port 0 ger en ledig port, som skrivs i run/address.",
        "# Settings of statgate. Paths count from this folder.\n# memory_lock: required in "
        "production. Port 0 takes a free port, written to run/address.")

/* deliveries */
WORD(PROGRESS, "{1} rader, {2} rader/s, klart om {3} s", "{1} rows, {2} rows/s, {3} s left")
WORD(RETRYING, "förbindelsen bröts; försöker igen …", "the connection broke; trying again …")
WORD(PROTOCOL, "slussen svarade på ett sätt som inte går att lita på; inget är bekräftat",
        "the gateway answered in a way that cannot be trusted; nothing is confirmed")

#include "tools/cli/answers_table.h"
WORD(NOT_A_MUNICIPALITY, "{1} är inte en kommuns certifikat; ange --as med kommunens kod",
        "{1} is not a municipality's certificate; give --as with the municipality's code")
WORD(DATASET_UNKNOWN, "regelverket i {1} har ingen sådan uppgiftssamling",
        "the bundle in {1} has no such data set")
WORD(MAPPING_WRONG, "{1} går inte att använda:", "{1} cannot be used:")
WORD(FILE_UTF16, "{1} är UTF-16; spara filen som CSV UTF-8",
        "{1} is UTF-16; save the file as CSV UTF-8")
WORD(FILE_EMPTY, "{1} är tom", "{1} is empty")
WORD(HEADER_WRONG, "kolumnerna i {1} räcker inte: {2}", "the columns of {1} do not do: {2}")
WORD(FILE_HEADING, "\n{1}", "\n{1}")
WORD(FILE_FOUND, "{1}: {2}, avgränsare {3}, {4} rader", "{1}: {2}, delimiter {3}, {4} rows")
WORD(COLUMN_UNUSED, "kolumnen \"{1}\" används inte", "column \"{1}\" is not used")
WORD(REPORT_HEAD, "rad;kolumn;regel;text", "row;column;rule;text")
WORD(REPORT_NAME, "avvisade", "rejected")
WORD(REPORT_RULE, "  {1} × {2}: {3}", "  {1} × {2}: {3}")
WORD(REPORT_WRITTEN, "Avvisade rader står i {1}", "Rejected rows are listed in {1}")
WORD(REPORT_UNTOLD, "  {1} avvisade rader till är inte uppräknade (mer än 1 000 i samma sats)",
        "  {1} more rejected rows are not listed (over 1,000 in one batch)")
WORD(SUMMARY, "{1} rader lästa, {2} mottagna, {3} avvisade ({4} rader/s)",
        "{1} rows read, {2} accepted, {3} rejected ({4} rows/s)")
WORD(COMMITTED_BEFORE, "Leveransen var redan slutförd; det här är dess kvitto.",
        "The delivery was complete already; this is its receipt.")
WORD(RECEIPT,
        "Kvitto: leverans {1}, slutförd {2}, {3} rader mottagna, {4} avvisade av slussen\n        "
        "{5}",
        "Receipt: delivery {1}, committed {2}, {3} rows accepted, {4} rejected by the gateway\n    "
        "     {5}")
WORD(REPLACE_SHARE,
        "för många rader är avvisade: en period ersätts bara om högst {1} av 1 000 är det; inget "
        "är ändrat",
        "too many rows are rejected: a period is replaced only if at most {1} of 1,000 are; "
        "nothing has changed")
WORD(ALL_OR_NOTHING, "rader med fel: ingenting har skickats", "rows with faults: nothing was sent")
WORD(NO_GOOD_ROWS, "{1} har ingen rad som går att leverera; inget är skickat",
        "{1} has no row that can be delivered; nothing was sent")
WORD(DRY_RUN, "Provkörning: inget har skickats.", "Dry run: nothing was sent.")
WORD(RESUMED, "Fortsatte en avbruten leverans: slussen hade redan {1} satser.",
        "Went on with an interrupted delivery: the gateway had {1} batches already.")
WORD(NOT_ACCEPTED, "Leveransen {1} är INTE slutförd.", "Delivery {1} is NOT complete.")
WORD(NOT_COMMITTED, "Leveransen {1} är INTE slutförd. Kör samma kommando igen för att fortsätta.",
        "Delivery {1} is NOT complete. Run the same command again to go on.")

/* erasing */
WORD(PERSON_ASK, "Personnummer:", "Personal number:")
WORD(PERSON_WRONG, "personnumret går inte att använda ({1})",
        "the personal number cannot be used ({1})")
WORD(ERASED, "Klart.", "Done.")

/* generating */
WORD(BUNDLE_NO_PEOPLE, "regelverkets kommuner går inte att använda",
        "the bundle's municipalities cannot be used")
WORD(GENERATE_LIMITS,
        "storleken eller året ligger utanför det möjliga (1 000–200 000 000 invånare, 2008–2040)",
        "size or year out of range (1,000–200,000,000 inhabitants, 2008–2040)")
WORD(GENERATED, "{1} filer med {2} rader i {3}", "{1} files with {2} rows in {3}")
WORD(GENERATED_REPORTS,
        "I hela landet: {1} barn med {2} orosanmälningar, varav {3} barn i mer än en kommun",
        "In the whole country: {1} children with {2} reports of concern, {3} of them in more than "
        "one municipality")
WORD(GENERATED_PLACED, "{1} placerade barn och unga, {2} placeringar",
        "{1} placed children and young people, {2} placements")
WORD(GENERATED_FAULTS, "{1} rader med planterade fel", "{1} rows with planted faults")
WORD(GENERATED_ORDINARY, "OBS: för stort för testnumren; vanliga, giltiga personnummer används.",
        "NOTE: too large for the test numbers; ordinary valid personal numbers are used.")

#include "tools/cli/words_audit_table.h"
#include "tools/cli/words_formats_table.h"
#include "tools/cli/words_keys_table.h"
#include "tools/cli/words_protect_table.h"
#include "tools/cli/words_restore_table.h"
#include "tools/cli/words_rules_table.h"
#include "tools/cli/words_sealing_table.h"
#include "tools/cli/words_verify_table.h"
