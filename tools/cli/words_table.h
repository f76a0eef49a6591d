/* SPDX-License-Identifier: Apache-2.0 */
/* words_table.h: everything the command says, in Swedish and English. {1} … {9}
 * are filled in; none of them is ever a value from a delivered row.
 *
 * WORD(NAME, Swedish, English) */

/* help pages */
WORD(HELP_INTRODUCTION,
        "statgate: individuppgifter in, bara säkra tabeller ut. Ett kommando för kommuner, statistiker, dataskyddsombud och driften.",
        "statgate: individual records in, only safe tables out. One command for municipalities, statisticians, data-protection officers and operators.")
WORD(HELP_USAGE, "Så här", "Usage")
WORD(HELP_COMMANDS, "Kommandon", "Commands")
WORD(HELP_OPTIONS, "Flaggor", "Options")
WORD(HELP_GLOBAL, "Flaggor för alla kommandon", "Options of every command")
WORD(HELP_EXITS, "Slutkoder", "Exit codes")
WORD(HELP_OPTIONS_SHORT, "flaggor", "options")
WORD(HELP_COMMAND_SHORT, "kommando", "command")
WORD(HELP_REQUIRED, "krävs", "required")
WORD(HELP_DEFAULT, "annars", "default")
WORD(HELP_OF_HELP, "visa hjälp om ett kommando", "show help about a command")
WORD(HELP_OF_VERSION, "visa programmets version", "show the program's version")
WORD(VERSION, "statgate {1}", "statgate {1}")

/* the command line */
WORD(COMMAND_UNKNOWN, "okänt kommando; se statgate help", "unknown command; see statgate help")
WORD(OPTION_UNKNOWN, "okänd flagga: {1}", "unknown option: {1}")
WORD(OPTION_NEEDS, "flaggan {1} kräver ett värde", "option {1} needs a value")
WORD(OPTION_VALUE, "flaggan --{1} har ett värde som inte går", "option --{1} has a value that is not allowed")
WORD(OPTION_MISSING, "flaggan --{1} krävs; se statgate help {2}", "option --{1} is required; see statgate help {2}")
WORD(OPTION_TWICE, "flaggan --{1} är given två gånger", "option --{1} is given twice")
WORD(ARGUMENTS, "fel antal argument: statgate {1} {2}", "wrong number of arguments: statgate {1} {2}")

/* refusals */
WORD(VIOLATION, "  {1}: {2}", "  {1}: {2}")
WORD(AND_MORE, "  … och {1} till", "  … and {1} more")

/* settings and connection */
WORD(SETTINGS_MISSING, "hittar inte {1}; gå till datamappen eller ange --config", "cannot find {1}; go to the data folder or give --config")
WORD(SETTINGS_WRONG, "{1}: {2}", "{1}: {2}")
WORD(AS_MISSING, "vem är du? Ange --as NAMN eller client.as i statgate.yaml", "who are you? Give --as NAME or client.as in statgate.yaml")
WORD(CERTIFICATE_MISSING, "hittar inte certifikatet {1} med nyckel", "cannot find the certificate {1} with its key")
WORD(CERTIFICATE_WRONG, "certifikatet {1} är inte ett statgate-certifikat", "{1} is not a certificate of statgate")
WORD(GATEWAY_NOT_RUNNING, "slussen verkar inte vara igång ({1} saknas)", "the gateway does not seem to be running (no {1})")
WORD(CANNOT_CONNECT, "kan inte ansluta till {1}: {2}", "cannot connect to {1}: {2}")
WORD(CALL_BROKEN, "samtalet med slussen bröts: {1}", "the call to the gateway broke: {1}")
WORD(GATEWAY_AWAY, "slussen kan inte nås: {1}", "the gateway cannot be reached: {1}")
WORD(GATEWAY_BROKEN, "slussen har ett internt fel: {1}", "the gateway has an internal error: {1}")
WORD(GATEWAY_REFUSED, "slussen sade nej: {1}", "the gateway refused: {1}")
