/* SPDX-License-Identifier: Apache-2.0 */
/* exit_table.h: how the command ends, once; help pages print it.
 *
 * EXIT_CODE(NAME, number, Swedish, English) */
EXIT_CODE(OK, 0, "klart", "done")
EXIT_CODE(REFUSED, 1, "slussen sade nej, eller ett svar håller inte (verify)",
        "the gateway refused, or an answer does not hold (verify)")
EXIT_CODE(
        USAGE, 2, "fel i kommandot eller inställningarna", "the command or the settings are wrong")
EXIT_CODE(CONNECT, 3, "slussen kan inte nås", "the gateway cannot be reached")
EXIT_CODE(INPUT, 4, "en fil som kommandot läser är felaktig",
        "a file that the command reads is not valid")
EXIT_CODE(INTERNAL, 5, "internt fel", "internal error")
EXIT_CODE(WEAKER, 6, "skyddet försvagas (policy diff)", "protection weakens (policy diff)")
EXIT_CODE(NOT_SAFE, 7,
        "tabellen är inte säker: ett skyddat värde går att räkna ut (audit-table), eller "
        "inget mönster kunde bevisas säkert, eller för lite är granskat, och inget visas (protect)",
        "the table is not safe: a protected value can be computed (audit-table), or no pattern "
        "could be proved safe, or too little was audited, and nothing is shown (protect)")
EXIT_CODE(NOT_GENUINE, 8, "loggen eller intyget är inte vad som signerades (audit verify, verify)",
        "the log, or the certificate, is not what was signed (audit verify, verify)")
EXIT_CODE(NOT_AUDITED, 9, "ingen skyddad cell hann granskas: inget är sagt (audit-table)",
        "no protected cell could be audited in time: nothing is said (audit-table)")
