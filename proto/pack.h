/* SPDX-License-Identifier: Apache-2.0 */
/* pack.h: the seam to protobuf-c, for the files of this folder only.
 *
 * Every string of our .proto files is generated as bytes (see CMakeLists.txt), so
 * text arrives with its length, and leaves without a copy or a NUL. */
#ifndef STATGATE_PROTO_PACK_H
#define STATGATE_PROTO_PACK_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/terms.h"

struct refusal;

/* Text that has no limit of its own: notes, units, legal references. */
enum { TEXT_MAX_LEN = 4096 };

/* A message in the arena, or NULL and *rc: ERR_MALFORMED, or ERR_TOO_LARGE when
 * the arena's ceiling was met. Unknown fields are read over. */
const void *unpack(struct arena *a, const ProtobufCMessageDescriptor *as, struct bytes wire,
        struct refusal *why, enum err *rc);

/* Appends the message. */
MUST_CHECK enum err pack(const void *message, struct buf *out);

/* Memory of one encoding. */
struct arena *scratch_new(void);

/* An array of pointers to `len` initialised messages, as protobuf-c wants its
 * repeated fields; NULL when memory is short. */
void *messages(struct arena *scratch, size_t len, const ProtobufCMessageDescriptor *as);

/* Both borrow. */
ProtobufCBinaryData binary(struct bytes from);
struct bytes run_of(ProtobufCBinaryData from);

/* The gate for one field. `field` is its path in the request. A refusal is
 * ERR_INVALID; `out` changes only on success. */
MUST_CHECK enum err gate_text(struct refusal *why, const char *field, ProtobufCBinaryData from,
        size_t min, size_t max, struct bytes *out);
MUST_CHECK enum err gate_fixed(
        struct refusal *why, const char *field, ProtobufCBinaryData from, size_t len, void *out);

/* Answers come from a gateway that our own code wrote, but over a network. */
MUST_CHECK enum err answer_text(ProtobufCBinaryData from, struct bytes *out);
MUST_CHECK enum err answer_digest(ProtobufCBinaryData from, struct digest *out);
/* Repeated text; `max` entries at most. */
MUST_CHECK enum err answer_texts(struct arena *a, const ProtobufCBinaryData *from, size_t len,
        const struct bytes **out, uint32_t *out_len);

ProtobufCBinaryData digest_binary(const struct digest *d);
/* NULL for none. */
ProtobufCBinaryData *text_array(struct arena *scratch, const struct bytes *from, size_t len);

#endif
