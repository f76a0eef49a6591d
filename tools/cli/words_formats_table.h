/* SPDX-License-Identifier: Apache-2.0 */
/* words_formats_table.h: below an answer, and in files of it; part of words_table.h.
 *
 * WORD(NAME, sv, en) */
WORD(MARK_HELD, "*   står kvar från en tidigare årgång: ändringen rör för få",
        "*   not revised: stands as in an earlier vintage, since the change is of too few")
WORD(PROTECTION_LATTICE, "Svaret är taget ur en planerad tabell som skyddas en gång per årgång.",
        "The answer comes from a planned table that is protected once per vintage.")
WORD(PROTECTION_LEDGER, "Svaret är skyddat med minne av allt som besvarats.",
        "The answer is protected with a memory of all answers.")
WORD(PROTECTION_ALONE, "Svaret är skyddat för sig.", "The answer is protected by itself.")
WORD(PROTECTION_PRESET, "Skydd: {1}.", "Protection: {1}.")
WORD(PROTECTION_SECONDARY, "Celler skyddas också för att andra inte ska gå att räkna ut.",
        "Cells are also protected so that others cannot be computed.")
WORD(PROTECTION_CELLKEY, "Alla antal har fått brus, så delar summerar inte till totaler.",
        "All counts carry noise, so parts do not add up to totals.")
WORD(PROTECTION_ROUNDING,
        "Alla antal är avrundade till multiplar av {1}, och inget av dem är mer än {2} från sitt "
        "rätta värde. Andelar räknas på avrundade antal, och summor följer dem ungefär.",
        "All counts are rounded to multiples of {1}, and none of them is more than {2} from its "
        "true value. Shares are made of rounded counts, and sums follow them nearly.")
WORD(PROTECTION_AUDIT,
        "Granskning: {1} av {2} skyddade värden prövade, inget går att räkna ut; {3} är trängre "
        "än regeln.",
        "Audit: {1} of {2} protected values tested, none can be computed; {3} are narrower than "
        "the rule.")
WORD(PROTECTION_UNASKED,
        "{1} skyddade värden är inte prövade mot regelns intervall; inget av dem går att räkna ut.",
        "{1} protected values were not tested against the interval of the rule; none of them can "
        "be computed.")
WORD(PROTECTION_LIMITED, "Mer är dolt än vad som kan behövas: arbetsgränsen nåddes.",
        "More is hidden than may be needed: the work limit was reached.")
WORD(NEAREST_NONE, "Mer visas utan --by.", "More is shown without --by.")
WORD(NEAREST, "Mer visas med --by {1}. {2}", "More is shown with --by {1}. {2}")
WORD(ABOUT_POLICY, "Regelverk: {1}", "Policy: {1}")
WORD(ABOUT_RELEASE, "Svar: {1}", "Release: {1}")
WORD(ABOUT_SHEET, "Om tabellen", "About")
WORD(ABOUT_TABLE, "Tabell", "Table")
WORD(ABOUT_MEASURE, "Mått", "Measure")
WORD(ABOUT_NUMBER, "antal", "number")
WORD(ABOUT_LOW, "nedre gräns", "lower end")
WORD(ABOUT_HIGH, "övre gräns", "upper end")
WORD(ABOUT_AGAINST, "mot målet", "against the target")
WORD(ABOUT_VERDICT, "Mot målet: 1 bättre, 0 går inte att säga, -1 sämre.",
        "Against the target: 1 better, 0 cannot be told, -1 worse.")
WORD(FORMAT_TO_FILE, "en fil i {1} går inte till en terminal; ange --out",
        "a file in {1} does not go to a terminal; give --out")
WORD(FORECAST_CELLS, "Frågan ger högst {1} celler.", "The question makes at most {1} cells.")
WORD(FORECAST_ROWS, "Rader med nog många invånare för ett svar: {1}, med för få: {2}.",
        "Rows with inhabitants enough for an answer: {1}, with too few: {2}.")
WORD(FORECAST_UNKNOWN, "Vilka rader som kan besvaras går inte att säga utan att räkna.",
        "Which rows can be answered cannot be said without counting.")
WORD(FORECAST_DIMENSION, "  {1}: {2} av {3} kan besvaras", "  {1}: {2} of {3} can be answered")
WORD(FORECAST_NOTE, "  {1}", "  {1}")
WORD(FORECAST_MISSING, "slussen svarade utan förhandsbesked",
        "the gateway answered without a forecast")
