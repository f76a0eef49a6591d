/* SPDX-License-Identifier: Apache-2.0 */
/* wire_parts.c: labels, dates and periods as they stand in several messages.
 *
 * A date has one spelling on the wire, YYYY-MM-DD: what reads two would let a client
 * believe in a third. */
#include "proto/wire_parts.h"

#include "base/clock.h"

enum err label_decode(const Statgate__V1__Label *from, struct wire_label *out)
{
        if (from == NULL)
                return ERR_OK;
        TRY(answer_text(from->sv, &out->sv));
        return answer_text(from->en, &out->en);
}

Statgate__V1__Label *label_message(struct arena *scratch, struct wire_label in)
{
        Statgate__V1__Label *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return NULL;
        statgate__v1__label__init(m);
        m->sv = binary(in.sv);
        m->en = binary(in.en);
        return m;
}

/* Dates -------------------------------------------------------------------- */

/* The year 0 is how days_format says that a day has no name. */
static bool has_name(int32_t day)
{
        return civil_exists(civil_from_days(day));
}

enum err day_text(struct arena *scratch, int32_t day, ProtobufCBinaryData *out)
{
        char *text = arena_alloc_raw(scratch, 11, 1);

        if (text == NULL)
                return ERR_NO_MEMORY;
        if (!has_name(day))
                return ERR_INVALID;
        days_format(day, text);
        *out = binary(bytes_of(text, 10));
        return ERR_OK;
}

enum err period_text(struct arena *scratch, struct period p, ProtobufCBinaryData *out)
{
        char *text = arena_alloc_raw(scratch, 24, 1);

        if (text == NULL)
                return ERR_NO_MEMORY;
        if (!has_name(p.first) || !has_name(p.last))
                return ERR_INVALID;
        period_format(p, text);
        *out = binary(bytes_of_text(text));
        return ERR_OK;
}

enum err gate_day(struct refusal *why, const char *field, ProtobufCBinaryData from, int32_t *out)
{
        if (from.len != 10 || days_parse((const char *)from.data, from.len, out) != ERR_OK)
                return refuse(why, ERR_INVALID, field, "is not a date, YYYY-MM-DD");
        return ERR_OK;
}

enum err gate_period(
        struct refusal *why, const char *field, ProtobufCBinaryData from, struct period *out)
{
        if (from.len > PERIOD_TEXT_MAX ||
                !period_parse((const char *)from.data, (uint32_t)from.len, out))
                return refuse(why, ERR_INVALID, field,
                        "is not a period as 2024, 2024-Q1, 2024-03, 2024-03-01, or two with .. "
                        "between");
        return ERR_OK;
}

enum err answer_day(ProtobufCBinaryData from, int32_t *out)
{
        return gate_day(NULL, "", from, out) == ERR_OK ? ERR_OK : ERR_MALFORMED;
}

enum err answer_period(ProtobufCBinaryData from, bool *out_has, struct period *out)
{
        *out_has = from.len > 0;
        if (from.len == 0)
                return ERR_OK;
        return gate_period(NULL, "", from, out) == ERR_OK ? ERR_OK : ERR_MALFORMED;
}
