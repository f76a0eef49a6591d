/* SPDX-License-Identifier: Apache-2.0 */
/* delivery_id.c: names deliveries.
 *
 * Everything that decides what the batches hold is in the name, the mapping
 * included: under the same name with other content the gateway would, rightly,
 * see a forgery. */
#include "tools/cli/delivery_id.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"

static const char label[] = "statgate/delivery/1";

enum err delivery_id(const struct delivery_name *name, struct submission_id *out)
{
        OWNED(digest_stream_free) struct digest_stream *s = NULL;
        uint8_t flags[3] = {name->replace, name->all_or_nothing, name->has_as_of};
        int32_t as_of = name->has_as_of ? name->as_of_days : 0;
        char municipality[5], date[11];
        struct digest digest;

        municipality_format(name->municipality, municipality);
        days_format(as_of, date);
        TRY(digest_start(&s));
        digest_more_framed(s, bytes_of_text(label));
        digest_more_framed(s, bytes_of(name->file.bytes, sizeof name->file.bytes));
        digest_more_framed(s, bytes_of(name->mapping.bytes, sizeof name->mapping.bytes));
        digest_more_framed(s, bytes_of_text(name->dataset));
        digest_more_framed(s, bytes_of_text(name->period));
        digest_more_framed(s, bytes_of_text(municipality));
        digest_more_framed(s, bytes_of(flags, sizeof flags));
        digest_more_framed(s, bytes_of_text(date));
        digest_finish(s, &digest);
        memcpy(out->bytes, digest.bytes, sizeof out->bytes);
        out->bytes[6] = (uint8_t)(0x80 | (out->bytes[6] & 0x0F)); /* version 8 */
        out->bytes[8] = (uint8_t)(0x80 | (out->bytes[8] & 0x3F)); /* variant */
        return ERR_OK;
}

void uuid_format(const struct submission_id *id, char out[UUID_TEXT])
{
        char hex[2 * sizeof id->bytes + 1];
        size_t to = 0;

        hex_encode(bytes_of(id->bytes, sizeof id->bytes), hex);
        for (size_t i = 0; i < sizeof hex - 1; i++) {
                if (i == 8 || i == 12 || i == 16 || i == 20)
                        out[to++] = '-';
                out[to++] = hex[i];
        }
        out[to] = '\0';
}

enum err uuid_parse(const char *text, struct submission_id *out)
{
        struct submission_id id;
        char hex[2 * sizeof id.bytes + 1];
        size_t len = 0;

        for (; *text != '\0'; text++) {
                if (*text == '-')
                        continue;
                if (len == sizeof hex - 1)
                        return ERR_MALFORMED;
                hex[len++] = *text;
        }
        hex[len] = '\0';
        if (len != sizeof hex - 1)
                return ERR_MALFORMED;
        TRY(hex_decode(hex, id.bytes, sizeof id.bytes));
        *out = id;
        return ERR_OK;
}
