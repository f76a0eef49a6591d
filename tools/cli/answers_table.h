/* SPDX-License-Identifier: Apache-2.0 */
/* answers_table.h: the part of words_table.h that speaks of questions, answers and
 * the running gateway. */

/* tables */
WORD(TOTAL, "Totalt", "Total")
WORD(TITLE_BY, " efter ", " by ")
WORD(TITLE_WHERE, "där ", "where ")
WORD(KIND_PERSONS, "personer", "persons")
WORD(KIND_RECORDS, "poster", "records")
WORD(KIND_SUM, "summa", "sum")
WORD(KIND_MEAN, "medelvärde", "mean")
WORD(KIND_FAMILIES, "familjer", "families")
WORD(KIND_SHARE, "andel", "share")
WORD(KIND_RATIO, "kvot", "ratio")
WORD(KIND_MEDIAN, "median", "median")
WORD(KIND_LOWER_QUARTILE, "undre kvartil", "lower quartile")
WORD(KIND_UPPER_QUARTILE, "övre kvartil", "upper quartile")
WORD(KIND_DAYS, "dagar", "days")
WORD(KIND_RATE, "antal", "rate")
WORD(PER, "per", "per")
WORD(INHABITANTS, "invånare", "inhabitants")
WORD(TITLE_SOURCE, "Datamängd {1}, ändamål {2}, årgång {3} ({4})",
        "Data set {1}, purpose {2}, vintage {3} ({4})")
WORD(FRAME_LINKAGE, "Länkning: {1}.", "Linkage: {1}.")
WORD(FRAME_UNIT, "Enhet: {1}.", "Unit: {1}.")
WORD(FRAME_PERIOD, "Period: {1}.", "Period: {1}.")
WORD(FRAME_PERIOD_DATE, "Period: {1} ({2}).", "Period: {1} ({2}).")
WORD(FRAME_RULE, "Kommun: {1}.", "Municipality: {1}.")
WORD(FRAME_AGE, "Ålder den {1}.", "Age on {1}.")
WORD(FRAME_DIVISION, "Indelning den {1}.", "Divisions as on {1}.")
WORD(UNIT_PERSON, "person", "person")
WORD(UNIT_FAMILY, "familj", "family")
WORD(UNIT_RECORD, "post", "record")
WORD(UNIT_DAYS, "dagar", "days")
WORD(RULE_FIRST, "personens första i perioden", "the person's first in the period")
WORD(RULE_LAST, "personens sista i perioden", "the person's last in the period")
WORD(FRAME_INDICATOR, "{1} (indikator {2}, version {3}, definition {4})",
        "{1} (indicator {2}, version {3}, definition {4})")
WORD(MARK_INTERVAL, "a (b–c)  värdet a med 95 % konfidensintervall från b till c",
        "a (b–c)  the value a with its 95 % confidence interval from b to c")
WORD(MARK_ZERO, "0   noll: det fanns ingen", "0   zero: there were none")
WORD(MARK_PROTECTED, "..  skyddad uppgift", "..  protected")
WORD(MARK_MISSING, ":   saknas: ingen har levererat uppgiften",
        ":   missing: nobody has delivered it")
WORD(MARK_NOT_APPLICABLE, ".   kan inte förekomma eller beräknas",
        ".   cannot exist or be computed")
WORD(THRESHOLD, "Uppgifter om färre än {1} personer visas inte.",
        "Figures about fewer than {1} persons are not shown.")
WORD(THRESHOLD_AND_ZERO, "Uppgifter om färre än {1} personer visas inte, inte heller nollor.",
        "Figures about fewer than {1} persons are not shown, nor are zeros.")
WORD(COVERAGE, "{1} av {2} kommuner har levererat.", "{1} of {2} municipalities delivered.")
WORD(COVERAGE_DATASET, "{1}: {2} av {3} kommuner; avvisat {4}; värden som saknas {5}",
        "{1}: {2} of {3} municipalities; rejected {4}; missing values {5}")
WORD(COVERAGE_FAMILIES, "Personer vars familj inte går att avgöra: {1}",
        "Persons whose family cannot be told: {1}")
WORD(UNLINKED,
        "{1} kommuner som har levererat står utanför länkningen: deras personer räknas, men länkas "
        "inte till andra kommuner.",
        "{1} municipalities that delivered stand outside the linkage: their persons are counted, "
        "but "
        "never joined with those of others.")
WORD(UNLINKED_BESIDE,
        "{1} kommuner som har levererat står utanför länkningen: deras personer länkas inte till "
        "andra uppgifter.",
        "{1} municipalities that delivered stand outside the linkage: their persons are never "
        "joined with other records.")
WORD(COUNTED,
        "{1} av {2} kommuner räknas i tabellen: de har levererat alla datamängder som den ser på.",
        "{1} of {2} municipalities count in this table: they have delivered all data sets it "
        "looks at.")
WORD(OVERLAPPING,
        "{1}: en person kan finnas i flera kategorier, så delarna summerar inte till totalen.",
        "{1}: a person can be in several categories: parts do not add up to the total.")

/* indicators */
WORD(HEAD_PERIOD, "Period", "Period")
WORD(HEAD_COUNTY, "Länet", "County")
WORD(HEAD_COUNTRY, "Riket", "Country")
WORD(HEAD_CHANGE, "Sedan första", "Since the first")
WORD(HEAD_TARGET, "Mål", "Target")
WORD(VERDICT_BETTER, "bättre", "better")
WORD(VERDICT_WORSE, "sämre", "worse")
WORD(VERDICT_UNCLEAR, "går inte att säga", "cannot be told")
WORD(VERDICT_MET, "nås", "met")
WORD(VERDICT_NOT_MET, "nås inte", "not met")
WORD(MARK_VERDICT,
        "Mot målet döms bara när hela intervallet ligger på ena sidan om det; annars går det inte "
        "att "
        "säga.",
        "Against the target is judged only when the whole interval lies on one side of it; else it "
        "cannot be told.")
WORD(CONTRACT, "Utfallskontrakt: {1}", "Outcome contract: {1}")
WORD(CONTRACT_COHORT, "Kohort: {1}", "Cohort: {1}")
WORD(CONTRACT_DEFINITION, "Definition: {1}", "Definition: {1}")
WORD(CONTRACT_RESULT, "Utfall {1} mot målet {2}: {3}", "Outcome {1} against the target {2}: {3}")
WORD(YEAR_EMPTY, "{1}: ingen kommun har levererat {2}; ange andra år med --years",
        "{1}: no municipality has delivered {2}; name other years with --years")
WORD(INDICATORS_NONE, "Inga indikatorer är öppna för dig.", "No indicators are open to you.")
WORD(INDICATOR_UNKNOWN, "det finns ingen sådan indikator; se statgate indicator list",
        "there is no such indicator; see statgate indicator list")
WORD(INDICATOR_NAME, "en indikator anges som ID eller ID@VERSION",
        "an indicator is named ID or ID@VERSION")
WORD(INDICATOR_CHANGED,
        "definitionen av {1}@{2} är inte den väntade; den har nu sigillet {3}. Inget har frågats",
        "the definition of {1}@{2} is not the one expected; its digest is now {3}. Nothing was "
        "asked")
WORD(INDICATOR_ANSWERED_OTHER,
        "slussen svarade med en annan definition än den som listan visar; inget har skrivits",
        "the gateway answered with another definition than it lists; nothing was written")
WORD(HEAD_INDICATOR, "Indikator", "Indicator")
WORD(HEAD_VERSION, "Version", "Version")
WORD(HEAD_MEASURE, "Mått", "Measure")
WORD(HEAD_BETTER, "Bättre", "Better")
WORD(BETTER_HIGHER, "högre", "higher")
WORD(BETTER_LOWER, "lägre", "lower")
WORD(INDICATOR_DEFINITION, "Definition: {1}", "Definition: {1}")
WORD(INDICATOR_MEASURE, "Mått: {1}, enhet {2}, ur {3}", "Measure: {1}, unit {2}, of {3}")
WORD(INDICATOR_DIRECTION, "Bättre är: {1}", "Better is: {1}")
WORD(INDICATOR_TARGET, "Mål: {1}", "Target: {1}")
WORD(INDICATOR_COMPARISONS, "Jämförs med: {1}", "Compared with: {1}")
WORD(INDICATOR_REFERENCE, "Källa: {1}", "Reference: {1}")
WORD(INDICATOR_DIGEST, "Sigill: {1}", "Digest: {1}")
WORD(INDICATOR_QUESTION,
        "Frågan, som statgate query -f tar den:", "The question, as statgate query -f takes it:")
WORD(INDICATOR_PER, "per {1} av:", "per {1} of:")
WORD(INDICATOR_ELSEWHERE,
        "Frågan står i regelverket. Ange dess mapp med --bundle för att läsa den här.",
        "The question stands in the bundle. Name its folder with --bundle to read it here.")
WORD(INDICATOR_OTHER_BUNDLE, "Regelverket i {1} har en annan definition av den; frågan visas inte.",
        "The bundle in {1} defines it otherwise; the question is not shown.")
WORD(COMPARE_WRONG, "--compare är target, lan, riket, history eller none, med komma emellan",
        "--compare is target, lan, riket, history or none, with commas between them")
WORD(COMPARE_NOT, "--compare {1} går inte med den frågan",
        "--compare {1} does not fit the question")
WORD(YEARS_WRONG, "--years är ett år eller två med kolon emellan, högst {1} år",
        "--years is a year or two with a colon between them, at most {1} years")
WORD(COHORT_FIXED, "kontraktets kohort är fast: --years går inte",
        "the contract's cohort is fixed: --years does not do")
WORD(DIGEST_WRONG, "--expect-digest är 64 hexadecimala siffror",
        "--expect-digest is 64 hexadecimal digits")

/* coverage */
WORD(HEAD_EXPECTED, "Väntade", "Expected")
WORD(HEAD_DELIVERED, "Levererade", "Delivered")
WORD(HEAD_REJECTED, "Avvisat", "Rejected")
WORD(HEAD_MISSING_VALUES, "Värden som saknas", "Missing values")

/* questions */
WORD(QUESTION_WRONG, "frågan går inte att ställa: {1}", "the question cannot be asked: {1}")
WORD(QUESTION_FILE_WRONG, "{1} går inte att läsa som en fråga: {2}",
        "{1} cannot be read as a question: {2}")
WORD(ANSWER_WRONG, "svaret från slussen går inte att läsa: {1}",
        "the gateway's answer cannot be read: {1}")
WORD(ANSWER_DIGEST, "svaret stämmer inte med sitt sigill; inget har skrivits",
        "the answer does not match its digest; nothing was written")
WORD(CANNOT_WRITE, "kan inte skriva {1}: {2}", "cannot write {1}: {2}")
WORD(NO_PLAIN_FILE, "{1} är ingen vanlig fil; inget är skrivet",
        "{1} is no ordinary file; nothing is written")
WORD(CANNOT_PRINT, "kan inte skriva ut svaret: {1}", "cannot print the answer: {1}")
WORD(WRITTEN, "{1} är skriven: {2} celler, varav {3} skyddade.",
        "{1} is written: {2} cells, {3} of them protected.")

/* data sets */
WORD(DATASETS_NONE, "Inga datamängder är öppna för dig.", "No data sets are open to you.")
WORD(DATASETS_VINTAGE, "Senaste årgång: {1}", "Latest vintage: {1}")
WORD(DATASETS_NO_VINTAGE, "Ingen årgång är publicerad ännu.", "No vintage has been published yet.")
WORD(HEAD_LINKAGE, "Länkning", "Linkage")
WORD(HEAD_DATASET, "Datamängd", "Data set")
WORD(HEAD_LABEL, "Namn", "Label")
WORD(HEAD_PURPOSES, "Ändamål", "Purposes")
WORD(HEAD_VARIABLE, "Variabel", "Variable")
WORD(HEAD_TYPE, "Typ", "Type")
WORD(HEAD_ROLE, "Roll", "Role")
WORD(HEAD_LEVELS, "Nivåer", "Levels")
WORD(DATASET_TITLE, "{1}: {2}", "{1}: {2}")
WORD(DATASET_LEGAL, "Rättslig grund: {1}", "Legal basis: {1}")
WORD(DATASET_PURPOSES, "Ändamål: {1}", "Purposes: {1}")
WORD(DATASET_FAMILIES, "Uppgifter om färre än {1} familjer visas inte.",
        "Figures about fewer than {1} families are not shown.")
WORD(DATASET_EPISODE, "En post varar från {1} till {2}.", "A record lasts from {1} until {2}.")
WORD(DATASET_RETENTION, "Gallras {1} år efter periodens slut.",
        "Removed {1} years after the end of the period.")
WORD(DATASET_LINKAGE, "Länkning {1}: {2}; med {3}; för {4}; till och med {5}",
        "Linkage {1}: {2}; with {3}; for {4}; until {5}")
WORD(DATASET_LINKAGE_FAMILIES,
        "Länkning {1}: {2}; med {3}; för {4}; till och med {5}; följer familjer",
        "Linkage {1}: {2}; with {3}; for {4}; until {5}; follows families")
WORD(DATASET_INDICATOR, "Indikator {1}@{2}: {3}", "Indicator {1}@{2}: {3}")
WORD(DATASET_CODES, "{1}:{2} – {3} ({4} koder)", "{1}:{2} – {3} ({4} codes)")
WORD(DATASET_CODE, "  {1}  {2}", "  {1}  {2}")
WORD(DATASET_MORE, "  … och {1} till; visa alla med --all", "  … and {1} more; show all with --all")
WORD(TYPE_CODE, "kod", "code")
WORD(TYPE_DATE, "datum", "date")
WORD(TYPE_INTEGER, "heltal", "integer")
WORD(TYPE_DECIMAL, "decimaltal", "decimal")
WORD(TYPE_BOOLEAN, "ja/nej", "yes/no")
WORD(TYPE_AGE, "ålder", "age")
WORD(ROLE_IDENTIFYING, "identifierande", "identifying")
WORD(ROLE_SENSITIVE, "känslig", "sensitive")
WORD(ROLE_MEASURE, "mått", "measure")
WORD(ANY_OTHER, "annat", "other")

/* vintages */
WORD(VINTAGES_NONE, "Ingen årgång är publicerad ännu.", "No vintage has been published yet.")
WORD(HEAD_VINTAGE, "Årgång", "Vintage")
WORD(HEAD_PUBLISHED, "Publicerad", "Published")
WORD(HEAD_SUBMISSIONS, "Leveranser", "Submissions")
WORD(HEAD_RECORDS, "Poster", "Records")
WORD(HEAD_OPEN, "Öppen", "Open")
WORD(HEAD_NOTE, "Anteckning", "Note")
WORD(YES, "ja", "yes")
WORD(NO, "nej", "no")
WORD(PUBLISHED, "Årgång {1} är publicerad, {2} poster.", "Vintage {1} is published, {2} records.")
WORD(PUBLISH_LEFT_OUT,
        "Länkningen {1} fick inte plats i minnet nu; den byggs när någon frågar efter den.",
        "The linkage {1} does not fit into memory now; it is built when somebody asks for it.")
WORD(PUBLISH_UNFINISHED, "slussen slutade svara innan årgången var klar; se statgate vintage list",
        "the gateway stopped answering before the vintage was ready; see statgate vintage list")

/* status */
WORD(STATUS_VERSION, "Version", "Version")
WORD(STATUS_STARTED, "Igång sedan", "Running since")
WORD(STATUS_KEEPER, "Nyckelhållare", "Key keeper")
WORD(STATUS_ALIVE, "lever", "alive")
WORD(STATUS_GONE, "BORTA", "GONE")
WORD(STATUS_KEYRING, "Nyckelringens generation", "Keyring generation")
WORD(STATUS_POLICY, "Regelverk", "Policy")
WORD(STATUS_POLICY_VALUE, "version {1}, {2}", "version {1}, {2}")
WORD(STATUS_OPEN, "Öppna leveranser", "Open submissions")
WORD(STATUS_COMMITTED, "Avslutade leveranser", "Committed submissions")
WORD(STATUS_RECORDS, "Poster", "Records")
WORD(STATUS_STORE, "Lagring", "Store")
WORD(STATUS_CALLS, "Anrop", "Calls")
WORD(STATUS_EXCHANGE, "Nyckelbyte", "Exchange of keys")
WORD(STATUS_REFUSED, "nekad", "refused")
WORD(HEAD_QUOTA_PERSONS, "kvot: personer", "quota: persons")
WORD(HEAD_QUOTA_ERASURES, "raderat på ett dygn", "erased within a day")
WORD(STATUS_CALLS_VALUE, "{1}, varav {2} nekade och {3} misslyckade",
        "{1}, of which {2} refused and {3} failed")
WORD(HEAD_PERSONS, "Personer", "Persons")
WORD(HEAD_MEMORY, "Minne", "Memory")
WORD(HEAD_BUILT, "Byggd på", "Built in")
WORD(RELOADED_POLICY, "Regelverket är bytt: version {1}, {2}.",
        "The policy has changed: version {1}, {2}.")
WORD(RELOADED_SAME, "Regelverket är oförändrat: version {1}, {2}.",
        "The policy is unchanged: version {1}, {2}.")
WORD(RELOADED_CERTIFICATES, "Certifikaten är bytta.", "The certificates have changed.")

/* one submission */
WORD(UUID_WRONG, "en leverans anges med sitt UUID, 32 hexadecimala siffror",
        "a submission is named by its UUID, 32 hexadecimal digits")
WORD(WITHDRAW_ASK, "Ta bort leveransen {1} och alla dess poster för alltid? Skriv ja: ",
        "Remove the submission {1} and all of its records for good? Type yes: ")
WORD(WITHDRAW_NEEDS_YES, "ange --yes för att ta bort leveransen utan fråga",
        "give --yes to remove the submission without being asked")
WORD(WITHDRAW_NOT, "Inget har tagits bort.", "Nothing was removed.")
WORD(WITHDRAWN, "Leveransen {1} är borttagen.", "The submission {1} is removed.")
WORD(WITHDRAWN_REVISED, "Årgången är reviderad: {1}.", "The vintage was revised: {1}.")
WORD(SUBMISSION_STATE, "Läge", "State")
WORD(SUBMISSION_PERIOD, "Period", "Period")
WORD(SUBMISSION_MODE, "Sätt", "Mode")
WORD(SUBMISSION_NEXT, "Nästa parti", "Next batch")
WORD(SUBMISSION_ACCEPTED, "Mottagna poster", "Records accepted")
WORD(SUBMISSION_REJECTED, "Avvisade poster", "Records rejected")
WORD(SUBMISSION_TURNED_AWAY, "Avvisade före sändning", "Rejected before sending")
WORD(SUBMISSION_OPENED, "Öppnad", "Opened")
WORD(SUBMISSION_COMMITTED, "Avslutad", "Committed")
WORD(STATE_OPEN, "öppen", "open")
WORD(STATE_COMMITTED, "avslutad", "committed")
WORD(STATE_REPLACED, "ersatt", "replaced")
WORD(STATE_WITHDRAWN, "borttagen", "withdrawn")
WORD(STATE_EXPIRED, "förfallen", "expired")
WORD(MODE_APPEND, "tillägg", "append")
WORD(MODE_REPLACE, "ersätter", "replace")
