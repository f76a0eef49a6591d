/* SPDX-License-Identifier: Apache-2.0 */
/* filter_options.h: the options that say which entries of the log, for every command that reads
 * it: rows of a `struct option_spec` table. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_FILTER_OPTIONS_H
#define STATGATE_TOOLS_CLI_AUDIT_FILTER_OPTIONS_H

#define LOG_FILTER_OPTION_SPECS                                                                    \
        {"from", "WHEN", NULL, false, false,                                                       \
                {"från och med: 2026-03-01, eller 2026-03-01T14:30 (UTC)",                         \
                        "from: 2026-03-01, or 2026-03-01T14:30 (UTC)"}},                           \
                {"to", "WHEN", NULL, false, false,                                                 \
                        {"till och med dagen, eller fram till ögonblicket",                        \
                                "up to and with the day, or until the moment"}},                   \
                {"kind", "WORD", NULL, false, true,                                                \
                        {"slag av post: answered, refused, delivery-committed …; kan upprepas",    \
                                "kind of entry: answered, refused, delivery-committed …; "       \
                                "repeats"}},                                                       \
                {"principal", "URI", NULL, false, false,                                           \
                        {"vem: certifikatets namn; * i slutet betyder vad som helst",              \
                                "who: the certificate's name; * at its end means anything"}},      \
                {"purpose", "NAME", NULL, false, false, {"för ändamålet", "for this purpose"}},    \
                {"dataset", "NAME", NULL, false, false,                                            \
                        {"om datamängden", "about this data set"}},                                \
                {"linkage", "NAME", NULL, false, false,                                            \
                        {"under länkningen", "under this linkage"}},                               \
                {"outcome", "WORD", NULL, false, false,                                            \
                        {"hur det gick: OK, eller felets namn, som TOO_FEW_PEOPLE",                \
                                "how it ended: OK, or the error's name, as TOO_FEW_PEOPLE"}},      \
        {                                                                                          \
                "municipality", "CODE", NULL, false, false,                                        \
                {                                                                                  \
                        "kommunens fyra siffror", "the municipality's four digits"                 \
                }                                                                                  \
        }

#endif
