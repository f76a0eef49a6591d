/* SPDX-License-Identifier: Apache-2.0 */
/* words_restore_table.h: what is said to officers of a log that goes on from a backup.
 *
 * WORD(NAME, Swedish, English) */
WORD(RESTORE_NOT_NEEDED,
        "{1} finns inte: slussen har inte vägrat starta för loggens skull, eller har startat sedan "
        "dess",
        "there is no {1}: the gateway has not refused to start because of its log, or has started "
        "since")
WORD(RESTORE_FILE_WRONG, "{1} är inte en fil om en återställd logg",
        "{1} is not a file about a restored log")
WORD(RESTORE_WHY_WRONG, "--why: ett skäl på en rad, högst {1} byte",
        "--why: a reason on one line, at most {1} bytes")
WORD(RESTORE_KNOWN, "Nyckelväktaren minns en logg om {1} poster, rot {2}",
        "The key keeper remembers a log of {1} entries, root {2}")
WORD(RESTORE_PRESENT, "Loggen som finns har {1} poster, rot {2}",
        "The log that is there has {1} entries, root {2}")
WORD(RESTORE_SHORTER,
        "{1} signerade poster är borta. Om resten är början på samma logg syns inte här: jämför "
        "med vittnen (statgate audit verify).",
        "{1} entries that were signed are gone. Whether the rest is the beginning of the same log "
        "cannot be seen from this: compare with witnesses (statgate audit verify).")
WORD(RESTORE_OTHER,
        "Loggen som finns är inte kortare: den är en annan. Så ser det ut när någon har skrivit om "
        "poster. Skriv inte under förrän det är förklarat.",
        "The log that is there is not shorter: it is another. It looks like this when somebody "
        "rewrote entries. Do not sign before that is explained.")
WORD(RESTORE_WHY, "Skäl: {1}", "Reason: {1}")
WORD(RESTORE_BEGUN, "Skrivet: {1}. Nu skriver ombuden under: statgate audit restore-sign {1}",
        "Written: {1}. Now the officers sign: statgate audit restore-sign {1}")
WORD(RESTORE_ASK,
        "Med underskriften glömmer nyckelväktaren den första loggen och går vidare från den andra. "
        "Skriv {1} för att skriva under: ",
        "With this signature the key keeper forgets the first log and goes on from the second. "
        "Type "
        "{1} to sign: ")
WORD(RESTORE_NEEDS_YES, "ingen att fråga: granska ovanstående och ge --yes",
        "nobody to ask: look at the above, and give --yes")
WORD(RESTORE_NOT_SIGNED, "Inget skrevs under.", "Nothing was signed.")
WORD(RESTORE_UNSIGNED, "{1} är inte underskriven av någon", "{1} is not signed by anybody")
WORD(RESTORE_PLACED,
        "Lagt till slussen: {1}. Starta den; nyckelväktaren prövar om underskrifterna räcker, och "
        "loggen får en post om det.",
        "Put before the gateway: {1}. Start it; the key keeper judges whether the signatures are "
        "enough, and the log gets an entry about it.")
