/* SPDX-License-Identifier: Apache-2.0 */
/* words_rules_table.h: what answers are held to; part of words_table.h.
 *
 * WORD(NAME, sv, en) */
WORD(RULES_PRESET, "Förval: {1}", "Preset: {1}")
WORD(RULES_LATTICE,
        "Svar tas ur planerade tabeller; annat besvaras bara där varje rad har nog många invånare.",
        "Answers come from planned tables; others are given only where every row has inhabitants "
        "enough.")
WORD(RULES_LEDGER,
        "Svar tas ur planerade tabeller där de räcker, annars med minne av allt som besvarats.",
        "Answers come from planned tables where they suffice, else with a memory of all answers.")
WORD(RULES_ALONE, "Varje svar skyddas för sig.", "Every answer is protected by itself.")
WORD(RULES_HOMOGENEOUS, "Minst {1} personer i en rad ska vara utanför en känslig cell.",
        "At least {1} persons of a row must be outside a sensitive cell.")
WORD(RULES_CONTRIBUTORS, "Den som vet vad som är dess eget räknas med: {1}",
        "Who knows what is its own is heeded: {1}")
WORD(RULES_REMAINDER, "Minst {1} personer ska vara kvar när en av dem räknar bort sina egna.",
        "At least {1} persons must be left when one of them takes its own away.")
WORD(RULES_PART, "Ingen av dem får stå för mer än {1} % av en cell.",
        "None of them may be more than {1} % of a cell.")
WORD(RULES_DOMINANCE, "De {1} största får stå för högst {2} % av en summa.",
        "The {1} largest may make up at most {2} % of a sum.")
WORD(RULES_P, "Den störstas del av en summa ska inte gå att räkna ut på {1} % när.",
        "The largest part of a sum may not be worked out to within {1} %.")
WORD(RULES_PQ, "… på {1} % när, om alla delar är kända på {2} % när.",
        "… to within {1} %, where all parts are known to within {2} %.")
WORD(RULES_SECONDARY, "Fler celler skyddas, så att ingen skyddad går att räkna ut.",
        "Further cells are protected, so that no protected one can be worked out.")
WORD(RULES_INTERVAL, "Inget skyddat antal går att ringa in på mindre än {1} personer när.",
        "No protected count can be narrowed to within fewer than {1} persons.")
WORD(RULES_REASONS, "Skyddade celler säger om det är för egen skull eller en grannes.",
        "Protected cells tell whether it is for their own sake or a neighbour's.")
WORD(RULES_MEMBERSHIP, "Att finnas i datamängden är känsligt: rader bedöms efter invånare.",
        "Being in the data set is sensitive: rows are judged by inhabitants.")
WORD(RULES_CELLKEY,
        "Varje antal har brus: varians {1}, högst {2}, minsta antal utom noll {3}. Delar summerar "
        "inte.",
        "Every count has noise: variance {1}, at most {2}, smallest count but zero {3}. Parts do "
        "not add up.")
WORD(RULES_ROUNDING, "Alla antal är jämnt delbara med {1}.", "Every count is a multiple of {1}.")
WORD(RULES_PER_DAY, "Högst {1} frågor per dygn utanför de planerade tabellerna.",
        "At most {1} questions a day outside the planned tables.")
WORD(RULES_TABLE, "Planerad tabell: {1}", "Planned table: {1}")
WORD(RULES_MEASURE, "  med {1} av {2}", "  with the {1} of {2}")
WORD(RULES_BY_YEAR, "  för varje år och för alla år", "  for every year and for all years")
WORD(CONTRIBUTOR_PERSON, "personen själv", "the person")
WORD(CONTRIBUTOR_FAMILY, "familjen", "the family")
WORD(CONTRIBUTOR_PROVIDER, "utföraren", "the provider")
WORD(CONTRIBUTOR_MUNICIPALITY, "kommunen", "the municipality")
