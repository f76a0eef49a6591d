/* SPDX-License-Identifier: Apache-2.0 */
/* partition.h: rows, spread by the first bits of their token.
 *
 * Tokens are uniformly random, so 2^bits partitions come out even. Each worker
 * appends to chains of its own; nothing is locked. Chunks are counted against the
 * room of the build. Rows without a person go to one more partition, last. */
#ifndef STATGATE_GATEWAY_LINKAGE_PARTITION_H
#define STATGATE_GATEWAY_LINKAGE_PARTITION_H

#include "base/bytes.h"
#include "gateway/linkage/layout.h"
#include "gateway/linkage/work.h"

enum { PARTITION_ROWS = 8192, PARTITION_BITS_MAX = 14, CHUNK_ROWS = 64 };

struct partitions;

/* For about `rows` rows of `size` bytes, each beginning with its token, from `workers`
 * threads; chunks take of `room`. */
MUST_CHECK enum err partitions_new(
        uint32_t size, uint64_t rows, unsigned workers, struct room *room, struct partitions **out);
void partitions_free(struct partitions **p);

MUST_CHECK enum err partitions_add(struct partitions *p, unsigned worker, const uint8_t *row);

/* Partitions with persons are 0..len-1; len itself holds the personless. */
uint32_t partitions_len(const struct partitions *p);
unsigned partitions_bits(const struct partitions *p);
uint32_t partitions_rows(const struct partitions *p, uint32_t partition);
/* Copies the rows of a partition to `to` and gives its chunks back. */
void partitions_take(struct partitions *p, uint32_t partition, uint8_t *to);

#endif
