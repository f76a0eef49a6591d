/* SPDX-License-Identifier: Apache-2.0 */
/* build.c: a view from the store.
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
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/parallel.h"
#include "crypto/pseudonym.h"
#include "gateway/linkage/assemble.h"
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
        /* Of the domain being read: whether its batches were joined, once one is known. */
        bool known, joined;
};

struct build {
        const struct view_request *request;
        char linkage[NAME_MAX_LEN + 1];
        struct layout layout;
        struct partitions *partitions;
        struct span *spans;
        uint32_t spans_len;
        uint64_t total;
        _Atomic uint64_t done;
        _Atomic uint32_t unlinked; /* rows */
        uint8_t *alone;            /* of the view, by municipality; NULL: it has none */
        struct domain_rows *workers;
        struct room room;
};

static void domain_rows_done(struct domain_rows *d)
{
        if (d->rows != NULL)
                explicit_bzero(d->rows, d->bytes);
        free(d->rows);
        free(d->tags);
        free(d->dead);
        free(d->slots);
        arena_free(&d->arena);
        *d = (struct domain_rows){0};
}

static enum err domain_rows_reserve(struct domain_rows *d, const struct layout *l, uint32_t rows)
{
        uint32_t slots = 64;

        while (slots < UINT32_MAX / 4 && slots < rows * 2ull)
                slots *= 2;
        if (d->arena == NULL)
                d->arena = arena_new(BATCH_ARENA_MAX);
        if (d->arena == NULL)
                return ERR_NO_MEMORY;
        d->len = 0;
        if (rows > d->cap) {
                struct arena *keep = d->arena;

                d->arena = NULL;
                domain_rows_done(d);
                d->arena = keep;
                d->bytes = (size_t)rows * l->size;
                d->rows = fault_hit("alloc") ? NULL : malloc(d->bytes);
                d->tags = malloc((size_t)rows * RECORD_TAG_LEN);
                d->dead = calloc(rows, 1);
                d->slots = malloc(sizeof(*d->slots) * slots);
                if (d->rows == NULL || d->tags == NULL || d->dead == NULL || d->slots == NULL)
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

static void place_rows(struct build *b, struct domain_rows *d, const struct span *s,
        const struct keeper_opened *opened)
{
        uint8_t *to = d->rows + (size_t)d->len * b->layout.size;

        memcpy(d->tags + (size_t)d->len * RECORD_TAG_LEN, opened->tags,
                (size_t)opened->rows * RECORD_TAG_LEN);
        for (uint32_t i = 0; i < opened->rows; i++, to += b->layout.size) {
                uint32_t ordinal = s->ordinal + d->len + i;

                memcpy(to + LAYOUT_TOKEN, opened->tokens + (size_t)i * LAYOUT_TOKEN_LEN,
                        LAYOUT_TOKEN_LEN);
                memcpy(to + LAYOUT_ORDINAL, &ordinal, sizeof(ordinal));
        }
        for (uint32_t i = 0; i < opened->rows; i++)
                resolve(d, d->len + i);
}

static enum err take_batch(struct build *b, struct domain_rows *d, const struct span *s,
        const struct keeper_opened *opened)
{
        struct column *columns = NULL;
        uint32_t columns_len = 0;

        if (opened->rows > d->cap - d->len)
                return ERR_CORRUPT;
        /* Rules that changed half-way would make two persons of one. */
        if (d->known && d->joined != opened->joined)
                return ERR_LINKAGE_REFUSED;
        d->known = true;
        d->joined = opened->joined;
        arena_reset(d->arena);
        TRY(body_unpack(d->arena, opened->body, opened->rows, &columns, &columns_len));
        place_rows(b, d, s, opened);
        TRY(layout_fill(&b->layout, columns, columns_len, opened->rows, s->municipality,
                d->rows + (size_t)d->len * b->layout.size));
        d->len += opened->rows;
        return ERR_OK;
}

static void tell_progress(struct build *b, uint32_t rows)
{
        uint64_t done = atomic_fetch_add(&b->done, rows) + rows;

        if (b->request->progress != NULL)
                b->request->progress(b->request->progress_ctx, done, b->total);
}

static enum err open_batch(struct build *b, struct domain_rows *d, const struct span *s,
        const struct stored_submission *of, const struct stored_batch *batch)
{
        struct keeper_open in = {
                .linkage = b->linkage,
                .purpose = b->request->purpose,
                .vintage = b->request->vintage,
                .name = {.submission = of->id, .sequence = batch->sequence},
                .epoch = batch->epoch,
                .sealed = batch->sealed,
        };
        struct keeper_opened opened = {0};

        if (b->request->cancel != NULL && atomic_load(b->request->cancel))
                return ERR_CANCELLED;
        if (batch->rows == 0)
                return ERR_OK;
        in.name.domain.municipality = of->municipality;
        memcpy(in.name.domain.dataset, of->dataset, sizeof(in.name.domain.dataset));
        TRY(keeper_open_for_view(b->request->keeper, &in, &opened));
        enum err e = take_batch(b, d, s, &opened);
        keeper_release(b->request->keeper, &opened);
        tell_progress(b, batch->rows);
        return e;
}

static enum err read_submission(struct build *b, struct domain_rows *d, const struct span *s,
        const struct stored_submission *of)
{
        OWNED(store_cursor_free) struct store_cursor *cursor = NULL;
        struct stored_batch batch;
        enum err e;

        TRY(store_batches(b->request->store, &of->id, &cursor));
        while ((e = store_next(cursor, &batch)) == ERR_OK)
                TRY(open_batch(b, d, s, of, &batch));
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err scatter(
        struct build *b, const struct domain_rows *d, const struct span *s, unsigned worker)
{
        uint32_t living = 0;

        for (uint32_t i = 0; i < d->len; i++) {
                if (d->dead[i])
                        continue;
                living++;
                TRY(partitions_add(b->partitions, worker, d->rows + (size_t)i * b->layout.size));
        }
        if (d->known && !d->joined) {
                atomic_fetch_add(&b->unlinked, living);
                if (b->alone != NULL)
                        b->alone[s->municipality] = 1; /* one domain, one worker */
        }
        return ERR_OK;
}

static enum err read_domain(void *ctx, unsigned worker, size_t i)
{
        struct build *b = ctx;
        struct domain_rows *d = &b->workers[worker];
        const struct span *s = &b->spans[i];

        TRY(domain_rows_reserve(d, &b->layout, s->rows));
        d->known = false;
        for (uint32_t k = 0; k < s->len; k++)
                TRY(read_submission(b, d, s, &s->first[k]));
        return scatter(b, d, s, worker);
}

/* Which submissions make which domain ---------------------------------------- */

static int larger_first(const void *a, const void *b)
{
        const struct span *x = a, *y = b;

        if (x->rows != y->rows)
                return x->rows > y->rows ? -1 : 1;
        return x->municipality < y->municipality ? -1 : x->municipality > y->municipality;
}

static enum err find_spans(
        struct build *b, struct view *v, const struct stored_submission *list, uint32_t len)
{
        const struct policy_dataset *d = b->request->dataset;
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
                        s = &b->spans[b->spans_len++];
                        *s = (struct span){.first = of, .municipality = (uint16_t)place};
                        if (b->total + of->accepted >= UINT32_MAX)
                                return ERR_LIMIT;
                        s->ordinal = (uint32_t)b->total;
                        if (v->delivered != NULL)
                                v->delivered[place] = 1;
                }
                s->len++;
                s->rows += (uint32_t)of->accepted;
                b->total += of->accepted;
                if (b->total >= UINT32_MAX)
                        return ERR_LIMIT;
                if (i == 0 || of->period.first < v->span.first)
                        v->span.first = of->period.first;
                if (i == 0 || of->period.last > v->span.last)
                        v->span.last = of->period.last;
        }
        qsort(b->spans, b->spans_len, sizeof(*b->spans), larger_first);
        return ERR_OK;
}

/* Room for the finished columns, the rows in the making, and the largest domains. */
static enum err check_memory(struct build *b, unsigned threads)
{
        size_t view = assemble_bytes(b->request->dataset, b->total);
        size_t domains = 0;

        for (unsigned i = 0; i < threads && i < b->spans_len; i++)
                domains += (size_t)b->spans[i].rows * (b->layout.size + RECORD_TAG_LEN + 9);
        size_t need = view + domains + (size_t)b->total * b->layout.size;
        if (need > b->request->memory_ceiling) {
                log_event(LOG_WARNING, "view_too_large", LOG_NUM("bytes", need),
                        LOG_NUM("ceiling", b->request->memory_ceiling));
                return ERR_LIMIT;
        }
        return room_take(&b->room, view + domains);
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

static enum err build(struct build *b, struct view *v, unsigned threads)
{
        OWNED(arena_free) struct arena *arena = arena_new((size_t)256 << 20);
        struct stored_submission *list = NULL;
        char dataset[NAME_MAX_LEN + 1] = {0};
        uint32_t len = 0;
        const struct work work = {
                .threads = threads, .room = &b->room, .cancel = b->request->cancel};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        memcpy(dataset, v->dataset->id.data, v->dataset->id.len);
        TRY(store_vintage_submissions(
                b->request->store, b->request->vintage, dataset, arena, &list, &len));
        b->spans = arena_alloc(arena, len, sizeof(*b->spans));
        if (b->spans == NULL)
                return ERR_NO_MEMORY;
        TRY(new_delivered(v));
        b->alone = v->alone;
        TRY(find_spans(b, v, list, len));
        TRY(check_memory(b, threads));
        TRY(partitions_new(b->layout.size, b->total, threads, &b->room, &b->partitions));
        TRY(parallel_for(threads, b->spans_len, read_domain, b));
        v->unlinked = atomic_load(&b->unlinked);
        return assemble(v, b->partitions, &b->layout, &work, NULL);
}

enum err view_build(const struct view_request *request, struct view **out)
{
        unsigned threads = parallel_threads(request->threads);
        struct build b = {.request = request, .room = {.ceiling = request->memory_ceiling}};
        OWNED(view_unref) struct view *v = NULL;
        int64_t started = clock_monotonic_ns();

        TRY(layout_make(request->dataset, &b.layout));
        if (request->dataset->linkage == NULL)
                return ERR_LINKAGE_REFUSED;
        memcpy(b.linkage, request->dataset->linkage->id.data, request->dataset->linkage->id.len);
        TRY(view_new(request->dataset, &v));
        b.workers = calloc(threads, sizeof(*b.workers));
        if (b.workers == NULL)
                return ERR_NO_MEMORY;
        enum err e = build(&b, v, threads);
        for (unsigned i = 0; i < threads; i++)
                domain_rows_done(&b.workers[i]);
        free(b.workers);
        partitions_free(&b.partitions);
        TRY(e);
        v->vintage = request->vintage;
        v->build_ms = (uint32_t)((clock_monotonic_ns() - started) / 1000000);
        *out = v;
        v = NULL;
        return ERR_OK;
}
