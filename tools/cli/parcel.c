/* SPDX-License-Identifier: Apache-2.0 */
/* parcel.c: the memory behind a batch.
 *
 * Columns are written at their widest and made narrow at the end, when it is known
 * how many codes and how long a record key there are. All sizes are fixed when the
 * parcel is made, but for guardians, of which most rows have none or two. */
#include "tools/cli/parcel_inside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crypto/secret.h"

enum {
        MESSAGE_SLACK = 4096, /* of a message: names, framing, the batch's own fields */
        COLUMN_SLACK = 128
};

/* Pages of their own for personal numbers: in no core file and, where the limit allows, not in
 * swap. It is not insisted on: the file they were read from lies on the same machine. */
static uint8_t *private_new(size_t len)
{
        void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (at == MAP_FAILED)
                return NULL;
        (void)mlock(at, len);
        (void)madvise(at, len, MADV_DONTDUMP);
        return at;
}

static void private_free(uint8_t *at, size_t len)
{
        if (at == NULL)
                return;
        wipe(at, len);
        (void)munmap(at, len);
}

static enum err column_new(const struct plan_output *o, uint32_t rows, struct parcel_column *c)
{
        c->values = malloc((size_t)rows * o->width);
        c->missing = calloc((rows + 7) / 8, 1);
        if (c->values == NULL || c->missing == NULL)
                return ERR_NO_MEMORY;
        if (o->kind != COLUMN_CODES)
                return ERR_OK;
        c->codes_len = o->variable->codes->levels[0].len;
        c->places = malloc(c->codes_len * sizeof *c->places);
        c->dictionary = calloc(BATCH_DICTIONARY_MAX, sizeof *c->dictionary);
        return c->places != NULL && c->dictionary != NULL ? ERR_OK : ERR_NO_MEMORY;
}

/* What one row costs in the message at most, guardians aside. */
static uint32_t row_cost(const struct intake_plan *plan)
{
        uint32_t bytes = PERSON_ID_LEN + 1 + RECORD_KEY_MAX_LEN + 1;

        for (uint32_t i = 0; i < plan->outputs_len; i++)
                bytes += plan->outputs[i].width + 1;
        return bytes;
}

enum err parcel_new(
        const struct intake_plan *plan, uint32_t rows, uint32_t bytes, struct parcel **out)
{
        OWNED(parcel_free) struct parcel *p = calloc(1, sizeof *p);

        if (p == NULL)
                return ERR_NO_MEMORY;
        if (rows > PARCEL_ROWS_MAX)
                rows = PARCEL_ROWS_MAX;
        p->plan = plan;
        p->rows_max = rows;
        p->row_cost = row_cost(plan);
        p->bytes_fixed = MESSAGE_SLACK + plan->outputs_len * COLUMN_SLACK;
        p->bytes_max = bytes;
        if (rows == 0 || bytes < p->bytes_fixed + p->row_cost + GUARDIANS_MAX * (PERSON_ID_LEN + 1))
                return ERR_LIMIT;
        p->ids = private_new((size_t)rows * PERSON_ID_LEN);
        p->kinds = malloc(rows);
        p->keys = malloc((size_t)rows * RECORD_KEY_MAX_LEN);
        p->file_rows = malloc(rows * sizeof *p->file_rows);
        p->offsets = malloc((rows + (size_t)1) * sizeof *p->offsets);
        p->columns = calloc(plan->outputs_len + (size_t)1, sizeof *p->columns);
        p->batch_columns = calloc(plan->outputs_len + (size_t)1, sizeof *p->batch_columns);
        if (p->ids == NULL || p->kinds == NULL || p->keys == NULL || p->file_rows == NULL ||
                p->offsets == NULL || p->columns == NULL || p->batch_columns == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < plan->outputs_len; i++)
                TRY(column_new(&plan->outputs[i], rows, &p->columns[i]));
        parcel_reset(p);
        *out = p;
        p = NULL;
        return ERR_OK;
}

static void free_columns(struct parcel *p)
{
        for (uint32_t i = 0; p->columns != NULL && i < p->plan->outputs_len; i++) {
                free(p->columns[i].values);
                free(p->columns[i].missing);
                free(p->columns[i].places);
                free(p->columns[i].dictionary);
        }
}

void parcel_free(struct parcel **p)
{
        if (p == NULL || *p == NULL)
                return;

        struct parcel *q = *p;

        private_free(q->ids, (size_t)q->rows_max * PERSON_ID_LEN);
        private_free(q->guardian_ids, (size_t)q->guardians_cap * PERSON_ID_LEN);
        free_columns(q);
        free(q->columns);
        free(q->batch_columns);
        free(q->kinds);
        free(q->keys);
        free(q->file_rows);
        free(q->offsets);
        free(q->guardian_kinds);
        free(q);
        *p = NULL;
}

void parcel_reset(struct parcel *p)
{
        p->rows = 0;
        p->guardians = 0;
        p->key_width = 1;
        p->dictionary_bytes = 0;
        p->offsets[0] = 0;
        for (uint32_t i = 0; i < p->plan->outputs_len; i++) {
                struct parcel_column *c = &p->columns[i];

                memset(c->missing, 0, (p->rows_max + 7) / 8);
                c->any_missing = false;
                c->dictionary_len = 0;
                if (c->places != NULL)
                        memset(c->places, 0xFF, c->codes_len * sizeof *c->places);
        }
}

uint32_t parcel_rows(const struct parcel *p)
{
        return p->rows;
}

uint32_t parcel_file_row(const struct parcel *p, uint32_t row)
{
        return row < p->rows ? p->file_rows[row] : 0;
}

static bool dictionaries_are_full(const struct parcel *p)
{
        for (uint32_t i = 0; i < p->plan->outputs_len; i++)
                if (p->columns[i].dictionary_len == BATCH_DICTIONARY_MAX)
                        return true;
        return false;
}

bool parcel_is_full(const struct parcel *p)
{
        uint64_t bytes = p->bytes_fixed + (uint64_t)(p->rows + 1) * p->row_cost +
                         (uint64_t)(p->guardians + GUARDIANS_MAX) * (PERSON_ID_LEN + 1) +
                         p->dictionary_bytes;

        return p->rows == p->rows_max || bytes > p->bytes_max || dictionaries_are_full(p);
}

enum err parcel_guardian_room(struct parcel *p)
{
        if (p->guardians < p->guardians_cap)
                return ERR_OK;

        uint32_t cap = p->guardians_cap > 0 ? p->guardians_cap * 2 : p->rows_max;
        uint8_t *ids = private_new((size_t)cap * PERSON_ID_LEN);
        uint8_t *kinds = realloc(p->guardian_kinds, cap);

        if (kinds != NULL)
                p->guardian_kinds = kinds;
        if (ids == NULL || kinds == NULL) {
                private_free(ids, (size_t)cap * PERSON_ID_LEN);
                return ERR_NO_MEMORY;
        }
        if (p->guardian_ids != NULL) {
                memcpy(ids, p->guardian_ids, (size_t)p->guardians * PERSON_ID_LEN);
                private_free(p->guardian_ids, (size_t)p->guardians_cap * PERSON_ID_LEN);
        }
        p->guardian_ids = ids;
        p->guardians_cap = cap;
        return ERR_OK;
}

/* Codes of one byte when there are few enough of them. */
static uint32_t narrow_codes(struct parcel_column *c, uint32_t rows)
{
        if (c->dictionary_len > 256)
                return 2;
        for (uint32_t i = 0; i < rows; i++)
                c->values[i] = c->values[2 * (size_t)i];
        return 1;
}

static void narrow_keys(struct parcel *p)
{
        for (uint32_t i = 0; i < p->rows; i++)
                memmove(p->keys + (size_t)i * p->key_width,
                        p->keys + (size_t)i * RECORD_KEY_MAX_LEN, p->key_width);
}

static void finish_column(struct parcel *p, uint32_t i)
{
        const struct plan_output *o = &p->plan->outputs[i];
        struct parcel_column *c = &p->columns[i];

        p->batch_columns[i] = (struct column){
                .name = o->variable->id,
                .kind = o->kind,
                .dictionary = c->dictionary,
                .dictionary_len = c->dictionary_len,
                .width = o->kind == COLUMN_CODES ? narrow_codes(c, p->rows) : o->width,
                .values = c->values,
                .missing = c->any_missing ? c->missing : NULL,
        };
}

const struct batch *parcel_finish(struct parcel *p, uint32_t sequence)
{
        narrow_keys(p);
        for (uint32_t i = 0; i < p->plan->outputs_len; i++)
                finish_column(p, i);
        p->batch = (struct batch){
                .sequence = sequence,
                .rows = p->rows,
                .record_keys = p->keys,
                .record_key_width = p->key_width,
                .columns = p->batch_columns,
                .columns_len = p->plan->outputs_len,
        };
        if (p->plan->dataset->rules->person != PERSON_USE_NONE)
                p->batch.persons = (struct person_column){p->ids, p->kinds};
        if (p->guardians > 0)
                p->batch.guardians = (struct guardian_column){
                        p->guardians, p->offsets, {p->guardian_ids, p->guardian_kinds}};
        return &p->batch;
}
