/* SPDX-License-Identifier: Apache-2.0 */
/* wire_parts.h: messages that appear inside several others. */
#ifndef STATGATE_PROTO_WIRE_PARTS_H
#define STATGATE_PROTO_WIRE_PARTS_H

#include "proto/pack.h"
#include "proto/wire.h"
#include "statgate/v1/common.pb-c.h"
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

/* wire_batch.c */
MUST_CHECK enum err batch_decode(
        struct arena *a, const Statgate__V1__Batch *from, struct batch *out, struct refusal *why);
/* Builds the message in `scratch`; it borrows from `in`. */
MUST_CHECK enum err batch_message(
        struct arena *scratch, const struct batch *in, Statgate__V1__Batch *out);

#endif
