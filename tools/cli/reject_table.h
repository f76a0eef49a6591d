/* SPDX-License-Identifier: Apache-2.0 */
/* reject_table.h: why a row is turned away, in Swedish and English. First what this
 * tool finds itself; then the rules that the gateway names, so that the file of
 * rejected rows speaks the reader's language. A rule that is not here is told in
 * the gateway's own words.
 *
 * REJECT(NAME, Swedish, English) */
REJECT(FIELDS, "raden har fel antal fält", "the row has the wrong number of fields")
REJECT(NUL_BYTE, "raden innehåller ett nolltecken", "the row holds a zero byte")
REJECT(BROKEN_QUOTES, "citattecken runt ett fält är inte avslutade som de ska",
        "a quoted field is not closed as it should be")
REJECT(ROW_TOO_LONG, "raden är längre än en rad får vara", "the row is longer than a row may be")
REJECT(TOO_MANY_FIELDS, "raden har fler fält än en rad får ha",
        "the row has more fields than a row may have")
REJECT(FOREIGN_MUNICIPALITY, "raden gäller en annan kommun än den som levererar",
        "the row is about another municipality than the one that delivers")
REJECT(AMBIGUOUS_CODE, "texten kan betyda flera koder", "the text may mean several codes")
REJECT(NOT_A_DATE, "värdet är inte ett datum", "the value is not a date")
REJECT(NOT_A_NUMBER, "värdet är inte ett tal", "the value is not a number")
REJECT(TOO_MANY_DECIMALS, "talet har fler decimaler än schemat",
        "the number has more decimals than the schema")
REJECT(NOT_YES_OR_NO, "värdet är varken ja eller nej", "the value is neither yes nor no")
REJECT(RECORD_KEY_TOO_LONG, "ärendenumret är längre än 24 byte",
        "the record key is longer than 24 bytes")
/* the gateway's schema rules (VALIDATE_RULES) */
REJECT(UNKNOWN_CODE, "koden finns inte i kodlistan", "the code is not in the code list")
REJECT(CODE_NOT_VALID, "koden gällde inte under perioden",
        "the code was not in use during the period")
REJECT(OUT_OF_RANGE, "värdet ligger utanför det som schemat tillåter",
        "the value is outside the range that the schema allows")
REJECT(OUTSIDE_PERIOD, "datumet ligger utanför leveransens period",
        "the date is outside the delivery's period")
REJECT(NOT_MONTH_START, "en födelsemånad skrivs som månadens första dag",
        "a birth month is written as the first day of the month")
REJECT(MISSING_VALUE, "ett obligatoriskt värde saknas", "a required value is missing")
REJECT(DATE_ORDER, "datumet ligger före det datum som ska komma först",
        "the date is before the date that comes first")
REJECT(AGE_OUT_OF_RANGE, "åldern som datumen ger ligger utanför uppgiftssamlingens",
        "the age that the dates give is outside the data set's range")
REJECT(MISSING_PERSON, "uppgiften kräver ett personnummer",
        "a record of this data set needs a person id")
REJECT(PERSON_NOT_EXPECTED, "uppgiften ska inte ha något personnummer",
        "records of this data set have no person id")
REJECT(KIND_NOT_ACCEPTED, "den här sortens person-id tas inte emot här",
        "this kind of person id is not accepted in this data set")
REJECT(GUARDIANS_NOT_EXPECTED, "uppgiften ska inte ha några vårdnadshavare",
        "records of this data set name no guardians")
REJECT(TOO_MANY_GUARDIANS, "uppgiften har fler vårdnadshavare än tillåtet",
        "the record names more guardians than allowed")
REJECT(EMPTY_RECORD_KEY, "ärendenumret saknas", "the record key is empty")
REJECT(RECORD_KEY_NOT_TEXT, "ärendenumret är inte vanlig text",
        "the record key is not printable text")
REJECT(DUPLICATE_RECORD_KEY, "ärendenumret står redan på en tidigare rad",
        "the record key stood on an earlier row of the batch")
/* personal numbers (PNR_RULES) */
REJECT(EMPTY, "personnumret saknas", "the personal number is empty")
REJECT(SHAPE, "personnumret är inte skrivet på något känt sätt",
        "the personal number is not written in a known form")
REJECT(NO_CENTURY, "tio siffror utan skiljetecken säger inte vilket sekel",
        "ten digits without a separator do not tell the century")
REJECT(NO_AS_OF, "ett tiosiffrigt personnummer kräver uttagets datum (--as-of)",
        "a ten-digit personal number needs the export's as-of date")
REJECT(CENTURY, "seklet är inte 18, 19 eller 20", "the century is not 18, 19 or 20")
REJECT(DATE, "födelsedatumet finns inte", "the birth date does not exist")
REJECT(FUTURE, "födelsedatumet ligger efter uttagets datum",
        "the birth date is after the as-of date")
REJECT(BIRTH_NUMBER, "födelsenumret 000 finns inte", "the birth number 000 does not exist")
REJECT(CHECK_DIGIT, "kontrollsiffran är fel", "the check digit is wrong")
REJECT(IS_ORGANISATION, "det är ett organisationsnummer, inte en person",
        "this is an organisation number, not a person")
REJECT(IS_RESERVE, "reservnummer tas inte emot här", "reserve numbers are not accepted here")
REJECT(IS_INTERIM, "interimsnummer tas inte emot här", "interim numbers are not accepted here")
REJECT(TEST_NUMBER, "officiella testnummer tas inte emot här",
        "official test numbers are not accepted here")
REJECT(NOT_TEST_NUMBER, "bara officiella testnummer tas emot här",
        "only official test numbers are accepted here")
REJECT(KIND, "okänd sorts person-id", "the kind of person id is not known")
REJECT(LOCAL_ID, "det lokala id:t är tomt, för långt eller inte ren ASCII",
        "the local id is empty, too long or not plain ASCII")
