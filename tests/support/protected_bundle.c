/* SPDX-License-Identifier: Apache-2.0 */
/* protected_bundle.c: two presets, three data sets of records and the state of deliveries,
 * and two municipalities whose inhabitants are known. */
#include "tests/support/protected_bundle.h"

#define RECORD                                                                                     \
        "article_30: {controller: a, persons: b, data: c, recipients: d, retention: e, "           \
        "safeguards: f}\n"
#define PLACE                                                                                      \
        "  - {id: kommun, label: Kommun, type: code, codes: kommun, source: municipality, role: "  \
        "identifying}\n"
#define DATASET(id, persons, extra, variables)                                                     \
        "dataset: " id "\nlabel: Data\nlegal_basis: lag\n" RECORD                                  \
        "retention: {years: 5}\nperiodicity: year\n" persons                                       \
        "deliver: [municipality]\nreplace: {rejected_max_permille: 50}\nopen_hours: 72\n"          \
        "ask: {roles: [statistician], purposes: [statistik], dimensions_max: 4}\n"                 \
        "linkage: alla\norder_by: start\n" extra "variables:\n" PLACE                              \
        "  - {id: start, label: Start, type: date, role: identifying, required: yes}\n" variables
#define PERSONS "person: required\ntest_numbers: allowed\n"

const struct bundle_file protected_files[PROTECTED_FILES] = {
        {"bundle.yaml",
                "bundle: prov\nlabel: Prov\nversion: 1\npredecessor: none\ntrust: demo\n"
                "languages: [sv, en]\npublish: manual\nmunicipalities: kommun\n"
                "purposes:\n  - {id: statistik, label: Statistik, legal_basis: lag}\n"
                "roles: {municipality: [submission], statistician: [statistics]}\n"
                "principals:\n  - {match: statgate://demo/statistician/*, role: statistician, "
                "datasets: all, purposes: all, legal_basis: lag}\n"
                "presets: presets.yaml\n"
                "codelists: [kommun.yaml, kon.yaml, form.yaml, datamangd.yaml]\n"
                "datasets: [a.yaml, b.yaml, c.yaml, d.yaml]\nlinkages: linkages.yaml\n"},
        {"presets.yaml",
                "presets:\n"
                "  - id: vanlig\n    label: {sv: Vanlig, en: Usual}\n"
                "    description: {sv: Som alla, en: As everybody}\n"
                "    disclosure:\n      threshold: 5\n      zeros: protect\n"
                "      denominator: 7\n      homogeneous: 3\n"
                "      contributors: {municipality: 2, provider: 1, person: 1}\n"
                "      remainder: threshold\n      part_max: 80\n"
                "      dominance: {n: 2, k: 85}\n      p: 10\n      pq: {p: 10, q: 50}\n"
                "      interval: 3\n      reasons: hidden\n      answers: ledger\n"
                "      questions_per_day: 50\n"
                "    measured:\n"
                "      - {attack: differens, recovered_permille: 12, baseline_permille: 10, "
                "trials: 400}\n"
                "    loss: {cells_permille: 250, persons_permille: 30}\n"
                "  - id: brus\n    label: Brus\n    description: {sv: Brus, en: Noise}\n"
                "    disclosure: {threshold: 5, zeros: publish, secondary: no, answers: alone, "
                "perturbation: cellkey, cellkey: {variance: \"2.0\", deviation: 5, smallest: "
                "3}}\n"},
        {"kommun.yaml",
                "codelist: kommun\nlabel: Kommun\nsource: SCB\npopulation_year: 2025\nlevels:\n"
                "  - id: kommun\n    label: Kommun\n    codes:\n"
                "      - {code: \"0180\", label: Stad, parent: \"01\", population: 8000}\n"
                "      - {code: \"0331\", label: Heby, parent: \"03\", population: 1000}\n"
                "      - {code: \"0332\", label: By, parent: \"03\", population: 1000}\n"
                "      - {code: \"0333\", label: Ny, parent: \"03\"}\n"
                "  - id: lan\n    label: Län\n    codes:\n"
                "      - {code: \"01\", label: Stadens län}\n"
                "      - {code: \"03\", label: Upplands län}\n"},
        {"kon.yaml", "codelist: kon\nlabel: Kön\nsource: egen\nlevels:\n"
                     "  - id: kon\n    label: Kön\n    codes:\n"
                     "      - {code: kvinna, label: Kvinna, population_permille: 500}\n"
                     "      - {code: man, label: Man, population_permille: 500}\n"},
        {"form.yaml", "codelist: form\nlabel: Form\nsource: egen\nlevels:\n"
                      "  - id: form\n    label: Form\n    codes:\n"
                      "      - {code: a, label: A, parent: x}\n"
                      "      - {code: b, label: B, parent: x}\n"
                      "      - {code: c, label: C, parent: x}\n"
                      "  - id: grupp\n    label: Grupp\n    codes:\n"
                      "      - {code: x, label: X}\n"},
        {"datamangd.yaml", "codelist: datamangd\nlabel: Datamängd\nsource: egen\nlevels:\n"
                           "  - id: datamangd\n    label: Datamängd\n    codes:\n"
                           "      - {code: a, label: A}\n"},
        {"a.yaml", DATASET("a", PERSONS "guardians: yes\n",
                           "disclosure: {preset: vanlig}\nprovider: utforare\n"
                           "lattice:\n  tables:\n    - [kommun, kon]\n"
                           "    - [\"kommun:lan\", kon, \"alder:grupp\"]\n"
                           "    - [form, \"start:ar\"]\n"
                           "  measures: [\"sum:kostnad\"]\n  by: year\n  cells_max: 2000\n",
                           "  - {id: kon, label: Kön, type: code, codes: kon, source: sex, role: "
                           "identifying, required: yes}\n"
                           "  - {id: fodd, label: Född, type: date, source: birth_month, role: "
                           "identifying, required: yes, group: no}\n"
                           "  - id: alder\n    label: Ålder\n    type: age\n    role: identifying\n"
                           "    birth: fodd\n    at: start\n    max: 40\n    bands:\n      grupp:\n"
                           "        - {code: 0-17, from: 0, to: 17, population_permille: 200}\n"
                           "        - {code: 18+, from: 18, population_permille: 300}\n"
                           "  - {id: utforare, label: U, type: code, codes: form, role: "
                           "identifying}\n"
                           "  - {id: form, label: Form, type: code, codes: form, role: sensitive, "
                           "required: yes}\n"
                           "  - {id: mitt, label: Mitt, type: date, role: sensitive}\n"
                           "  - {id: slut, label: Slut, type: date, role: sensitive}\n"
                           "  - {id: ja, label: Ja, type: boolean, role: sensitive}\n"
                           "  - {id: antal, label: Antal, type: integer, role: sensitive, min: 0, "
                           "max: 9, bands: {niva: [{code: lag, from: 0, to: 3}]}}\n"
                           "  - {id: kostnad, label: Kostnad, type: decimal, decimals: 2, role: "
                           "measure, min: 0, max: 99}\n")},
        {"b.yaml", DATASET("b", PERSONS, "disclosure: {threshold: 6, zeros: publish}\n", "")},
        {"c.yaml", DATASET("c", "person: none\n",
                           "disclosure: {preset: vanlig, threshold: 9, zeros: publish}\n", "")},
        {"d.yaml",
                "dataset: d\nkind: deliveries\nlabel: Läge\nlegal_basis: lag\n" RECORD
                "retention: {years: 10}\nask: {roles: [statistician], purposes: [statistik]}\n"
                "disclosure: {preset: vanlig, threshold: 1, zeros: publish, answers: alone}\n"
                "variables:\n" PLACE
                "  - {id: datamangd, label: X, type: code, codes: datamangd, role: identifying}\n"
                "  - {id: period, label: X, type: date, role: identifying}\n"
                "  - {id: levererad, label: X, type: boolean, role: sensitive}\n"
                "  - {id: poster, label: X, type: integer, role: measure, min: 0, max: 9}\n"
                "  - {id: avvisade, label: X, type: integer, role: measure, min: 0, max: 9}\n"
                "  - {id: varden, label: X, type: integer, role: measure, min: 0, max: 9}\n"
                "  - {id: saknade, label: X, type: integer, role: measure, min: 0, max: 9}\n"},
        {"linkages.yaml",
                "linkages:\n  - id: alla\n    label: Alla\n    legal_basis: lag\n    " RECORD
                "    datasets: [a, b, c]\n    municipalities: all\n    purposes: [statistik]\n"
                "    from: 2025-01-01\n    until: 2030-12-31\n    family: no\n"},
};
