/* SPDX-License-Identifier: Apache-2.0 */
/* quota.h: how many different persons each municipality has delivered, about.
 *
 * Against a municipality, or whoever has its keys, that delivers candidate numbers by the
 * million to have them stored and named: the signed bundle says how many persons it may
 * deliver, and the keeper counts without remembering anybody. Per municipality and half-year
 * there is a HyperLogLog (Flajolet et al. 2007, with the estimator of Ertl 2017): 2,048 registers
 * of what 64 bits look like that only this keeper's own random key makes of an id, so
 * that nobody can choose persons who are not counted. Who was delivered before changes nothing;
 * nor can it be read out of the registers who was. Of the id and not of the person code: so the
 * count does not begin anew when k_person is exchanged.
 *
 * The present half-year and the two before it count together: a person delivered once is
 * counted for twelve to eighteen months. The standard error is 2.3 %.
 *
 * Whoever exceeds the quota delivers nobody for a day, or until the quota is larger.
 * Re-delivery is free. A new person alone changes a register with odds of some 2,000 in as many
 * as there are, so that somebody at the limit who brings them singly gets so many in before he
 * rests: a quarter of the quota in a year. */
#ifndef STATGATE_GATEWAY_KEEPER_QUOTA_H
#define STATGATE_GATEWAY_KEEPER_QUOTA_H

#include "base/batch.h"
#include "base/bytes.h"
#include "base/terms.h"

enum {
        QUOTA_REGISTERS = 2048,
        QUOTA_HALVES = 3, /* this one and those before */
        QUOTA_SKETCHES_MAX = 1200,
};

struct quotas;

MUST_CHECK enum err quotas_new(struct quotas **out); /* nobody counted, a fresh key */
void quotas_free(struct quotas **q);
/* As it is kept in a note. ERR_MALFORMED. */
MUST_CHECK enum err quotas_read(struct bytes note, struct quotas **out);
void quotas_put(const struct quotas *q, struct buf *out);
/* Whether there is something that quotas_read would not bring back. */
bool quotas_changed(const struct quotas *q);
void quotas_kept(struct quotas *q); /* it is in a note now */

/* Half-years since 1970: of 2026-07-01, 113. */
uint32_t quota_half(int64_t now_ms);

/* One delivery on trial: nothing is counted before quota_end says that it may be. */
struct quota_trial {
        municipality_t municipality;
        uint32_t half;
        bool anybody;
        uint8_t before[QUOTA_REGISTERS];
        uint8_t registers[QUOTA_REGISTERS];
};
void quota_begin(
        const struct quotas *q, municipality_t municipality, uint32_t half, struct quota_trial *t);
/* Checked ids of the municipality's delivery, those of its own too; PERSON_NONE is nobody. */
MUST_CHECK enum err quota_count(
        struct quotas *q, struct quota_trial *t, const struct person_column *who, size_t rows);
/* ERR_QUOTA: it has persons who are new, and with them there are more than `most`; or that was
 * so within the last day. Then nothing is counted. */
MUST_CHECK enum err quota_end(
        struct quotas *q, const struct quota_trial *t, uint32_t most, int64_t now_ms);

/* About how many persons, by the registers. */
double quota_estimate(const uint8_t registers[QUOTA_REGISTERS]);
/* The same of all that counts now for a municipality. */
double quotas_counted(const struct quotas *q, municipality_t municipality, uint32_t half);

/* Municipalities that were refused in the last QUOTA_HALVES half-years, and when last; at most
 * `room`, how many. */
struct quota_refusal {
        municipality_t municipality;
        int64_t at_ms;
};
unsigned quotas_refused(
        const struct quotas *q, uint32_t half, struct quota_refusal *out, unsigned room);

#endif
