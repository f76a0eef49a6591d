/* SPDX-License-Identifier: Apache-2.0 */
/* read.c: a data set out of the store.
 *
 * One task per domain (one municipality's data set): its batches are read in the
 * order of commits, opened by the keeper, turned into rows, and corrections are
 * resolved by record tag: a later row with the same tag kills the earlier one,
 * whoever the person is. What lives goes to the partitions by token, so that the
 * rows of one person meet although they came from 290 places.
 *
 * A municipality outside the linkage is read like any other. That its persons meet
 * nobody is the keeper's doing, who gives them tokens of their own; here it is only
 * noted, so that answers can say how much of the country stands unlinked in them. */
#include "gateway/linkage/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/parallel.h"
#include "crypto/pseudonym.h"
#include "gateway/store/body.h"

enum { BATCH_ARENA_MAX = 128 << 20 };

struct span { /* the submissions of one domain, by commit number */
        const struct stored_submission *first;
        uint32_t len, ordinal; /* ordinal of the domain's first row */
        uint32_t rows;
        uint16_t municipality; /* index in the code list */
};

/* The rows of one domain and who of them still counts; one per worker. */
struct domain_rows {
        uint8_t *rows;   /* cap × layout size */
        uint8_t *tags;   /* cap × RECORD_TAG_LEN */
        uint8_t *dead;   /* cap */
        uint32_t *slots; /* open addressing: row + 1, or 0 */
        uint32_t len, cap, slots_cap, slots_mask;
        size_t bytes;        /* of rows: they are wiped before they go */
        struct arena *arena; /* of one batch */
        /* Where guardians are followed: how many each row names, and who they are. */
        uint8_t *named;     /* cap */
        uint8_t *guardians; /* guardians_cap × LAYOUT_TOKEN_LEN */
        uint32_t guardians_len, guardians_cap;
        /* Of the domain being read: whether its batches were joined, once one is known. */
        bool known, joined;
};

static size_t guardian_bytes(const struct domain_rows *d)
{
        return (size_t)d->guardians_cap * LAYOUT_TOKEN_LEN;
}

static void domain_rows_done(struct domain_rows *d, const struct work *w)
{
        if (d->rows != NULL)
                explicit_bzero(d->rows, d->bytes);
        work_wipe(w, d->guardians, guardian_bytes(d));
        if (d->arena != NULL)
                arena_wipe(d->arena);
        free(d->named);
        free(d->rows);
        free(d->tags);
        free(d->dead);
        free(d->slots);
        arena_free(&d->arena);
        *d = (struct domain_rows){0};
}

static enum err domain_rows_reserve(
        struct domain_rows *d, const struct layout *l, const struct work *w, uint32_t rows)
{
        uint32_t slots = 64;

        while (slots < UINT32_MAX / 4 && slots < rows * 2ull)
                slots *= 2;
        if (d->arena == NULL)
                d->arena = arena_new(BATCH_ARENA_MAX);
        if (d->arena == NULL)
                return ERR_NO_MEMORY;
        d->len = 0;
        d->guardians_len = 0;
        if (rows > d->cap) {
                struct arena *keep = d->arena;

                d->arena = NULL;
                domain_rows_done(d, w);
                d->arena = keep;
                d->bytes = (size_t)rows * l->size;
                d->rows = fault_hit("alloc") ? NULL : malloc(d->bytes);
                d->tags = malloc((size_t)rows * RECORD_TAG_LEN);
                d->dead = calloc(rows, 1);
                d->named = calloc(rows, 1);
                d->slots = malloc(sizeof(*d->slots) * slots);
                if (d->rows == NULL || d->tags == NULL || d->dead == NULL || d->named == NULL ||
                        d->slots == NULL)
                        return ERR_NO_MEMORY;
                d->cap = rows;
                d->slots_cap = slots;
        }
        d->slots_mask = slots - 1;
        if (d->slots_cap > 0)
                memset(d->slots, 0, sizeof(*d->slots) * slots);
        return ERR_OK;
}

/* The newest row of a tag stays. Tags are keyed hashes: their first bytes are as
 * good as any hash of them. */
static void resolve(struct domain_rows *d, uint32_t row)
{
        const uint8_t *tag = d->tags + (size_t)row * RECORD_TAG_LEN;
        uint32_t at;

        memcpy(&at, tag, sizeof(at));
        for (at &= d->slots_mask; d->slots[at] != 0; at = (at + 1) & d->slots_mask) {
                uint32_t other = d->slots[at] - 1;

                if (memcmp(d->tags + (size_t)other * RECORD_TAG_LEN, tag, RECORD_TAG_LEN) == 0) {
                        d->dead[other] = 1;
                        break;
                }
        }
        d->slots[at] = row + 1;
        d->dead[row] = 0;
}

static void place_rows(struct reading *r, struct domain_rows *d, const struct span *s,
        const struct keeper_opened *opened)
{
        uint8_t *to = d->rows + (size_t)d->len * r->layout.size;

        memcpy(d->tags + (size_t)d->len * RECORD_TAG_LEN, opened->tags,
                (size_t)opened->rows * RECORD_TAG_LEN);
        for (uint32_t i = 0; i < opened->rows; i++, to += r->layout.size) {
                uint32_t ordinal = s->ordinal + d->len + i;

                memcpy(to + LAYOUT_TOKEN, opened->tokens + (size_t)i * LAYOUT_TOKEN_LEN,
                        LAYOUT_TOKEN_LEN);
                memcpy(to + LAYOUT_ORDINAL, &ordinal, sizeof(ordinal));
                memcpy(to + LAYOUT_PERSON_KEY, opened->person_keys + (size_t)i * PERSON_KEY_LEN,
                        PERSON_KEY_LEN);
        }
        for (uint32_t i = 0; i < opened->rows; i++)
                resolve(d, d->len + i);
}

/* Room for `more` guardians; what held the earlier ones is wiped. */
static enum err reserve_guardians(struct domain_rows *d, const struct work *w, uint32_t more)
{
        uint32_t cap = d->guardians_cap > 0 ? d->guardians_cap : 1024;
        void *at = NULL;

        if (more > UINT32_MAX / 4 - d->guardians_len)
                return ERR_LIMIT;
        while (cap < d->guardians_len + more)
                cap *= 2;
        if (cap == d->guardians_cap)
                return ERR_OK;
        TRY(work_alloc(w, cap, LAYOUT_TOKEN_LEN, &at));
        if (d->guardians_len > 0)
                memcpy(at, d->guardians, (size_t)d->guardians_len * LAYOUT_TOKEN_LEN);
        work_wipe(w, d->guardians, guardian_bytes(d));
        d->guardians = at;
        d->guardians_cap = cap;
        return ERR_OK;
}

static enum err place_guardians(
        struct domain_rows *d, const struct work *w, const struct keeper_opened *opened)
{
        uint32_t sum = 0;

        if (opened->guardians_len == 0) {
                memset(d->named + d->len, 0, opened->rows);
                return ERR_OK;
        }
        for (uint32_t i = 0; i < opened->rows; i++)
                sum += opened->guardian_counts[i];
        if (sum != opened->guardians_len)
                return ERR_CORRUPT;
        TRY(reserve_guardians(d, w, sum));
        memcpy(d->named + d->len, opened->guardian_counts, opened->rows);
        memcpy(d->guardians + (size_t)d->guardians_len * LAYOUT_TOKEN_LEN, opened->guardian_tokens,
                (size_t)sum * LAYOUT_TOKEN_LEN);
        d->guardians_len += sum;
        return ERR_OK;
}

/* Keys that were exchanged half-way would make two persons of one. */
static enum err check_names(struct source *s, const struct keeper_opened *opened)
{
        uint64_t before = 0;

        if (atomic_compare_exchange_strong(&s->named_by, &before, opened->named_by))
                return ERR_OK;
        return before == opened->named_by ? ERR_OK : ERR_VINTAGE_CLOSED;
}

static enum err take_batch(struct reading *r, struct domain_rows *d, const struct span *s,
        const struct keeper_opened *opened)
{
        struct column *columns = NULL;
        uint32_t columns_len = 0;

        if (opened->rows > d->cap - d->len)
                return ERR_CORRUPT;
        TRY(check_names(r->source, opened));
        /* Rules that changed half-way would make two persons of one. */
        if (d->known && d->joined != opened->joined)
                return ERR_LINKAGE_REFUSED;
        d->known = true;
        d->joined = opened->joined;
        arena_wipe(d->arena);
        TRY(body_unpack(d->arena, opened->body, opened->rows, &columns, &columns_len));
        if (r->edges != NULL)
                TRY(place_guardians(d, &r->source->work, opened));
        place_rows(r, d, s, opened);
        TRY(layout_fill(&r->layout, columns, columns_len, opened->rows, s->municipality,
                d->rows + (size_t)d->len * r->layout.size));
        d->len += opened->rows;
        return ERR_OK;
}

static void tell_progress(struct source *s, uint32_t rows)
{
        uint64_t done = atomic_fetch_add(&s->done, rows) + rows;

        if (s->progress != NULL)
                s->progress(s->progress_ctx, done, s->total);
}

static enum err open_batch(struct reading *r, struct domain_rows *d, const struct span *s,
        const struct stored_submission *of, const struct stored_batch *batch)
{
        struct keeper_open in = {
                .linkage = r->source->linkage,
                .purpose = r->source->purpose,
                .vintage = r->source->vintage,
                .name = {.submission = of->id, .sequence = batch->sequence},
                .epoch = batch->epoch,
                .aliases = r->source->aliases,
                .sealed = batch->sealed,
        };
        struct keeper_opened opened = {0};

        TRY(work_goes_on(&r->source->work));
        if (batch->rows == 0)
                return ERR_OK;
        in.name.domain.municipality = of->municipality;
        memcpy(in.name.domain.dataset, of->dataset, sizeof(in.name.domain.dataset));
        TRY(keeper_open_for_view(r->source->keeper, &in, &opened));
        enum err e = take_batch(r, d, s, &opened);
        keeper_release(r->source->keeper, &opened);
        tell_progress(r->source, batch->rows);
        return e;
}

/* The keys of a batch may have ended while it was in hand: then it lies under newer ones by
 * now, and is read again. */
static enum err open_current(struct reading *r, struct domain_rows *d, const struct span *s,
        const struct stored_submission *of, struct store_cursor *cursor, struct stored_batch *batch)
{
        enum err e = open_batch(r, d, s, of, batch);
        uint32_t epoch = batch->epoch;

        if (e != ERR_NOT_FOUND && e != ERR_DESTROYED)
                return e;
        TRY(store_again(cursor, batch));
        return batch->epoch != epoch ? open_batch(r, d, s, of, batch) : e;
}

static enum err read_submission(struct reading *r, struct domain_rows *d, const struct span *s,
        const struct stored_submission *of)
{
        OWNED(store_cursor_free) struct store_cursor *cursor = NULL;
        struct stored_batch batch;
        enum err e;

        TRY(store_batches(r->source->store, &of->id, &cursor));
        while ((e = store_next(cursor, &batch)) == ERR_OK)
                TRY(open_current(r, d, s, of, cursor, &batch));
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* What the rows that live say of guardians, on their date. */
static enum err scatter_guardians(
        const struct reading *r, const struct domain_rows *d, unsigned worker)
{
        uint32_t order = r->view->dataset->order_variable;
        const uint8_t *guardian = d->guardians;

        for (uint32_t i = 0; i < d->len; i++) {
                const uint8_t *row = d->rows + (size_t)i * r->layout.size;
                int32_t day = MISSING_I32;

                if (order != UINT32_MAX)
                        memcpy(&day, row + r->layout.offsets[order], sizeof(day));
                for (uint32_t k = 0; k < d->named[i]; k++, guardian += LAYOUT_TOKEN_LEN)
                        if (!d->dead[i])
                                TRY(edges_add(r->edges, worker, row + LAYOUT_TOKEN, guardian, day));
        }
        return ERR_OK;
}

static enum err scatter(
        struct reading *r, const struct domain_rows *d, const struct span *s, unsigned worker)
{
        uint32_t living = 0;

        for (uint32_t i = 0; i < d->len; i++) {
                if (d->dead[i])
                        continue;
                living++;
                TRY(partitions_add(r->partitions, worker, d->rows + (size_t)i * r->layout.size));
        }
        if (d->known && !d->joined) {
                atomic_fetch_add(&r->unlinked, living);
                if (r->view->alone != NULL)
                        r->view->alone[s->municipality] = 1; /* one domain, one worker */
        }
        return r->edges != NULL ? scatter_guardians(r, d, worker) : ERR_OK;
}

static enum err read_domain(void *ctx, unsigned worker, size_t i)
{
        struct reading *r = ctx;
        struct domain_rows *d = &r->workers[worker];
        const struct span *s = &r->spans[i];

        TRY(domain_rows_reserve(d, &r->layout, &r->source->work, s->rows));
        d->known = false;
        for (uint32_t k = 0; k < s->len; k++)
                TRY(read_submission(r, d, s, &s->first[k]));
        return scatter(r, d, s, worker);
}

/* Which submissions make which domain ---------------------------------------- */

static int larger_first(const void *a, const void *b)
{
        const struct span *x = a, *y = b;

        if (x->rows != y->rows)
                return x->rows > y->rows ? -1 : 1;
        return x->municipality < y->municipality ? -1 : x->municipality > y->municipality;
}

static enum err find_spans(struct reading *r, const struct stored_submission *list, uint32_t len)
{
        struct view *v = r->view;
        const struct policy_dataset *d = v->dataset;
        const struct code_list *places = d->municipality_variable == UINT32_MAX
                                                 ? NULL
                                                 : d->variables[d->municipality_variable].codes;
        struct span *s = NULL;

        for (uint32_t i = 0; i < len; i++) {
                const struct stored_submission *of = &list[i];

                if (s == NULL || s->first->municipality != of->municipality) {
                        char code[5];

                        municipality_format(of->municipality, code);
                        int32_t place = places ? code_find(places, bytes_of_text(code)) : 0;
                        if (place < 0)
                                return ERR_CORRUPT; /* a bundle never drops a municipality */
                        s = &r->spans[r->spans_len++];
                        *s = (struct span){.first = of, .municipality = (uint16_t)place};
                        if (r->rows + of->accepted >= UINT32_MAX)
                                return ERR_LIMIT;
                        s->ordinal = (uint32_t)r->rows;
                        if (v->delivered != NULL)
                                v->delivered[place] = 1;
                }
                s->len++;
                s->rows += (uint32_t)of->accepted;
                r->rows += of->accepted;
                if (r->rows >= UINT32_MAX)
                        return ERR_LIMIT;
                if (i == 0 || of->period.first < v->span.first)
                        v->span.first = of->period.first;
                if (i == 0 || of->period.last > v->span.last)
                        v->span.last = of->period.last;
        }
        qsort(r->spans, r->spans_len, sizeof(*r->spans), larger_first);
        return ERR_OK;
}

static void add_up_room(struct reading *r)
{
        size_t domains = 0;

        for (unsigned i = 0; i < r->source->work.threads && i < r->spans_len; i++)
                domains += (size_t)r->spans[i].rows * (r->layout.size + RECORD_TAG_LEN + 10);
        r->finished = assemble_bytes(r->view->dataset, r->rows);
        r->domains = domains;
        r->travelling = (size_t)r->rows * r->layout.size;
}

enum err source_check(const struct source *s, size_t bytes)
{
        if (bytes <= s->work.room->ceiling)
                return ERR_OK;
        log_event(LOG_WARNING, "view_too_large", LOG_NUM("bytes", bytes),
                LOG_NUM("ceiling", s->work.room->ceiling));
        return ERR_LIMIT;
}

static enum err new_delivered(struct view *v)
{
        const struct policy_dataset *d = v->dataset;

        if (d->municipality_variable == UINT32_MAX)
                return ERR_OK;
        v->delivered_len = d->variables[d->municipality_variable].codes->levels[0].len;
        v->delivered = calloc(v->delivered_len, 1);
        v->alone = calloc(v->delivered_len, 1);
        return v->delivered == NULL || v->alone == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err open_all(struct reading *r)
{
        struct stored_submission *list = NULL;
        char dataset[NAME_MAX_LEN + 1] = {0};
        uint32_t len = 0;

        memcpy(dataset, r->view->dataset->id.data, r->view->dataset->id.len);
        r->arena = arena_new((size_t)256 << 20);
        if (r->arena == NULL)
                return ERR_NO_MEMORY;
        TRY(store_vintage_submissions(
                r->source->store, r->source->vintage, dataset, r->arena, &list, &len));
        r->spans = arena_alloc(r->arena, len, sizeof(*r->spans));
        if (r->spans == NULL)
                return ERR_NO_MEMORY;
        TRY(new_delivered(r->view));
        TRY(find_spans(r, list, len));
        add_up_room(r);
        r->source->total += r->rows;
        return ERR_OK;
}

enum err reading_open(struct source *s, const struct policy_dataset *dataset, struct reading *out)
{
        struct stored_vintage vintage;

        *out = (struct reading){.source = s};
        TRY(store_vintage_find(s->store, s->vintage, &vintage));
        s->aliases = vintage.aliases;
        TRY(layout_make(dataset, &out->layout));
        TRY(view_new(dataset, &out->view));
        out->view->vintage = s->vintage;
        out->view->keyed = true;
        return open_all(out);
}

static enum err read_all(struct reading *r)
{
        const struct work *w = &r->source->work;

        r->workers = fault_hit("alloc") ? NULL : calloc(w->threads, sizeof(*r->workers));
        if (r->workers == NULL)
                return ERR_NO_MEMORY;
        TRY(partitions_new(r->layout.size, r->rows, w->threads, w->room, &r->partitions));
        return parallel_for(w->threads, r->spans_len, read_domain, r);
}

static void workers_done(struct reading *r)
{
        const struct work *w = &r->source->work;

        for (unsigned i = 0; r->workers != NULL && i < w->threads; i++)
                domain_rows_done(&r->workers[i], w);
        free(r->workers);
        r->workers = NULL;
}

enum err reading_run(struct reading *r, struct token_list *out_tokens)
{
        const struct work *w = &r->source->work;

        TRY(room_take(w->room, r->finished));
        TRY(room_take(w->room, r->domains));
        enum err e = read_all(r);
        workers_done(r);
        room_give(w->room, r->domains);
        if (e == ERR_OK) {
                r->view->unlinked = atomic_load(&r->unlinked);
                e = assemble(r->view, r->partitions, &r->layout, w, out_tokens);
        }
        partitions_free(&r->partitions);
        return e;
}

void reading_done(struct reading *r)
{
        view_unref(&r->view);
        arena_free(&r->arena);
}
