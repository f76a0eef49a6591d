/* SPDX-License-Identifier: Apache-2.0 */
/* assemble.c: the last step of a build: partition after partition becomes
 * columns. The first row of each partition is known from counts, so threads
 * write side by side; tokens are compared once more to mark where a person begins,
 * and then they are gone. */
#include "gateway/linkage/assemble.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/parallel.h"
#include "gateway/linkage/sort.h"

enum { PLACES_MAX = UINT16_MAX + 1 };

struct person_marks {
        uint32_t *starts;     /* absolute row numbers, in order */
        struct token *tokens; /* where they are asked for */
        uint64_t *keys;       /* record keys, where rows carry them */
        uint32_t len;
};

struct scratch {
        struct sorter sorter;
        uint8_t *rows;
        size_t cap;
        uint32_t *marks; /* room for one mark per row of the partition */
        uint32_t *seen;  /* by municipality: the person last seen there, + 1 */
};

struct assembly {
        const struct work *work;
        struct view *view;
        struct token_list *out_tokens; /* or NULL */
        struct partitions *partitions;
        const struct layout *layout;
        uint32_t *base;             /* first row of each partition; len + 2 */
        struct person_marks *marks; /* by partition */
        uint32_t *person_base;      /* first person of each partition */
        struct scratch *scratch;    /* by worker */
        struct months *months;
};

size_t assemble_bytes(const struct policy_dataset *d, uint64_t rows)
{
        size_t width = sizeof(uint32_t);

        for (uint32_t i = 0; i < d->variables_len; i++)
                width += physical_width(d->variables[i].physical);
        return width * (size_t)rows;
}

enum err view_new(const struct policy_dataset *d, struct view **out)
{
        struct view *v = fault_hit("alloc") ? NULL : calloc(1, sizeof(*v));

        if (v == NULL)
                return ERR_NO_MEMORY;
        atomic_init(&v->refs, 1);
        v->dataset = d;
        *out = v;
        return ERR_OK;
}

/* Columns ------------------------------------------------------------------- */

static void gather(const uint8_t *rows, uint32_t size, uint32_t offset, size_t width,
        const struct sort_key *order, uint32_t len, uint8_t *to)
{
        const uint8_t *at = rows + offset;

        switch (width) {
        case 1:
                for (uint32_t i = 0; i < len; i++)
                        to[i] = at[(size_t)order[i].row * size];
                return;
        case 2:
                for (uint32_t i = 0; i < len; i++)
                        memcpy(to + (size_t)i * 2, at + (size_t)order[i].row * size, 2);
                return;
        case 4:
                for (uint32_t i = 0; i < len; i++)
                        memcpy(to + (size_t)i * 4, at + (size_t)order[i].row * size, 4);
                return;
        default:
                for (uint32_t i = 0; i < len; i++)
                        memcpy(to + (size_t)i * 8, at + (size_t)order[i].row * size, 8);
        }
}

/* Months since year 0 of the days 1900-01-01 to 2099-12-31, where nearly all dates
 * are: a calendar costs more than everything else that is done for a row. */
enum { MONTHS_FIRST = -25567, MONTHS_LEN = 73049 };
struct months {
        uint16_t of[MONTHS_LEN];
};

static int32_t month_by_calendar(int32_t days)
{
        struct civil c = civil_from_days(days);

        return c.year * 12 + c.month - 1;
}

static enum err months_new(struct months **out)
{
        struct months *m = fault_hit("alloc") ? NULL : malloc(sizeof(*m));
        struct civil at = {1900, 1, 1};

        if (m == NULL)
                return ERR_NO_MEMORY;
        for (int32_t i = 0; i < MONTHS_LEN; i++) {
                m->of[i] = (uint16_t)(at.year * 12 + at.month - 1);
                at.day++;
                if (civil_exists(at))
                        continue;
                at = (struct civil){at.month == 12 ? at.year + 1 : at.year, at.month % 12 + 1, 1};
        }
        *out = m;
        return ERR_OK;
}

static int32_t month_number(const struct months *m, int32_t days)
{
        int64_t i = (int64_t)days - MONTHS_FIRST;

        return i >= 0 && i < MONTHS_LEN ? m->of[i] : month_by_calendar(days);
}

/* Years between two dates by whole months; birth dates are firsts of a month, so
 * this is the exact age. */

static void compute_ages(struct view *v, const struct months *m, const struct variable *age,
        uint32_t index, uint32_t begin, uint32_t end)
{
        const int32_t *birth = v->columns[age->age_birth];
        const int32_t *at = v->columns[age->age_at];
        uint8_t *out = v->columns[index];

        for (uint32_t i = begin; i < end; i++) {
                out[i] = MISSING_U8;
                if (birth[i] == MISSING_I32 || at[i] == MISSING_I32 || at[i] < birth[i])
                        continue;
                int32_t years = (month_number(m, at[i]) - month_number(m, birth[i])) / 12;
                if (years < MISSING_U8)
                        out[i] = (uint8_t)years;
        }
}

static void write_columns(struct assembly *a, const uint8_t *rows, const struct sort_key *order,
        uint32_t begin, uint32_t len)
{
        const struct policy_dataset *d = a->view->dataset;

        gather(rows, a->layout->size, LAYOUT_ORDINAL, sizeof(uint32_t), order, len,
                (uint8_t *)(a->view->ordinals + begin));
        for (uint32_t i = 0; i < d->variables_len; i++) {
                const struct variable *v = &d->variables[i];
                size_t width = physical_width(v->physical);

                if (layout_has(v))
                        gather(rows, a->layout->size, a->layout->offsets[i], width, order, len,
                                (uint8_t *)a->view->columns[i] + width * begin);
        }
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (d->variables[i].source == SOURCE_MUNICIPALITIES)
                        memset((uint8_t *)a->view->columns[i] + begin, MISSING_U8, len);
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (d->variables[i].source == SOURCE_AGE)
                        compute_ages(a->view, a->months, &d->variables[i], i, begin, begin + len);
}

static uint32_t place_of(const void *places, bool narrow, uint32_t row)
{
        return narrow ? ((const uint8_t *)places)[row] : ((const uint16_t *)places)[row];
}

/* How many municipalities each person has records in: linked knowledge, so it is
 * made here and stands in no stored byte. Where the municipality is outside the
 * linkage nobody can know it, and it stays missing. */
static void count_municipalities(struct view *v, struct scratch *s, uint32_t index,
        const uint32_t *starts, uint32_t persons, uint32_t end)
{
        const void *places = v->columns[v->dataset->municipality_variable];
        bool narrow =
                v->dataset->variables[v->dataset->municipality_variable].physical == PHYSICAL_U8;
        uint8_t *out = v->columns[index];

        memset(s->seen, 0, sizeof(*s->seen) * PLACES_MAX);
        for (uint32_t p = 0; p < persons; p++) {
                uint32_t last = p + 1 < persons ? starts[p + 1] : end;
                uint32_t n = 0;

                if (v->alone != NULL && v->alone[place_of(places, narrow, starts[p])] != 0)
                        continue;
                for (uint32_t r = starts[p]; r < last; r++) {
                        uint32_t place = place_of(places, narrow, r);

                        n += s->seen[place] != p + 1;
                        s->seen[place] = p + 1;
                }
                memset(out + starts[p],
                        (int)(n < MUNICIPALITIES_SHOWN_MAX ? n : MUNICIPALITIES_SHOWN_MAX),
                        last - starts[p]);
        }
}

static enum err compute_linked(
        struct view *v, struct scratch *s, const uint32_t *starts, uint32_t persons, uint32_t end)
{
        for (uint32_t i = 0; i < v->dataset->variables_len; i++) {
                if (v->dataset->variables[i].source != SOURCE_MUNICIPALITIES ||
                        v->dataset->municipality_variable == UINT32_MAX)
                        continue;
                if (s->seen == NULL)
                        s->seen = malloc(sizeof(*s->seen) * PLACES_MAX);
                if (s->seen == NULL)
                        return ERR_NO_MEMORY;
                count_municipalities(v, s, i, starts, persons, end);
        }
        return ERR_OK;
}

/* Partitions ------------------------------------------------------------------ */

static enum err scratch_reserve(struct scratch *s, const struct layout *l, uint32_t rows)
{
        size_t need = (size_t)rows * l->size;

        if (need <= s->cap)
                return ERR_OK;
        free(s->rows);
        free(s->marks);
        s->cap = 0;
        s->rows = fault_hit("alloc") ? NULL : malloc(need);
        s->marks = malloc(sizeof(*s->marks) * rows);
        if (s->rows == NULL || s->marks == NULL)
                return ERR_NO_MEMORY;
        s->cap = need;
        return ERR_OK;
}

static enum err note_tokens(
        struct assembly *a, const struct scratch *s, struct person_marks *m, uint32_t begin)
{
        void *tokens = NULL;

        TRY(work_alloc(a->work, m->len, sizeof(*m->tokens), &tokens));
        m->tokens = tokens;
        for (uint32_t i = 0; i < m->len; i++) {
                uint32_t row = s->sorter.keys[m->starts[i] - begin].row;

                m->tokens[i] = token_read(s->rows + (size_t)row * a->layout->size + LAYOUT_TOKEN);
        }
        return ERR_OK;
}

/* All rows of a person carry the same. */
static enum err note_keys(
        struct assembly *a, const struct scratch *s, struct person_marks *m, uint32_t begin)
{
        void *keys = NULL;

        TRY(work_alloc(a->work, m->len, sizeof(*m->keys), &keys));
        m->keys = keys;
        for (uint32_t i = 0; i < m->len; i++) {
                uint32_t row = s->sorter.keys[m->starts[i] - begin].row;
                uint64_t key;

                memcpy(&key, s->rows + (size_t)row * a->layout->size + LAYOUT_PERSON_KEY,
                        sizeof(key));
                m->keys[i] = le64toh(key);
        }
        return ERR_OK;
}

static enum err mark_persons(
        struct assembly *a, struct scratch *s, uint32_t partition, uint32_t begin, uint32_t len)
{
        const uint8_t *before = NULL;
        uint32_t n = 0;

        for (uint32_t i = 0; i < len; i++) {
                const uint8_t *token = s->rows + (size_t)s->sorter.keys[i].row * a->layout->size;

                if (before == NULL || memcmp(before, token, LAYOUT_TOKEN_LEN) != 0)
                        s->marks[n++] = begin + i;
                before = token;
        }
        uint32_t *starts = malloc(sizeof(*starts) * n);
        if (starts == NULL)
                return ERR_NO_MEMORY;
        memcpy(starts, s->marks, sizeof(*starts) * n);
        a->marks[partition] = (struct person_marks){.starts = starts, .len = n};
        if (a->out_tokens != NULL)
                TRY(note_tokens(a, s, &a->marks[partition], begin));
        if (a->view->keyed)
                TRY(note_keys(a, s, &a->marks[partition], begin));
        return compute_linked(a->view, s, starts, n, begin + len);
}

static enum err assemble_partition(void *ctx, unsigned worker, size_t partition)
{
        struct assembly *a = ctx;
        struct scratch *s = &a->scratch[worker];
        uint32_t p = (uint32_t)partition;
        uint32_t len = partitions_rows(a->partitions, p);
        bool personless = p == partitions_len(a->partitions);

        TRY(work_goes_on(a->work));
        if (len == 0)
                return ERR_OK;
        TRY(scratch_reserve(s, a->layout, len));
        partitions_take(a->partitions, p, s->rows);
        /* Personless rows all have the token zero and sort by date and delivery. */
        const struct sort_order order =
                sort_order_of(a->layout, personless ? 0 : partitions_bits(a->partitions));
        TRY(sorter_run(&s->sorter, &order, s->rows, len));
        write_columns(a, s->rows, s->sorter.keys, a->base[p], len);
        if (!personless)
                TRY(mark_persons(a, s, p, a->base[p], len));
        explicit_bzero(s->rows, (size_t)len * a->layout->size);
        return ERR_OK;
}

static void marks_wipe(const struct work *w, struct person_marks *m)
{
        work_wipe(w, m->tokens, sizeof(*m->tokens) * m->len);
        work_wipe(w, m->keys, sizeof(*m->keys) * m->len);
        m->tokens = NULL;
        m->keys = NULL;
}

static enum err copy_marks(void *ctx, unsigned worker, size_t partition)
{
        struct assembly *a = ctx;
        struct person_marks *m = &a->marks[partition];
        uint32_t first = a->person_base[partition];

        (void)worker;
        if (m->len == 0)
                return ERR_OK;
        memcpy(a->view->starts + first, m->starts, sizeof(*m->starts) * m->len);
        if (m->tokens != NULL)
                memcpy(a->out_tokens->tokens + first, m->tokens, sizeof(*m->tokens) * m->len);
        if (m->keys != NULL)
                memcpy(a->view->record_keys + first, m->keys, sizeof(*m->keys) * m->len);
        marks_wipe(a->work, m);
        return ERR_OK;
}

static enum err allocate_columns(struct view *v)
{
        size_t ordinals = sizeof(*v->ordinals) * (size_t)v->rows;

        v->ordinals = fault_hit("alloc") ? NULL : malloc(ordinals + 1);
        if (v->ordinals == NULL)
                return ERR_NO_MEMORY;
        v->bytes += ordinals;
        for (uint32_t i = 0; i < v->dataset->variables_len; i++) {
                size_t bytes = (size_t)physical_width(v->dataset->variables[i].physical) * v->rows;

                v->columns[i] = fault_hit("alloc") ? NULL : malloc(bytes + 1);
                if (v->columns[i] == NULL)
                        return ERR_NO_MEMORY;
                v->bytes += bytes;
        }
        return ERR_OK;
}

static enum err count_rows(struct assembly *a)
{
        uint64_t sum = 0;
        uint32_t len = partitions_len(a->partitions);

        for (uint32_t p = 0; p <= len; p++) {
                a->base[p] = (uint32_t)sum;
                sum += partitions_rows(a->partitions, p);
                if (sum >= UINT32_MAX)
                        return ERR_LIMIT;
        }
        a->view->rows = (uint32_t)sum;
        a->view->personless = a->base[len];
        return ERR_OK;
}

/* What goes wrong from here on leaves the tokens to whoever asked for them. */
static enum err reserve_tokens(struct assembly *a, uint32_t persons)
{
        void *tokens = NULL;

        TRY(work_alloc(a->work, persons, sizeof(struct token), &tokens));
        *a->out_tokens = (struct token_list){tokens, persons};
        return ERR_OK;
}

static enum err reserve_keys(struct assembly *a, uint32_t persons)
{
        void *keys = NULL;

        TRY(work_alloc(a->work, persons, sizeof(uint64_t), &keys));
        a->view->record_keys = keys;
        a->view->bytes += record_keys_bytes(persons);
        return ERR_OK;
}

static enum err collect_persons(struct assembly *a)
{
        struct view *v = a->view;
        uint32_t len = partitions_len(a->partitions);
        uint32_t persons = 0;

        for (uint32_t p = 0; p < len; p++) {
                a->person_base[p] = persons;
                persons += a->marks[p].len;
        }
        v->persons = persons;
        void *starts = NULL;

        TRY(work_alloc(a->work, (size_t)persons + 1, sizeof(*v->starts), &starts));
        v->starts = starts;
        v->bytes += sizeof(*v->starts) * ((size_t)persons + 1);
        v->starts[persons] = v->personless;
        if (a->out_tokens != NULL)
                TRY(reserve_tokens(a, persons));
        if (v->keyed)
                TRY(reserve_keys(a, persons));
        return parallel_for(a->work->threads, len, copy_marks, a);
}

static enum err assemble_all(struct assembly *a)
{
        TRY(count_rows(a));
        TRY(allocate_columns(a->view));
        TRY(parallel_for(a->work->threads, (size_t)partitions_len(a->partitions) + 1,
                assemble_partition, a));
        return collect_persons(a);
}

enum err assemble(struct view *v, struct partitions *p, const struct layout *l,
        const struct work *w, struct token_list *out_tokens)
{
        uint32_t len = partitions_len(p) + 1;
        struct assembly a = {
                .work = w,
                .view = v,
                .out_tokens = out_tokens,
                .partitions = p,
                .layout = l,
                .base = calloc(len, sizeof(*a.base)),
                .marks = calloc(len, sizeof(*a.marks)),
                .person_base = calloc(len, sizeof(*a.person_base)),
                .scratch = calloc(w->threads, sizeof(*a.scratch)),
        };
        enum err e = ERR_NO_MEMORY;

        if (a.base != NULL && a.marks != NULL && a.person_base != NULL && a.scratch != NULL)
                e = months_new(&a.months);
        if (e == ERR_OK)
                e = assemble_all(&a);
        for (unsigned i = 0; a.scratch != NULL && i < w->threads; i++) {
                sorter_done(&a.scratch[i].sorter);
                if (a.scratch[i].rows != NULL)
                        explicit_bzero(a.scratch[i].rows, a.scratch[i].cap);
                free(a.scratch[i].rows);
                free(a.scratch[i].marks);
                free(a.scratch[i].seen);
        }
        for (uint32_t i = 0; a.marks != NULL && i < len; i++) {
                free(a.marks[i].starts);
                marks_wipe(w, &a.marks[i]);
        }
        free(a.base);
        free(a.marks);
        free(a.person_base);
        free(a.scratch);
        free(a.months);
        return e;
}
