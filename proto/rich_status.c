/* SPDX-License-Identifier: Apache-2.0 */
/* rich_status.c: google.rpc.Status with a BadRequest inside, for the trailer
 * `grpc-status-details-bin`.
 *
 * A trailer is metadata, and metadata has a limit (8 kB by default, after base64):
 * a status that is too rich is dropped whole by the other side, and the caller
 * hears nothing. So violations are added as long as they fit, and the rest are
 * counted. */
#include <stdio.h>
#include <string.h>

#include "proto/pack.h"
#include "proto/wire.h"
#include "statgate/v1/rich_status.pb-c.h"

enum {
        MESSAGE_MAX_LEN = 400,
        OVERHEAD = 160,          /* message tags, type url, the line that counts the rest */
        VIOLATION_OVERHEAD = 12, /* tags and lengths of one violation */
};

static const char bad_request_url[] = "type.googleapis.com/google.rpc.BadRequest";

typedef Statgate__Rpc__BadRequest__FieldViolation FieldViolation;

/* How many violations fit beside the message. */
static uint32_t violations_that_fit(const struct refusal *why, size_t message_len)
{
        size_t used = message_len + OVERHEAD;
        uint32_t n = 0;

        for (; n < why->len; n++) {
                used += strlen(why->violations[n].field) + strlen(why->violations[n].text) +
                        VIOLATION_OVERHEAD;
                if (used > RICH_STATUS_MAX)
                        break;
        }
        return n;
}

static enum err bad_request_encode(const struct refusal *why, uint32_t len, struct buf *out)
{
        Statgate__Rpc__BadRequest m = STATGATE__RPC__BAD_REQUEST__INIT;
        FieldViolation rooms[REFUSAL_VIOLATIONS_MAX + 1];
        FieldViolation *pointers[REFUSAL_VIOLATIONS_MAX + 1];
        uint32_t rest = why->len - len + why->dropped;
        char counted[40];

        for (uint32_t i = 0; i < len + (rest > 0); i++) {
                statgate__rpc__bad_request__field_violation__init(&rooms[i]);
                pointers[i] = &rooms[i];
        }
        for (uint32_t i = 0; i < len; i++) {
                rooms[i].field = binary(bytes_of_text(why->violations[i].field));
                rooms[i].description = binary(bytes_of_text(why->violations[i].text));
        }
        if (rest > 0) {
                (void)snprintf(counted, sizeof counted, "and %u more", rest);
                rooms[len].description = binary(bytes_of_text(counted));
        }
        m.n_field_violations = len + (rest > 0);
        m.field_violations = pointers;
        return pack(&m, out);
}

enum err rich_status_encode(
        enum status code, const char *message, const struct refusal *why, struct buf *out)
{
        Statgate__Rpc__Status m = STATGATE__RPC__STATUS__INIT;
        Statgate__Rpc__Any detail = STATGATE__RPC__ANY__INIT, *details = &detail;
        struct buf inner;
        struct bytes value;
        enum err rc = ERR_OK;

        m.code = (int32_t)code;
        m.message = binary(bytes_of(message, strnlen(message, MESSAGE_MAX_LEN)));
        if (why == NULL || why->len == 0)
                return pack(&m, out);
        buf_init(&inner, RICH_STATUS_MAX);
        rc = bad_request_encode(why, violations_that_fit(why, m.message.len), &inner);
        if (rc == ERR_OK)
                rc = buf_end(&inner, &value);
        if (rc == ERR_OK) {
                detail.type_url = binary(bytes_of_text(bad_request_url));
                detail.value = binary(value);
                m.n_details = 1;
                m.details = &details;
                rc = pack(&m, out);
        }
        buf_done(&inner);
        return rc;
}

/* Cut to what fits, and never inside a character. */
static enum err copy_text(ProtobufCBinaryData from, char *to, size_t size)
{
        size_t len = from.len < size ? from.len : size - 1;

        if (!bytes_is_printable(run_of(from)))
                return ERR_MALFORMED;
        while (len > 0 && len < from.len && (from.data[len] & 0xc0) == 0x80)
                len--;
        if (len > 0)
                memcpy(to, from.data, len);
        to[len] = '\0';
        return ERR_OK;
}

static enum err bad_request_decode(struct arena *a, struct bytes wire, struct refusal *out)
{
        enum err rc = ERR_OK;
        const Statgate__Rpc__BadRequest *m =
                unpack(a, &statgate__rpc__bad_request__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        for (size_t i = 0; i < m->n_field_violations; i++) {
                if (out->len == REFUSAL_VIOLATIONS_MAX) {
                        out->dropped++;
                        continue;
                }
                struct violation *v = &out->violations[out->len];

                TRY(copy_text(m->field_violations[i]->field, v->field, sizeof v->field));
                TRY(copy_text(m->field_violations[i]->description, v->text, sizeof v->text));
                out->len++;
        }
        return ERR_OK;
}

enum err rich_status_decode(struct arena *a, struct bytes wire, struct refusal *out)
{
        struct refusal read = {0};
        enum err rc = ERR_OK;
        const Statgate__Rpc__Status *m =
                unpack(a, &statgate__rpc__status__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        for (size_t i = 0; i < m->n_details; i++)
                if (bytes_is_text(run_of(m->details[i]->type_url), bad_request_url))
                        TRY(bad_request_decode(a, run_of(m->details[i]->value), &read));
        *out = read;
        return ERR_OK;
}
