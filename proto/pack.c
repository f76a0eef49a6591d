/* SPDX-License-Identifier: Apache-2.0 */
/* pack.c: protobuf-c with an arena under it.
 *
 * What protobuf-c asks for comes from the request's arena and is never given back
 * singly, so a message costs one copy of its bytes and no walk to free it. The
 * arena's ceiling is the defence against messages that are small on the wire and
 * large in memory: two bytes can ask for an entry of forty, and repeating a field
 * that may not repeat makes protobuf-c merge its copies, quadratically. None of
 * our messages contains itself, so the depth of its recursion is that of the
 * .proto files. */
#include "proto/pack.h"

#include <string.h>

/* A table of CELLS_MAX cells with all its measures fits. */
enum { SCRATCH_MAX = 512 << 20 };

struct supply {
        struct arena *arena;
        bool denied;
};

static void *supply_alloc(void *data, size_t size)
{
        struct supply *s = data;
        void *p = arena_alloc_raw(s->arena, 1, size);

        s->denied = s->denied || p == NULL;
        return p;
}

static void supply_free(void *data, void *p)
{
        (void)data;
        (void)p;
}

const void *unpack(struct arena *a, const ProtobufCMessageDescriptor *as, struct bytes wire,
        struct refusal *why, enum err *rc)
{
        struct supply supply = {.arena = a};
        ProtobufCAllocator allocator = {
                .alloc = supply_alloc, .free = supply_free, .allocator_data = &supply};
        const void *m = protobuf_c_message_unpack(as, &allocator, wire.len, wire.data);

        if (m == NULL && supply.denied)
                *rc = refuse(why, ERR_TOO_LARGE, "request", "takes more memory than one may");
        else if (m == NULL)
                *rc = refuse(why, ERR_MALFORMED, "request", "is not a %s", as->short_name);
        return m;
}

enum err pack(const void *message, struct buf *out)
{
        size_t len = protobuf_c_message_get_packed_size(message);
        uint8_t *room = buf_room(out, len);
        struct bytes whole;

        if (room != NULL)
                (void)protobuf_c_message_pack(message, room);
        return buf_end(out, &whole);
}

struct arena *scratch_new(void)
{
        return arena_new(SCRATCH_MAX);
}

void *messages(struct arena *scratch, size_t len, const ProtobufCMessageDescriptor *as)
{
        uint8_t *pointers = arena_alloc_raw(scratch, len, sizeof(void *));
        uint8_t *bodies = arena_alloc_raw(scratch, len, as->sizeof_message);

        if (pointers == NULL || bodies == NULL)
                return NULL;
        for (size_t i = 0; i < len; i++) {
                void *body = bodies + i * as->sizeof_message;

                protobuf_c_message_init(as, body);
                memcpy(pointers + i * sizeof body, &body, sizeof body);
        }
        return pointers;
}

ProtobufCBinaryData binary(struct bytes from)
{
        /* protobuf-c has no const, but packing does not write. */
        return (ProtobufCBinaryData){.len = from.len, .data = (uint8_t *)(uintptr_t)from.data};
}

struct bytes run_of(ProtobufCBinaryData from)
{
        return bytes_of(from.data, from.len);
}

enum err gate_text(struct refusal *why, const char *field, ProtobufCBinaryData from, size_t min,
        size_t max, struct bytes *out)
{
        if (from.len < min)
                return refuse(why, ERR_INVALID, field, "is missing");
        if (from.len > max)
                return refuse(why, ERR_INVALID, field, "is longer than %zu bytes", max);
        if (!bytes_is_printable(run_of(from)))
                return refuse(why, ERR_INVALID, field, "is not printable UTF-8");
        *out = run_of(from);
        return ERR_OK;
}

enum err gate_fixed(
        struct refusal *why, const char *field, ProtobufCBinaryData from, size_t len, void *out)
{
        if (from.len != len)
                return refuse(why, ERR_INVALID, field, "is not %zu bytes", len);
        memcpy(out, from.data, len);
        return ERR_OK;
}

enum err answer_text(ProtobufCBinaryData from, struct bytes *out)
{
        return gate_text(NULL, "", from, 0, TEXT_MAX_LEN, out) == ERR_OK ? ERR_OK : ERR_MALFORMED;
}

enum err answer_digest(ProtobufCBinaryData from, struct digest *out)
{
        return gate_fixed(NULL, "", from, sizeof out->bytes, out->bytes) == ERR_OK ? ERR_OK
                                                                                   : ERR_MALFORMED;
}

enum err answer_texts(struct arena *a, const ProtobufCBinaryData *from, size_t len,
        const struct bytes **out, uint32_t *out_len)
{
        struct bytes *texts = arena_alloc(a, len, sizeof *texts);

        if (texts == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < len; i++)
                TRY(answer_text(from[i], &texts[i]));
        *out = texts;
        *out_len = (uint32_t)len;
        return ERR_OK;
}

ProtobufCBinaryData digest_binary(const struct digest *d)
{
        return binary(bytes_of(d->bytes, sizeof d->bytes));
}

ProtobufCBinaryData *text_array(struct arena *scratch, const struct bytes *from, size_t len)
{
        ProtobufCBinaryData *texts = arena_alloc_raw(scratch, len, sizeof *texts);

        for (size_t i = 0; texts != NULL && i < len; i++)
                texts[i] = binary(from[i]);
        return texts;
}
