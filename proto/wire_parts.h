/* SPDX-License-Identifier: Apache-2.0 */
/* wire_parts.h: messages that appear inside several others. */
#ifndef STATGATE_PROTO_WIRE_PARTS_H
#define STATGATE_PROTO_WIRE_PARTS_H

#include "proto/pack.h"
#include "proto/wire.h"
#include "statgate/v1/common.pb-c.h"
#include "statgate/v1/statistics.pb-c.h"
#include "statgate/v1/submission.pb-c.h"

/* 0.0 where the message is absent. */
static inline struct vintage vintage_of(const Statgate__V1__Vintage *v)
{
        return v == NULL ? (struct vintage){0, 0} : (struct vintage){v->number, v->revision};
}

/* Fills `room`; NULL for 0.0, which is written as absence. */
static inline Statgate__V1__Vintage *vintage_message(struct vintage v, Statgate__V1__Vintage *room)
{
        if (v.number == 0 && v.revision == 0)
                return NULL;
        *room = (Statgate__V1__Vintage)STATGATE__V1__VINTAGE__INIT;
        room->number = v.number;
        room->revision = v.revision;
        return room;
}

/* wire_parts.c. Both labels are optional; the second function's NULL says that memory is
 * short. */
MUST_CHECK enum err label_decode(const Statgate__V1__Label *from, struct wire_label *out);
Statgate__V1__Label *label_message(struct arena *scratch, struct wire_label in);

/* ERR_INVALID for a day outside the years 1 to 9999. */
MUST_CHECK enum err day_text(struct arena *scratch, int32_t day, ProtobufCBinaryData *out);
MUST_CHECK enum err period_text(struct arena *scratch, struct period p, ProtobufCBinaryData *out);
/* The gate for requests, and for answers. In an answer a period may be missing. */
enum { PERIOD_TEXT_MAX = 22 };
MUST_CHECK enum err gate_day(
        struct refusal *why, const char *field, ProtobufCBinaryData from, int32_t *out);
MUST_CHECK enum err gate_period(
        struct refusal *why, const char *field, ProtobufCBinaryData from, struct period *out);
MUST_CHECK enum err answer_day(ProtobufCBinaryData from, int32_t *out);
MUST_CHECK enum err answer_period(ProtobufCBinaryData from, bool *out_has, struct period *out);

/* wire_indicator.c. `brief`: without definition and references. */
MUST_CHECK enum err indicator_message(struct arena *scratch, const struct wire_indicator *in,
        bool brief, Statgate__V1__Indicator *out);
MUST_CHECK enum err indicator_decode(
        struct arena *a, const Statgate__V1__Indicator *from, struct wire_indicator *out);

/* wire_protection.c. Messages are built in `scratch`; ERR_INVALID for a kind that does not
 * exist. */
MUST_CHECK enum err rules_message(
        struct arena *scratch, const struct wire_rules *in, Statgate__V1__DisclosureRules **out);
MUST_CHECK enum err wire_rules_decode(
        const Statgate__V1__DisclosureRules *from, struct wire_rules *out);
/* Absent where no table is planned. */
MUST_CHECK enum err lattice_message(
        struct arena *scratch, const struct wire_lattice *in, Statgate__V1__Lattice **out);
MUST_CHECK enum err wire_lattice_decode(
        struct arena *a, const Statgate__V1__Lattice *from, struct wire_lattice *out);
MUST_CHECK enum err protection_message(
        struct arena *scratch, const struct wire_protection *in, Statgate__V1__Protection **out);
MUST_CHECK enum err protection_decode(
        const Statgate__V1__Protection *from, struct wire_protection *out);
MUST_CHECK enum err nearest_message(
        struct arena *scratch, const struct wire_nearest *in, Statgate__V1__Nearest **out);
MUST_CHECK enum err nearest_decode(
        struct arena *a, const Statgate__V1__Nearest *from, struct wire_nearest *out);
MUST_CHECK enum err forecast_message(
        struct arena *scratch, const struct wire_forecast *in, Statgate__V1__Forecast **out);
MUST_CHECK enum err forecast_decode(
        struct arena *a, const Statgate__V1__Forecast *from, struct wire_forecast *out);

/* wire_keys.c. Borrows; `field` is the path of the message. */
struct wire_box {
        struct bytes key_id, box, signature;
};
MUST_CHECK enum err box_decode(const Statgate__V1__SealedPersons *from, const char *field,
        struct wire_box *out, struct refusal *why);
void box_message(const struct wire_box *in, Statgate__V1__SealedPersons *out);

/* wire_certificate.c. Messages borrow; a list that is NULL says that memory is short, or that the
 * proof is longer than any. */
void tree_head_message(const struct tree_head *in, Statgate__V1__TreeHead *out);
MUST_CHECK enum err tree_head_decode(const Statgate__V1__TreeHead *from, struct tree_head *out);
ProtobufCBinaryData *proof_hashes(struct arena *scratch, const struct merkle_proof *in);
MUST_CHECK enum err proof_hashes_decode(
        const ProtobufCBinaryData *from, size_t len, struct merkle_proof *out);
MUST_CHECK enum err certificate_message(struct arena *scratch, const struct answer_certificate *in,
        Statgate__V1__Certificate **out);
MUST_CHECK enum err certificate_decode(
        const Statgate__V1__Certificate *from, struct answer_certificate *out);

/* wire_batch.c */
MUST_CHECK enum err batch_decode(
        struct arena *a, const Statgate__V1__Batch *from, struct batch *out, struct refusal *why);
/* Builds the message in `scratch`; it borrows from `in`. */
MUST_CHECK enum err batch_message(
        struct arena *scratch, const struct batch *in, Statgate__V1__Batch *out);

#endif
