/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_ask.h: linked questions at a real gateway: reports of concern with the guardians
 * one wishes, questions as people write them, and bundles that follow one another. */
#ifndef STATGATE_TESTS_SUPPORT_GATEWAY_ASK_H
#define STATGATE_TESTS_SUPPORT_GATEWAY_ASK_H

#include "tests/support/gateway_delivery.h"

enum { NOBODY = UINT32_MAX };

/* A report of concern about child number `child`, received on a day of 2025. */
struct report {
        uint32_t child;
        uint32_t guardian; /* number of a person, or NOBODY */
        int32_t day;       /* from 0, the first of January */
        uint32_t key;      /* of the record, in its municipality */
};
/* Children of these numbers and on are told of by their schools, and by relatives; others by the
 * police. */
enum { SCHOOL_FROM = 100000, RELATIVE_FROM = 140000 };
/* As a whole delivery of `anmalan` for 2025, in batches; asserts that all of it was taken. */
struct submission_id deliver_concerns(
        struct world *w, municipality_t m, const struct report *rows, uint32_t len);
/* The same in the place of what it has delivered before. */
struct submission_id redeliver_concerns(
        struct world *w, municipality_t m, const struct report *rows, uint32_t len);

/* A question in YAML as in `statgate query -f`; purpose uppfoljning where none is said.
 * STATUS_OK and the release, in the world's arena. */
enum status ask_yaml(struct world *w, const char *yaml, struct wire_release *out);
/* The same as bytes of a request, for other calls than world_call. */
struct bytes say_yaml(struct world *w, const char *yaml);
void read_release(struct world *w, struct bytes answer, struct wire_release *out);

/* Value of a measure in the cell of these categories (NULL: total; one per dimension);
 * fails when it is not shown. */
int64_t cell_value(const struct wire_release *r, uint32_t measure, const char *const *codes);
enum cell_status cell_at(const struct wire_release *r, const char *const *codes);

/* The policy's folder as version 1, to be followed. */
void policy_begin(struct world *w);
/* The YAML as the next version, signed and reloaded; the status of the reload. */
enum status policy_follow(struct world *w);
/* In linkages.yaml, the last day of the linkage `id`: YYYY-MM-DD. */
void linkage_until(struct world *w, const char *id, const char *day);

#endif
