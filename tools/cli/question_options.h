/* SPDX-License-Identifier: Apache-2.0 */
/* question_options.h: the options that put a question, for every command that takes one:
 * rows of a `struct option_spec` table. */
#ifndef STATGATE_TOOLS_CLI_QUESTION_OPTIONS_H
#define STATGATE_TOOLS_CLI_QUESTION_OPTIONS_H

#define QUESTION_OPTION_SPECS                                                                         \
        {"dataset", "NAME", NULL, false, false,                                                       \
                {"datamängd; se statgate datasets", "data set; see statgate datasets"}},              \
                {"purpose", "NAME", NULL, false, false,                                               \
                        {"ändamål som regelverket tillåter", "a purpose that the policy allows"}},    \
                {"where", "'VAR[:LEVEL] OP VALUE'", NULL, false, true,                                \
                        {"villkor; OP är = != < <= > >= eller in, och in tar en lista med komma, "   \
                         "där "                                                                      \
                         "a..b är ett intervall. Alla villkor ska gälla",                             \
                                "condition; OP is = != < <= > >= or in, and in takes a list with "    \
                                "commas, "                                                            \
                                "where a..b is a range. All conditions must hold"}},                  \
                {"by", "VAR[:LEVEL],…", NULL, false, false,                                           \
                        {"dela upp efter; högst sex, den sista blir kolumner",                        \
                                "break down by; at most six, the last one becomes columns"}},         \
                {"measure", "MEASURE,…", "persons", false, false,                                     \
                        {"persons, families, records, sum:VAR, mean:VAR, median:VAR[:BAND], "         \
                         "lower_quartile:VAR, upper_quartile:VAR, days (dygn i perioden), share, "    \
                         "ratio[:VAR] eller rate (per 1000 invånare)",                                \
                                "persons, families, records, sum:VAR, mean:VAR, "                     \
                                "median:VAR[:BANDS], "                                                \
                                "lower_quartile:VAR, upper_quartile:VAR, days (of care in the "       \
                                "period), "                                                           \
                                "share, ratio[:VAR] or rate (per 1000 inhabitants)"}},                \
                {"having", "'VAR[:LEVEL] OP VALUE'", NULL, false, true,                               \
                        {"vad share, ratio och rate räknar", "what share, ratio and rate count"}},    \
                {"base", "'VAR[:LEVEL] OP VALUE'", NULL, false, true,                                 \
                        {"vad share och ratio räknar bland",                                          \
                                "what share and ratio count it among"}},                              \
                {"period", "P[..P]", NULL, false, false,                                              \
                        {"poster som rör perioden: 2024, 2024-Q1, 2024-03 eller 2024-01..2024-06",    \
                                "records that meet the period: 2024, 2024-Q1, 2024-03 or "            \
                                "2024-01..2024-06"}},                                                 \
                {"period-date", "VAR", NULL, false, false,                                            \
                        {"det datum som ska ligga i perioden",                                        \
                                "the date that must lie in the period"}},                             \
                {"unit", "person|family|record", "person", false, false,                              \
                        {"vad som räknas", "what is counted"}},                                       \
                {"linkage", "NAME", NULL, false, false,                                               \
                        {"länkning (annars den snävaste som räcker)",                                 \
                                "linkage (else the narrowest that does)"}},                           \
                {"municipality-rule", "delivering|first|last", "delivering", false, false,            \
                        {"vilken kommun en person hör till: den som levererade posten, eller "       \
                         "personens "                                                                 \
                         "första eller sista i perioden",                                             \
                                "which municipality a person belongs to: the one that delivered "     \
                                "the "                                                                \
                                "record, or the person's first or last in the period"}},              \
                {"age-at", "DATE", NULL, false, false,                                                \
                        {"ålder den dagen i stället för postens",                                     \
                                "age on that day, not the record's"}},                                \
                {"division-at", "DATE", NULL, false, false,                                           \
                        {"kommuner och län som de var den dagen (annars periodens sista)",            \
                                "municipalities and counties as on that day (else the period's "      \
                                "last)"}},                                                            \
                {"vintage", "N[.R]", NULL, false, false,                                              \
                        {"årgång (annars den senaste)", "vintage (else the latest)"}},                \
        {                                                                                             \
                "file", "QUERY.yaml", NULL, false, false,                                             \
                {                                                                                     \
                        "(kort: -f) en fråga i YAML, även med härledda variabler; flaggor fyller " \
                        "i det "                                                                      \
                        "som saknas, och --where begränsar mer",                                      \
                                "(short: -f) a question in YAML, also with derived variables; "       \
                                "options "                                                            \
                                "fill in what is not there, and --where narrows further"              \
                }                                                                                     \
        }

#endif
