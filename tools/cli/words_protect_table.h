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
