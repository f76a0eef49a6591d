/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.c: the three formulas of leaf.h.
 *
 * Labels end in a NUL and everything before the content has a fixed length, so no two contents
 * are written alike. Vectors: tests/vectors/leaves.txt. */
#include "crypto/leaf.h"

#include <endian.h>
#include <string.h>

#include "crypto/merkle.h"
#include "crypto/midstate.h"

static const char part_label[] = "statgate/part/1", entry_label[] = "statgate/entry/1";

void leaf_part(const uint8_t salt[LEAF_SALT_LEN], struct bytes content, struct digest *out)
{
        const struct bytes parts[3] = {
                bytes_of(part_label, sizeof part_label), bytes_of(salt, LEAF_SALT_LEN), content};

        sha256_parts(parts, 3, out->bytes);
}

void leaf_commitment(const struct digest *open, const struct digest *closed, struct digest *out)
{
        const struct bytes parts[3] = {bytes_of(entry_label, sizeof entry_label),
                bytes_of(open->bytes, sizeof open->bytes),
                bytes_of(closed->bytes, sizeof closed->bytes)};

        sha256_parts(parts, 3, out->bytes);
}

void leaf_hash(uint64_t number, int64_t at_ms, uint16_t kind, const struct digest *commitment,
        struct digest *out)
{
        uint64_t number_le = htole64(number), at_le = htole64((uint64_t)at_ms);
        uint16_t kind_le = htole16(kind);
        uint8_t data[8 + 8 + 2 + sizeof commitment->bytes];

        memcpy(data, &number_le, 8);
        memcpy(data + 8, &at_le, 8);
        memcpy(data + 16, &kind_le, 2);
        memcpy(data + 18, commitment->bytes, sizeof commitment->bytes);
        merkle_leaf(bytes_of(data, sizeof data), out);
}
