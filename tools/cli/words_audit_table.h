/* SPDX-License-Identifier: Apache-2.0 */
/* words_audit_table.h: what is said of the audit log.
 *
 * WORD(NAME, Swedish, English) */
WORD(HEAD_ENTRY_KIND, "slag", "kind")
WORD(HEAD_OUTCOME, "utfall", "outcome")
WORD(HEAD_WHO, "vem", "who")
WORD(HEAD_ABOUT, "om", "about")
WORD(HEAD_POLICY_VERSION, "version", "version")
WORD(HEAD_DIGEST, "kontrollsumma", "digest")
WORD(HEAD_ASKED, "frågor i dag", "questions today")
WORD(HEAD_ASKED_MOST, "högst", "at most")
WORD(HEAD_COMMITTED, "slutförd", "committed")
WORD(HEAD_REJECTED_ROWS, "avvisade rader", "rejected rows")
WORD(HEAD_BLANK_VALUES, "saknade värden", "missing values")
WORD(BUDGETS_NONE, "Ingen har ställt frågor som räknas i dag.",
        "Nobody has asked a question that counts today.")
WORD(ENTRY_PRUNED, "(innehållet är gallrat)", "(what it said was pruned)")
WORD(ENTRY_POLICY, "regelverk", "policy")
WORD(ENTRY_LINE, "{1}  {2}  {3}  {4}  {5}  {6}", "{1}  {2}  {3}  {4}  {5}  {6}")
WORD(ENTRIES_NONE, "Ingen av loggens {1} poster passar.", "None of the log's {1} entries fits.")
WORD(LOG_WITNESS_WRONG, "{1} går inte att läsa som signerade trädhuvuden",
        "{1} cannot be read as signed tree heads")
WORD(LOG_WITNESS_NONE, "{1} har inget trädhuvud", "{1} has no tree head")
WORD(LOG_NO_KEY, "{1} finns inte: hämta nyckeln med statgate keys public --save, eller ange --key",
        "there is no {1}: get the key with statgate keys public --save, or name it with --key")
WORD(LOG_STORE_WRONG, "{1} går inte att öppna ({2})", "{1} cannot be opened ({2})")
WORD(LOG_FINDING_AT, "FEL vid post {1}: {2}.", "FAULT at entry {1}: {2}.")
WORD(LOG_FINDING_HEAD, "FEL vid trädhuvudet över {1} poster: {2}.",
        "FAULT at the head over {1} entries: {2}.")
WORD(LOG_FINDING_WITNESS, "   vittne: {1}", "   witness: {1}")
WORD(LOG_WITNESS_CUT,
        "FEL i vittnet {1}: något i det är inget trädhuvud (avhugget?); de andra används.",
        "FAULT in the witness {1}: something in it is no tree head (cut short?); the others are "
        "used.")
WORD(LOG_SOUND_UNTIL, "   Till och med post {1} står loggen fast; det signerades {2}.",
        "   Up to entry {1} the log stands; that was signed {2}.")
WORD(LOG_SOUND_NOWHERE, "   Inget signerat trädhuvud håller: ingen del av loggen står fast.",
        "   No signed head holds: no part of the log is sure.")
WORD(LOG_SOUND,
        "Loggen är hel: {1} poster ({2} gallrade), {3} signerade trädhuvuden, {4} av vittnen.",
        "The log is whole: {1} entries ({2} pruned), {3} signed heads, {4} of them from witnesses.")
WORD(LOG_UNSOUND, "{1} fel i {2} poster och {3} trädhuvuden.",
        "{1} faults in {2} entries and {3} heads.")
WORD(LOG_NO_HEAD, "inget trädhuvud är signerat än: pröva igen om en stund",
        "no head is signed yet: try again in a while")
WORD(LOG_OPEN,
        "{1} poster efter det sista trädhuvudet ({2}) är inte signerade än: så slutar en kopia av "
        "en "
        "sluss som är i gång. Vad de säger är inget löfte förrän ett senare huvud täcker dem.",
        "{1} entries after the last head ({2}) are not signed yet: a copy of a running gateway "
        "ends "
        "so. What they say is no promise until a later head covers them.")
WORD(LOG_BEHIND, "{1} poster har kommit till sedan dess.", "{1} entries have been added since.")
WORD(LOG_NO_WITNESS,
        "Inget vittne tillfrågades: den som har både loggen och slussens nyckelvakt kan ha skrivit "
        "om "
        "allt (--witness).",
        "No witness was asked: whoever has both the log and the key keeper could have rewritten "
        "all of "
        "it (--witness).")
WORD(SIGN_AGAINST_WHAT, "ange regelverket som det följer på: --against",
        "name the bundle that it follows: --against")
WORD(SIGN_NOT_PREDECESSOR, "{1} är inte det regelverk som predecessor nämner (--against)",
        "{1} is not the bundle that `predecessor` names (--against)")
WORD(SIGN_WEAKENS, "skyddet försvagas, och det är inte provkört: inget är signerat",
        "protection weakens, and that was not rehearsed: nothing was signed")
WORD(REHEARSE_FILES, "{1} går inte att läsa som ett regelverks filer ({2})",
        "{1} cannot be read as the files of a bundle ({2})")
WORD(REHEARSED, "{1} frågor prövade ({2} ställda): {3} besvaras nu, {4} nekas nu.",
        "{1} questions tried ({2} asked): {3} newly answered, {4} newly refused.")
WORD(REHEARSED_CELLS, "Av {1} celler visas {2} som skyddades, och skyddas {3} som visades.",
        "Of {1} cells {2} are shown that were protected, and {3} protected that were shown.")
WORD(REHEARSED_ATTACKS,
        "Angrepp mot förvalet {1}: av {2} uppmätta vinner {3} mer än sin osäkerhet, mest {4}: rätt "
        "i "
        "{5} fall av 1000 mot {6} utan uppgiften.",
        "Attacks on the preset {1}: of {2} measured {3} gain more than their statistical error, "
        "most {4}: right in {5} cases of 1000 against {6} without the fact.")
WORD(REHEARSED_NO_LEAK,
        "Angrepp mot förvalet {1}: inget av {2} uppmätta vinner mer än sin osäkerhet.",
        "Attacks on the preset {1}: none of {2} measured gains more than its statistical error.")
WORD(REHEARSED_ELSEWISE,
        "Angrepp mot förvalet {1} är mätta under andra regler: mät med tools/attack --bundle {2} "
        "--write.",
        "Attacks on the preset {1} were measured under other rules: measure with tools/attack "
        "--bundle {2} --write.")
WORD(REHEARSED_UNMEASURED,
        "Förvalet {1} är inte mätt med angrepp: mät med tools/attack --bundle {2} --write.",
        "The preset {1} is not measured by attacks: measure with tools/attack --bundle {2} "
        "--write.")
WORD(REHEARSED_TO, "Rapporten står i {1}; dess kontrollsumma {2} följer med det som signeras.",
        "The report is in {1}; its digest {2} is part of what gets signed.")
WORD(REHEARSED_NOTHING, "Inga frågor står i loggen för den tiden.",
        "The log has no questions of that time.")
WORD(PAGE_WRITTEN, "Skriven: {1}", "Written: {1}")
WORD(PAGE_OTHER_BUNDLE, "OBS: slussen kör ett annat regelverk (kontrollsumma {1}) än det i {2}.",
        "NOTE: the gateway runs another bundle (digest {1}) than the one in {2}.")
