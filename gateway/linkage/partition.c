/* SPDX-License-Identifier: Apache-2.0 */
/* partition.c: chains of small chunks, one chain per worker and partition. */
#include "gateway/linkage/partition.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

struct chunk {
        struct chunk *next;
        uint32_t rows;
        uint8_t data[]; /* CHUNK_ROWS rows */
};

struct chain {
        struct chunk *head; /* the newest; only it may have room */
        uint32_t rows;
};

struct partitions {
        uint32_t size; /* bytes of a row */
        unsigned bits, workers;
        uint32_t len; /* 1 << bits */
        struct room *room;
        struct chain *chains; /* workers × (len + 1) */
};

static size_t chunk_bytes(const struct partitions *p)
{
        return sizeof(struct chunk) + (size_t)CHUNK_ROWS * p->size;
}

enum err partitions_new(
        uint32_t size, uint64_t rows, unsigned workers, struct room *room, struct partitions **out)
{
        struct partitions *p = fault_hit("alloc") ? NULL : calloc(1, sizeof(*p));

        if (p == NULL)
                return ERR_NO_MEMORY;
        p->size = size;
        p->workers = workers;
        p->room = room;
        while (p->bits < PARTITION_BITS_MAX && rows >> p->bits > PARTITION_ROWS)
                p->bits++;
        p->len = 1u << p->bits;
        p->chains = calloc((size_t)workers * (p->len + 1), sizeof(*p->chains));
        if (p->chains == NULL) {
                free(p);
                return ERR_NO_MEMORY;
        }
        *out = p;
        return ERR_OK;
}

static void chain_free(struct partitions *p, struct chain *c)
{
        while (c->head != NULL) {
                struct chunk *next = c->head->next;

                explicit_bzero(c->head->data, (size_t)c->head->rows * p->size);
                free(c->head);
                room_give(p->room, chunk_bytes(p));
                c->head = next;
        }
        c->rows = 0;
}

void partitions_free(struct partitions **p)
{
        if (p == NULL || *p == NULL)
                return;
        for (size_t i = 0; i < (size_t)(*p)->workers * ((*p)->len + 1); i++)
                chain_free(*p, &(*p)->chains[i]);
        free((*p)->chains);
        free(*p);
        *p = NULL;
}

static enum err grow(struct partitions *p, struct chain *c)
{
        size_t bytes = chunk_bytes(p);

        TRY(room_take(p->room, bytes));
        struct chunk *chunk = fault_hit("alloc") ? NULL : malloc(bytes);
        if (chunk == NULL) {
                room_give(p->room, bytes);
                return ERR_NO_MEMORY;
        }
        chunk->next = c->head;
        chunk->rows = 0;
        c->head = chunk;
        return ERR_OK;
}

static uint32_t partition_of(const struct partitions *p, const uint8_t *row)
{
        uint64_t token[LAYOUT_TOKEN_LEN / 8];

        memcpy(token, row + LAYOUT_TOKEN, sizeof(token));
        if ((token[0] | token[1]) == 0)
                return p->len;
        uint32_t top = (uint32_t)row[0] << 8 | row[1];
        return top >> (16 - p->bits);
}

enum err partitions_add(struct partitions *p, unsigned worker, const uint8_t *row)
{
        struct chain *c = &p->chains[(size_t)worker * (p->len + 1) + partition_of(p, row)];

        if (c->head == NULL || c->head->rows == CHUNK_ROWS)
                TRY(grow(p, c));
        memcpy(c->head->data + (size_t)c->head->rows * p->size, row, p->size);
        c->head->rows++;
        c->rows++;
        return ERR_OK;
}

uint32_t partitions_len(const struct partitions *p)
{
        return p->len;
}

unsigned partitions_bits(const struct partitions *p)
{
        return p->bits;
}

uint32_t partitions_rows(const struct partitions *p, uint32_t partition)
{
        uint32_t rows = 0;

        for (unsigned w = 0; w < p->workers; w++)
                rows += p->chains[(size_t)w * (p->len + 1) + partition].rows;
        return rows;
}

void partitions_take(struct partitions *p, uint32_t partition, uint8_t *to)
{
        for (unsigned w = 0; w < p->workers; w++) {
                struct chain *c = &p->chains[(size_t)w * (p->len + 1) + partition];

                for (const struct chunk *k = c->head; k != NULL; k = k->next) {
                        memcpy(to, k->data, (size_t)k->rows * p->size);
                        to += (size_t)k->rows * p->size;
                }
                chain_free(p, c);
        }
}
