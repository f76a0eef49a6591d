/* SPDX-License-Identifier: Apache-2.0 */
/* words_protect_table.h: what `statgate protect` and `statgate audit-table` say; a part of
 * words_table.h. Of a table's fault, {1} is the file, {2} the row, {3} the column, {4}
 * another row. */

/* files */
WORD(TABLE_UNREADABLE, "{1}: filen går inte att läsa", "{1}: the file cannot be read")
WORD(TABLE_UTF16, "{1}: filen är i UTF-16; spara den som UTF-8",
        "{1}: the file is in UTF-16; save it as UTF-8")
WORD(TABLE_EMPTY, "{1}: filen har inga rader", "{1}: the file has no rows")
WORD(TABLE_ROWS_MANY, "{1}: filen har för många rader", "{1}: the file has too many rows")
WORD(TABLE_ROW_WRONG,
        "{1}, rad {2}: raden har inte lika många fält som rubrikraden, eller kan "
        "inte läsas",
        "{1}, row {2}: the row does not have as many fields as the header, or cannot be read")
WORD(TABLE_COLUMN_MISSING, "{1}: det finns ingen kolumn {3}", "{1}: there is no column {3}")
WORD(TABLE_COLUMN_TWICE, "{1}: kolumnen {3} finns två gånger", "{1}: the column {3} is there twice")
WORD(TABLE_CODE_MISSING, "{1}, rad {2}: koden i {3} saknas",
        "{1}, row {2}: the code in {3} is missing")
WORD(TABLE_CODE_LONG, "{1}, rad {2}: koden i {3} är för lång",
        "{1}, row {2}: the code in {3} is too long")
WORD(TABLE_CODE_WRONG, "{1}, rad {2}: koden i {3} har tecken som inte går",
        "{1}, row {2}: the code in {3} has characters that are not allowed")
WORD(TABLE_CODES_MANY, "{1}, rad {2}: {3} har för många koder",
        "{1}, row {2}: {3} has too many codes")
WORD(TABLE_ID_MISSING, "{1}, rad {2}: {3} saknas", "{1}, row {2}: {3} is missing")
WORD(TABLE_VALUE_MISSING, "{1}, rad {2}: värdet i {3} saknas",
        "{1}, row {2}: the value in {3} is missing")
WORD(TABLE_VALUE_WRONG, "{1}, rad {2}: värdet i {3} är inget tal",
        "{1}, row {2}: the value in {3} is not a number")
WORD(TABLE_VALUE_NEGATIVE, "{1}, rad {2}: antalet i {3} är negativt",
        "{1}, row {2}: the count in {3} is negative")
WORD(TABLE_VALUE_BROKEN, "{1}, rad {2}: antalet i {3} är inget heltal",
        "{1}, row {2}: the count in {3} is not a whole number")
WORD(TABLE_VALUE_LARGE, "{1}, rad {2}: värdet i {3} är för stort",
        "{1}, row {2}: the value in {3} is too large")
WORD(TABLE_CELL_TWICE, "{1}, rad {2}: samma cell finns också på rad {4}",
        "{1}, row {2}: the same cell is in row {4} too")
WORD(TABLE_NOT_ADDITIVE, "{1}, rad {2}: {3} är inte summan av sina delar",
        "{1}, row {2}: {3} is not the sum of its parts")
WORD(TABLE_GROUP_RECORD, "{1}, rad {2}: {3} är en grupp, men varje rad ska höra till en enda kod",
        "{1}, row {2}: {3} is a group, but each row must belong to a single code")
WORD(TABLE_CODE_UNKNOWN, "{1}, rad {2}: koden i {3} finns inte i hierarkin",
        "{1}, row {2}: the code in {3} is not in the hierarchy")
WORD(TABLE_ONLY_GROUPS, "{1}: {3} har bara summor, inga koder att dela upp efter",
        "{1}: {3} has totals only and no codes to break down by")

/* hierarchies */
WORD(HIERARCHY_TWO_PARENTS, "{1}, rad {2}: koden har en annan förälder på rad {4}",
        "{1}, row {2}: the code has another parent in row {4}")
WORD(HIERARCHY_CYCLE, "{1}, rad {2}: koden ligger i sig själv",
        "{1}, row {2}: the code lies within itself")
WORD(HIERARCHY_TOTAL, "{1}, rad {2}: totalen ligger inte i något",
        "{1}, row {2}: the total lies in nothing")
WORD(HIERARCHY_DEEP, "{1}, rad {2}: hierarkin är för djup",
        "{1}, row {2}: the hierarchy is too deep")
WORD(HIERARCHY_GROUP_TWICE, "{1}, rad {2}: koden betyder något annat i en annan hierarki",
        "{1}, row {2}: the code means something else in another hierarchy")
WORD(HIERARCHY_LEAF_MISSING,
        "{1}: en kod i en annan hierarki för samma kolumn saknas här (dess "
        "rad {2})",
        "{1}: a code of another hierarchy of the same column is not here (its row {2})")
WORD(TABLE_CELLS_MANY,
        "tabellen skulle få fler celler med alla summor än 16 miljoner; ta färre kolumner eller "
        "grövre koder",
        "the table would have more than 16 million cells with all its totals; take fewer columns "
        "or coarser codes")
WORD(TABLE_NO_MEMORY, "minnet räcker inte till en så stor tabell",
        "there is not enough memory for a table of that size")
WORD(TABLE_FAILED, "tabellen kunde inte behandlas: {1}", "the table could not be treated: {1}")
WORD(TABLE_OVERLAPPING,
        "{1}: en person är i flera koder, så summorna är inte summan av sina delar och kan inte "
        "avrundas tillsammans",
        "{1}: a person is in several codes, so totals are not the sums of their parts and cannot "
        "be rounded together")

/* protect */
WORD(PROTECT_SUPPRESSING, "Söker vad som måste döljas ({1} celler) …",
        "Finding what must be hidden ({1} cells) …")
WORD(PROTECT_IMPROVING, "Söker det bevisat billigaste …", "Looking for the provably cheapest …")
WORD(PROTECT_ROUNDING, "Avrundar {1} celler …", "Rounding {1} cells …")
WORD(PROTECT_AUDITING, "Granskar resultatet …", "Auditing the result …")
WORD(PROTECT_CELLS, "{1} celler med alla summor, {2} visas.",
        "{1} cells with all totals, {2} are shown.")
WORD(PROTECT_PRIMARY, "Skyddade i sig: {1} (för små {2}, nollor {3}, dominans {4}).",
        "Protected by themselves: {1} (too small {2}, zeros {3}, dominance {4}).")
WORD(PROTECT_SECONDARY,
        "Dolda för deras skull: {1}, varav {2} för att intervallen ska bli breda nog.",
        "Hidden for their sake: {1}, of which {2} so that intervals are wide enough.")
WORD(PROTECT_OVERLAPPING, "En person kan vara i flera koder av {1}: delarna är mer än summan.",
        "A person can be in several codes of {1}: the parts are more than the total.")
WORD(PROTECT_COST, "Kostnad för det som döljs för andras skull: {1} ({2}).",
        "Cost of what is hidden for others' sake: {1} ({2}).")
WORD(PROTECT_OPTIMAL, "Billigare går inte: det är bevisat.",
        "It cannot be cheaper: that is proved.")
WORD(PROTECT_BOUND_ALONE,
        "Hur lite som måste döljas är bara känt utan intervall; {1} celler är dolda för bredden, "
        "så avståndet sägs inte.",
        "How little must be hidden is only known without intervals; {1} cells are hidden for the "
        "width, so no distance is told.")
WORD(PROTECT_BOUND, "Ingen säker tabell kostar mindre än {1}: högst {2} % dyrare än nödvändigt.",
        "No safe table costs less than {1}: at most {2} % more than needed.")
WORD(PROTECT_AUDIT,
        "Granskning (angripare: {1}): {2} av {3} skyddade celler, {4} går att räkna ut.",
        "Audit (attacker: {1}): {2} of {3} protected cells, {4} can be computed.")
WORD(PROTECT_SAMPLED,
        "{2} celler ligger i delar av tabellen som är för stora att räkna ut helt. {1} av dem är "
        "dragna och granskade var för sig: {3} går att veta närmare än {4}, den snävaste på {5} "
        "när.",
        "{2} cells lie in parts of the table that are too large to be solved whole. {1} of them "
        "were drawn and audited by themselves: {3} can be told to within less than {4}, the "
        "narrowest to within {5}.")
WORD(PROTECT_SAMPLED_MOST,
        "Med 95 % säkerhet går högst {1} % av dem att veta närmare än så; {2} dragna är inte "
        "visade vida.",
        "With 95 % confidence at most {1} % of them can be told to within less than that; {2} of "
        "those drawn are not shown to be wide.")
WORD(PROTECT_AUDITED_LITTLE,
        "Inget visas: {1} % av de skyddade cellerna är granskade, och {2} % krävs.",
        "Nothing is shown: {1} % of the protected cells are audited, and {2} % are required.")
WORD(PROTECT_NARROW, "{1} skyddade celler går att veta närmare än {2}.",
        "{1} protected cells can be told to within less than {2}.")
WORD(PROTECT_INTERVAL_WIDE,
        "--interval {1} går inte att hålla med --zeros publish och --threshold {2}: en cell som är "
        "dold för att den är liten är då minst 1 och under tröskeln; välj --zeros protect, en "
        "högre tröskel eller ett mindre intervall",
        "--interval {1} cannot be kept with --zeros publish and --threshold {2}: a cell hidden for "
        "being small is then known to be at least 1 and below the threshold; take --zeros "
        "protect, a higher threshold or a smaller interval")
WORD(PROTECT_UNWIDENED,
        "För {1} skyddade celler är det inte visat att de inte går att veta närmare än {2}.",
        "Of {1} protected cells it is not shown that they cannot be told to within less than {2}.")
WORD(PROTECT_ROUNDED, "Avrundat till multiplar av {1}; längst från det rätta är {2}.",
        "Rounded to multiples of {1}; the furthest from the truth is {2}.")
WORD(PROTECT_UNCONTROLLED,
        "OBS: summorna stämmer, men alla ligger inte inom en multipel från det rätta.",
        "NOTE: totals add up, but not all of them are within one multiple of the truth.")
WORD(PROTECT_WORK, "Frö {1}, {2} sökningar, arbete {3}.", "Seed {1}, {2} searches, work {3}.")
WORD(PROTECT_LIMITED,
        "En gräns avslutade sökningen: mer kan vara dolt än nödvändigt, och mindre visat om "
        "intervallen.",
        "A limit ended the search: more may be hidden than needed, and less shown of intervals.")
WORD(PROTECT_UNPROVED, "Inget visas: det finns inget bevis för att något mönster är säkert.",
        "Nothing is shown: there is no proof that any pattern is safe.")
WORD(PROTECT_COMPUTABLE,
        "Inget visas: en skyddad cell följer av det som alla vet, vad som än döljs.",
        "Nothing is shown: a protected cell follows from what everybody knows, whatever is hidden.")
WORD(PROTECT_AUDIT_FOUND, "Inget visas: granskningen kunde räkna ut en skyddad cell.",
        "Nothing is shown: the audit could compute a protected cell.")
WORD(PROTECT_TOLD_NEARLY,
        "Inget visas: {1} skyddade celler går att veta närmare än {2} (--allow-narrow visar ändå).",
        "Nothing is shown: {1} protected cells can be told to within less than {2} (--allow-narrow "
        "shows the table all the same).")
WORD(PROTECT_NOTHING_FITS,
        "Inget visas: ingen tabell stämmer med det som skulle visas, så granskningen kan inte säga "
        "något om det som döljs.",
        "Nothing is shown: no table fits what would be shown, so the audit can say nothing of what "
        "is hidden.")

/* audit-table */
WORD(AUDIT_NOT_ADDITIVE,
        "{1}: tabellen stämmer inte: inga värden i de skyddade cellerna ger summorna",
        "{1}: the table does not add up: no values of the protected cells give the totals")
WORD(AUDIT_LIMITED, "En gräns (för arbete eller storlek) nåddes innan alla celler var granskade.",
        "A limit (of work or of size) was reached before all cells were audited.")
WORD(AUDIT_AT_WORK, "granskar {1} skyddade celler som angriparen {2}",
        "auditing {1} protected cells as the attacker {2}")
WORD(AUDIT_VERDICT, "{1}: {2} av {3} skyddade celler granskade, {4} går att räkna ut exakt.",
        "{1}: {2} of {3} protected cells audited, {4} can be computed exactly.")
WORD(AUDIT_MORE, "… och {1} celler till; --format csv visar alla.",
        "… and {1} more cells; --format csv shows all.")
WORD(AUDIT_NOTHING, "Ingen cell är skyddad.", "No cell is protected.")
WORD(AUDIT_EXPOSED, "Osäker: skyddade värden går att räkna ut.",
        "Not safe: protected values can be computed.")
WORD(AUDIT_CLEAN, "Inget skyddat värde går att räkna ut exakt.",
        "No protected value can be computed exactly.")
WORD(AUDIT_NONE, "Ingen cell hann granskas: det säger inget om tabellen (--work-limit, --large).",
        "No cell was audited in time: that says nothing of the table (--work-limit, --large).")
WORD(AUDIT_CLEAN_SOME, "Av dem som granskats går inget skyddat värde att räkna ut exakt.",
        "Of those audited no protected value can be computed exactly.")
WORD(AUDIT_SAMPLED, "Bara ett urval är granskat; --sample 0 granskar alla.",
        "Only a sample was audited; --sample 0 audits all.")
WORD(AUDIT_NEGATIVE, "{1}, rad {2}: värdet i {3} är negativt; ange --signed om det får vara det",
        "{1}, row {2}: the value in {3} is negative; give --signed if it may be")
WORD(AUDIT_EXACT, "exakt", "exact")
