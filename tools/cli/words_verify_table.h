/* SPDX-License-Identifier: Apache-2.0 */
/* words_verify_table.h: what is said of an answer that is checked.
 *
 * WORD(NAME, Swedish, English) */
WORD(VERIFY_HOLDS, "{1}: svaret håller", "{1}: the answer holds")
WORD(VERIFY_BROKEN, "{1}: svaret håller inte", "{1}: the answer does not hold")
WORD(VERIFY_FINDING, "  {1}: {2}", "  {1}: {2}")
WORD(VERIFY_LINE, "  från rad {1} i filen", "  from line {1} of the file on")
WORD(VERIFY_SIGNED, "  undertecknat   nyckel {1}, {2}, över {3} poster i loggen",
        "  signed by      key {1}, {2}, over {3} entries of the log")
WORD(VERIFY_ENTRY, "  står i loggen  som post {1}, skriven {2}",
        "  in the log     as entry {1}, written {2}")
WORD(VERIFY_POLICY, "  regelverk      version {1}, {2}", "  policy         version {1}, {2}")
WORD(VERIFY_VINTAGE, "  årgång         {1}", "  vintage        {1}")
WORD(VERIFY_RULE, "  regel          {1}", "  rule           {1}")
WORD(VERIFY_QUESTION, "  frågan", "  the question")
WORD(VERIFY_TABLE, "  tabellen       {1} celler, varav {2} skyddade: den som gavs",
        "  the table      {1} cells, {2} of them protected: the one that was released")
WORD(VERIFY_NO_TABLE, "  tabellen       {1} celler, varav {2} skyddade; filen visar den inte",
        "  the table      {1} cells, {2} of them protected; the file does not show it")
WORD(VERIFY_UNREADABLE, "{1} är inget svar med intyg (rad {2})",
        "{1} is no answer with a certificate (line {2})")
WORD(VERIFY_NO_KEY,
        "nyckelväktarens öppna nyckel finns inte i {1}; ange den med --key (keeper.pub)",
        "the keeper's public key is not in {1}; name it with --key (keeper.pub)")
WORD(ANSWER_UNCERTIFIED, "svaret kom utan intyg, och inget skrevs till {1}",
        "the answer came without a certificate, and nothing was written to {1}")
