/* SPDX-License-Identifier: Apache-2.0 */
/* words_sealing_table.h: keys that persons are sealed and deliveries signed with; part of
 * words_table.h. */
WORD(KEEPER_NOT_PINNED,
        "personnummer skickas inte oförseglade, och {1} saknas: hämta nyckelväktarens "
        "signeringsnyckel av den som har hand om nycklarna, på annat sätt än genom slussen, och "
        "lägg den där; `statgate keys public` visar vad slussen säger att den är",
        "personal numbers are not sent unsealed, and there is no {1}: have the key keeper's "
        "signing key from whoever has custody of the keys, another way than through the gateway, "
        "and put it there; `statgate keys public` shows what the gateway says it is")
WORD(KEEPER_PIN_WRONG, "{1} är inte en nyckel om 64 hexadecimala siffror på varje rad",
        "{1} is not a key of 64 hexadecimal digits on each line")
WORD(KEEPER_KEY_FOREIGN,
        "inget skickades: nyckeln som slussen vill att personnummer förseglas till är inte intygad "
        "av någon i {1}. Antingen har nyckelväktaren fått en ny signeringsnyckel, eller så är "
        "slussen i fel händer: fråga den som har hand om nycklarna",
        "nothing was sent: nobody in {1} vouches for the key that the gateway wants personal "
        "numbers sealed to. Either the key keeper has a new signing key, or the gateway is in the "
        "wrong hands: ask whoever has custody of the keys")
WORD(KEEPER_KEY_EXPIRED,
        "inget skickades: nyckeln att försegla till gäller inte i dag (se efter att klockan går "
        "rätt); den är intygad av {1} men för en annan tid",
        "nothing was sent: the key to seal to is not good today (see that the clock is right); "
        "{1} vouches for it, but for another time")
WORD(KEEPER_KEY_AGAIN, "nyckeln att försegla till har bytts: förseglar igen",
        "the key to seal to has changed: sealing again")
WORD(SUBMISSION_KEY_MISSING,
        "{1} saknas: leveranser av personnummer signeras. `statgate keys submission-key --as {2}` "
        "gör en nyckel och säger vad som ska in i regelverket",
        "there is no {1}: deliveries of personal numbers are signed. `statgate keys submission-key "
        "--as {2}` makes a key and says what goes into the bundle")
WORD(SUBMISSION_KEY_THERE, "{1} finns redan; den ändras inte", "{1} is there; it is not changed")
WORD(SUBMISSION_KEY_MADE, "skrev {1}", "wrote {1}")
WORD(SUBMISSION_KEYS_HEAD,
        "# Kommunernas signeringsnycklar, gjorda av statgate init; de hemliga halvorna ligger i\n"
        "# client/ och hör hemma hos var sin kommun.",
        "# The municipalities' signing keys, made by statgate init; their secret halves lie in\n"
        "# client/ and belong with each municipality.")
WORD(SUBMISSION_KEY_NEXT, "till regelverkets submission_keys.yaml, som dataskyddsombuden signerar:",
        "for the bundle's submission_keys.yaml, which the data-protection officers sign:")
WORD(PUBLIC_SIGNING, "signeringsnyckel {1}  {2}", "signing key {1}  {2}")
WORD(PUBLIC_SEALING, "förseglingsnyckel {1}  {2}", "sealing key {1}  {2}")
WORD(PUBLIC_DAYS, "    gäller {1} till {2}; {3}", "    good from {1} until {2}; {3}")
WORD(PUBLIC_VOUCHED, "intygad av en nyckel i keeper.pub", "vouched for by a key in keeper.pub")
WORD(PUBLIC_PINNED, "står i keeper.pub", "stands in keeper.pub")
WORD(PUBLIC_FOREIGN, "INTE intygad av någon nyckel i keeper.pub",
        "NOT vouched for by any key in keeper.pub")
WORD(PUBLIC_UNPINNED, "inget att jämföra med: keeper.pub saknas",
        "nothing to compare with: there is no keeper.pub")
WORD(PUBLIC_SAVED, "skrev {1}", "wrote {1}")
WORD(PUBLIC_COMPARE,
        "jämför siffrorna ovan med dem som den som har hand om nycklarna läser upp: slussen ensam "
        "kan inte intyga dem",
        "compare the digits above with those that whoever has custody of the keys reads to you: "
        "the gateway alone cannot vouch for them")
WORD(PUBLIC_NOT_SAVED,
        "sparades inte: ingen nyckel i {1} intygar de nya. Är bytet väntat, jämför siffrorna och "
        "ta bort filen först",
        "not saved: no key in {1} vouches for the new ones. If the change is expected, compare the "
        "digits and remove the file first")

/* numbers that became others */
WORD(ALIAS_ASK_WAS, "Nummer förut:", "Number before:")
WORD(ALIAS_ASK_BECAME, "Nummer nu:", "Number now:")
WORD(ALIAS_ASK_DAY, "Sedan (ÅÅÅÅ-MM-DD):", "Since (YYYY-MM-DD):")
WORD(ALIAS_LINE, "rad {1}: {2}", "line {1}: {2}")
WORD(ALIAS_SHAPE, "inte tre fält åtskilda av semikolon", "not three fields between semicolons")
WORD(ALIAS_DAY, "inte ett datum, eller ett som ännu inte varit",
        "not a date, or one that is not yet here")
WORD(ALIAS_SELF, "ett nummer kan inte bli sig självt", "a number cannot become itself")
WORD(ALIAS_CONFLICT, "numret har redan blivit ett annat; ta tillbaka det först",
        "this number became another already; undo that first")
WORD(ALIAS_RING, "med denna rad skulle ett nummer till sist bli sig självt",
        "with this line a number would in the end become itself")
WORD(ALIAS_TOO_MANY, "fler än {1} rader: dela filen", "more than {1} lines: split the file")
WORD(ALIAS_NOTHING_SENT, "inget skickades: {1} rader är fel",
        "nothing was sent: {1} lines are wrong")
WORD(ALIAS_NOT_TAKEN, "inget togs emot: {1} rader godtogs inte",
        "nothing was taken: {1} lines were not accepted")
WORD(ALIAS_RECORDED, "{1} antecknade som {2}; gäller från nästa årgång",
        "{1} recorded as {2}; used from the next vintage on")
WORD(ALIAS_KNOWN, "{1} fanns redan", "{1} stood already")
WORD(ALIAS_UNDONE, "{1} återtagna; gäller från nästa årgång",
        "{1} taken back; holds from the next vintage on")
WORD(ALIAS_NONE, "inga", "none")
WORD(ALIAS_UNDONE_MARK, "återtagen", "undone")
WORD(HEAD_ALIAS_ID, "id", "id")
WORD(HEAD_ALIAS_EVENTS, "antal", "events")
WORD(HEAD_ALIAS_FIRST, "första dag", "first day")
WORD(HEAD_ALIAS_LAST, "sista dag", "last day")
WORD(RECORD_ASK, "Postens nyckel (ärendenummer):", "Key of the record (case number):")
WORD(RECORD_WRONG, "nyckeln är tom eller för lång", "the key is empty or too long")
WORD(RECORD_NEEDS_DATASET, "--record-file går ihop med --dataset, och inte med --person-file",
        "--record-file goes with --dataset, and not with --person-file")
