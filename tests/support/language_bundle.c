/* SPDX-License-Identifier: Apache-2.0 */
/* language_bundle.c: a small bundle that says everything the language can say: three data
 * sets and the state of their deliveries, linkages with and without pairs and families, who
 * is let in, and a country with a past. */
#include "tests/support/language_bundle.h"

#define RECORD                                                                                     \
        "article_30: {controller: a, persons: b, data: c, recipients: d, retention: e, "           \
        "safeguards: f}\n"
#define PLACE                                                                                      \
        "  - {id: kommun, label: Kommun, type: code, codes: kommun, source: municipality, role: "  \
        "identifying}\n"
#define DATASET(id, extra)                                                                         \
        "dataset: " id "\nlabel: Data\nlegal_basis: lag\n" RECORD                                  \
        "retention: {years: 5}\nperiodicity: year\nperson: required\ntest_numbers: allowed\n"      \
        "deliver: [municipality]\nreplace: {rejected_max_permille: 50}\nopen_hours: 72\n"          \
        "ask: {roles: [statistician], purposes: [statistik]}\n"                                    \
        "disclosure: {threshold: 5, zeros: protect}\nlinkage: alla\norder_by: start\n" extra       \
        "date_order: [{first: start, then: slut}]\nvariables:\n" PLACE                             \
        "  - {id: start, label: Start, type: date, role: identifying, required: yes}\n"            \
        "  - {id: slut, label: Slut, type: date, role: sensitive}\n"                               \
        "  - {id: mitt, label: Mitt, type: date, role: sensitive}\n"

const struct bundle_file language_files[LANGUAGE_FILES] = {
        {"bundle.yaml",
                "bundle: prov\nlabel: Prov\nversion: 1\npredecessor: none\ntrust: demo\n"
                "languages: [sv, en]\npublish: manual\nmunicipalities: kommun\n"
                "purposes:\n  - {id: statistik, label: Statistik, legal_basis: lag}\n"
                "  - {id: annat, label: Annat, legal_basis: lag}\n"
                "roles: {municipality: [submission], statistician: [statistics]}\n"
                "principals:\n"
                "  - {match: statgate://demo/statistician/anna, role: statistician, datasets: "
                "[b], purposes: [statistik], questions_per_day: 10, legal_basis: lag}\n"
                "  - {match: statgate://demo/statistician/v*d-*, role: statistician, datasets: "
                "all, purposes: all, legal_basis: lag}\n"
                "  - {match: statgate://demo/municipality/*/*, role: municipality, legal_basis: "
                "lag}\n"
                "codelists: [kommun.yaml, datamangd.yaml]\n"
                "datasets: [a.yaml, b.yaml, c.yaml, d.yaml]\nlinkages: linkages.yaml\n"},
        {"kommun.yaml",
                "codelist: kommun\nlabel: Kommun\nsource: SCB\nlevels:\n"
                "  - id: kommun\n    label: Kommun\n    codes:\n"
                "      - {code: \"0180\", label: Stad, parent: \"01\"}\n"
                "      - {code: \"0331\", label: Heby, parent: \"03\", valid_from: 2007-01-01}\n"
                "      - code: \"0500\"\n        label: Flytt\n        parents:\n"
                "          - {parent: \"19\", until: 2010-12-31}\n"
                "          - {parent: \"03\", from: 2011-01-01}\n"
                "      - {code: \"1917\", label: Heby förr, parent: \"19\", valid_until: "
                "2006-12-31, became: [\"0331\"], history: yes}\n"
                "      - {code: \"1918\", label: Delad, parent: \"19\", valid_until: "
                "2020-12-31, became: [\"0180\", \"0331\"]}\n"
                "  - id: lan\n    label: Län\n    codes:\n"
                "      - {code: \"01\", label: Stadens län}\n"
                "      - {code: \"03\", label: Upplands län}\n"
                "      - {code: \"19\", label: Västra länet}\n"
                "      - {code: \"99\", label: Förr, valid_until: 1990-12-31}\n"},
        {"datamangd.yaml", "codelist: datamangd\nlabel: Datamängd\nsource: egen\nlevels:\n"
                           "  - id: datamangd\n    label: Datamängd\n    codes:\n"
                           "      - {code: a, label: A}\n      - {code: b, label: B}\n"},
        {"a.yaml", DATASET("a", "guardians: yes\nepisode: {from: start, until: slut}\n")},
        {"b.yaml", DATASET("b", "")},
        {"c.yaml", DATASET("c", "")},
        {"d.yaml",
                "dataset: d\nkind: deliveries\nlabel: Läge\nlegal_basis: lag\n" RECORD
                "retention: {years: 10}\nask: {roles: [statistician], purposes: [statistik]}\n"
                "disclosure: {threshold: 1, zeros: publish}\nvariables:\n" PLACE
                "  - {id: datamangd, label: X, type: code, codes: datamangd, role: identifying}\n"
                "  - {id: period, label: X, type: date, role: identifying}\n"
                "  - {id: levererad, label: X, type: boolean, role: sensitive}\n"
                "  - {id: poster, label: X, type: integer, role: measure, min: 0, max: 9}\n"
                "  - {id: avvisade, label: X, type: integer, role: measure, min: 0, max: 9}\n"
                "  - {id: varden, label: X, type: integer, role: measure, min: 0, max: 9}\n"
                "  - {id: saknade, label: X, type: integer, role: measure, min: 0, max: 9}\n"},
        {"linkages.yaml",
                "linkages:\n"
                "  - id: alla\n    label: Alla\n    legal_basis: lag\n    " RECORD
                "    datasets: [a, b, c]\n    pairs: [[a, b], [b, c]]\n    municipalities: all\n"
                "    purposes: [statistik]\n    from: 2025-01-01\n    until: 2030-12-31\n"
                "    family: {children_max: 7, holds_days: 400}\n"
                "  - id: tva\n    label: Två\n    legal_basis: lag\n    " RECORD
                "    datasets: [a, c]\n    municipalities: all\n"
                "    purposes: [statistik, annat]\n    from: 2025-01-01\n    until: 2027-12-31\n"
                "    family: no\n"
                "  - id: baa\n    label: Två till\n    legal_basis: lag\n    " RECORD
                "    datasets: [a, c]\n    municipalities: all\n"
                "    purposes: [statistik]\n    from: 2025-01-01\n    until: 2026-12-31\n"
                "    family: yes\n"},
};
