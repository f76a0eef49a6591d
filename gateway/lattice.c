/* SPDX-License-Identifier: Apache-2.0 */
/* lattice.c: what stands in the store, and what is made for it.
 *
 *      lease the view → count → compare with what was published → protect
 *          → find what was asked besides → hold → store
 *
 * One data set, vintage and policy have one cube, made once: at publication, or by
 * whoever asks first where it is not there (published by itself, a new policy). It is
 * written whole, so after a crash what is missing is made and nothing else. One is made at a
 * time, since each takes memory of its own beside the views.
 *
 * Heeded are the latest cubes of the data set, EARLIER_MAX of them. The view of the latest
 * vintage before this one tells exactly who joined and who left, if it is still open and
 * fits into memory; of others what was published must do (lattice_compare.c). Nothing is
 * stored about who was in a cell. */
#include "gateway/lattice.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/lattice_asked.h"
#include "gateway/lattice_shelf.h"
#include "gateway/memory_linkage.h"
#include "gateway/store/lattice.h"

enum { ARENA_MAX = (int)(((unsigned)1 << 31) - 1), EARLIER_MAX = 6, WAIT_MS = 50, TRIES = 4 };

/* Protecting ------------------------------------------------------------------------- */

/* What was not held against earlier cubes is not one that may be looked at. */
static void withhold_all(struct lattice_cube *c)
{
        for (uint32_t t = 0; t < c->tables_len; t++)
                for (size_t i = 0; i < c->tables[t].cells_len; i++) {
                        c->tables[t].status[i] = CELL_PROTECTED;
                        c->tables[t].held[i] = 0;
                }
}

enum err lattice_protect(const struct lattice_source *source, struct lattice_cube *cube,
        const struct lattice_earlier *earlier, uint32_t earlier_len,
        const struct lattice_recall *recall, struct arena *arena)
{
        const struct disclosure_settings settings = lattice_settings(&source->dataset->disclosure);
        struct lattice_past past;
        struct lattice_asked asked = {0};
        struct lattice_axes axes;

        TRY(lattice_axes_make(source, cube, arena, &axes));
        TRY(lattice_inner(source, cube, arena, &axes));
        /* While it is raw: what is withheld is wiped. */
        TRY(lattice_compare(source, cube, &axes, earlier, earlier_len, arena, &past));
        TRY(disclosure_protect(arena, &axes.release, &settings, source->cancel, &cube->report));
        enum err e =
                recall == NULL ? ERR_OK : lattice_asked_find(source, cube, recall, arena, &asked);
        cube->asked = asked.compared;
        cube->near = asked.len;
        cube->untried = asked.untried;
        if (e == ERR_OK)
                e = lattice_hold(&axes, cube, &past, &asked, source->cancel);
        if (e != ERR_OK)
                withhold_all(cube);
        return e;
}

/* Making ----------------------------------------------------------------------------- */

struct making {
        struct gateway *gateway;
        const struct lattice_wish *wish;
        const struct policy_dataset *dataset;
        struct view_lease lease, before; /* of the vintage; of the latest before it */
        struct lattice_source source, then;
        struct lattice_earlier earlier[EARLIER_MAX];
        uint32_t earlier_len;
        struct recall recall;
        char id[NAME_MAX_LEN + 1], purpose[NAME_MAX_LEN + 1];
        struct arena *arena;
        struct lattice_cube cube;
};

static enum err lease(struct making *m, struct vintage v, bool spare, struct view_lease *out)
{
        const struct view_wish wish = {
                .policy = m->wish->policy,
                .linkage = policy_linkage_find(m->wish->policy, m->dataset->linkage->id),
                .dataset = m->dataset,
                .purpose = m->purpose,
                .vintage = v,
                .deferrable = true,
                .spare = spare,
                .cancel = m->wish->cancel,
        };

        return views_lease(m->gateway->views, &wish, out);
}

static struct lattice_source source_of(const struct making *m, const struct view_lease *l)
{
        return (struct lattice_source){
                .policy = m->wish->policy,
                .dataset = m->dataset,
                .view = l->view,
                .span = view_span(l->view),
                .deliveries = coverage_find(l->coverage, m->dataset->id),
                .threads = m->gateway->threads,
                .cancel = &l->stop,
                .progress = m->wish->progress,
                .progress_ctx = m->wish->progress_ctx,
        };
}

static bool same_vintage(struct vintage a, struct vintage b)
{
        return a.number == b.number && a.revision == b.revision;
}

/* Which source an earlier cube was counted from, if it can be counted again. */
static const struct lattice_source *source_then(struct making *m, struct vintage v)
{
        if (same_vintage(v, m->lease.vintage.vintage))
                return &m->source;
        if (m->before.view == NULL && m->then.dataset == NULL) {
                m->then.dataset = m->dataset; /* asked once, whatever comes of it */
                if (lease(m, v, true, &m->before) != ERR_OK)
                        return NULL;
                m->then = source_of(m, &m->before);
                m->then.progress = NULL;
        }
        return m->before.view != NULL && same_vintage(v, m->before.vintage.vintage) ? &m->then
                                                                                    : NULL;
}

static enum err read_earlier(struct making *m)
{
        struct stored_lattice *list = NULL, found;
        uint32_t len = 0;

        TRY(store_lattices(m->gateway->store, m->id, m->arena, &list, &len));
        for (uint32_t i = 0; i < len && m->earlier_len < EARLIER_MAX; i++) {
                struct lattice_cube *cube = arena_alloc(m->arena, 1, sizeof(*cube));

                if (cube == NULL)
                        return ERR_NO_MEMORY;
                TRY(store_lattice_find(m->gateway->store, m->id, list[i].vintage, &list[i].policy,
                        m->arena, &found));
                TRY(lattice_decode(found.body, m->arena, cube));
                m->earlier[m->earlier_len++] =
                        (struct lattice_earlier){cube, source_then(m, list[i].vintage)};
        }
        return ERR_OK;
}

static enum err store(void *ctx)
{
        OWNED(buf_done) struct buf out;
        struct making *m = ctx;
        struct stored_lattice l = {
                .vintage = m->lease.vintage.vintage, .policy = *policy_digest(m->wish->policy)};

        buf_init(&out, LATTICE_BODY_MAX);
        lattice_encode(&m->cube, &out);
        TRY(buf_end(&out, &l.body));
        return store_lattice_put(m->gateway->store, m->id, &l);
}

static enum err recall_each(void *ctx, struct persons *persons, recall_visitor fn, void *fn_ctx)
{
        struct making *m = ctx;
        const struct memory_ask ask = {
                .policy = m->wish->policy,
                .linkage = m->lease.linkage,
                .dataset = m->dataset,
                .purpose = m->purpose,
                .view = m->lease.view,
                .coverage = m->lease.coverage,
                .cancel = &m->lease.stop,
                .arena = m->arena,
        };

        return memory_recall(&m->recall, &ask, persons, fn, fn_ctx);
}

static enum err protect(struct making *m)
{
        const struct lattice_recall recall = {
                .each = recall_each,
                .ctx = m,
                .threshold = memory_floor_of_any(m->wish->policy, m->dataset),
        };

        return lattice_protect(&m->source, &m->cube, m->earlier, m->earlier_len, &recall, m->arena);
}

static void log_made(const struct making *m, int64_t started_ns)
{
        const struct lattice_cube *c = &m->cube;

        log_event(LOG_INFO, "lattice_made", LOG_TEXT("dataset", m->id),
                LOG_NUM("vintage", m->lease.vintage.vintage.number),
                LOG_NUM("revision", m->lease.vintage.vintage.revision),
                LOG_NUM("cells", c->report.cells), LOG_NUM("years", c->years_len),
                LOG_NUM("earlier", m->earlier_len), LOG_NUM("asked", c->asked),
                LOG_NUM("near", c->near), LOG_NUM("untried", c->untried),
                LOG_NUM("questions", m->recall.questions), LOG_NUM("lost", m->recall.lost),
                LOG_NUM("audited", c->report.audited), LOG_NUM("audit_of", c->report.audit_of),
                LOG_NUM("width_unknown", c->report.interval_unasked),
                LOG_NUM("bytes", arena_used(m->arena)),
                LOG_NUM("took_ms", (clock_monotonic_ns() - started_ns) / 1000000));
}

static enum err make(struct making *m, struct vintage vintage, bool *out_done)
{
        int64_t started_ns = clock_monotonic_ns();

        TRY(lease(m, vintage, false, &m->lease));
        m->source = source_of(m, &m->lease);
        TRY(read_earlier(m));
        TRY(lattice_count(&m->source, m->arena, &m->cube));
        TRY(protect(m));
        TRY(memory_recall_use(&m->recall, store, m, out_done));
        if (*out_done)
                log_made(m, started_ns);
        return ERR_OK;
}

/* Preparing -------------------------------------------------------------------------- */

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static enum err wait_for_turn(const atomic_bool *cancel)
{
        static const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};

        while (pthread_mutex_trylock(&turn) != 0) {
                if (cancel != NULL && atomic_load(cancel))
                        return ERR_CANCELLED;
                (void)nanosleep(&pause, NULL);
        }
        return ERR_OK;
}

static void copy_name(char *to, struct bytes name)
{
        memcpy(to, name.data, name.len);
        to[name.len] = '\0';
}

/* `hold`: no question outside the plan is judged meanwhile. */
static enum err try_to_make(struct gateway *g, const struct lattice_wish *w, struct vintage v,
        bool hold, bool *out_done)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct making m = {.gateway = g, .wish = w, .dataset = w->dataset, .arena = arena};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        copy_name(m.id, w->dataset->id);
        copy_name(m.purpose, w->dataset->purposes[0]);
        TRY(memory_recall_begin(g->memory, w->dataset->id, hold, &m.recall));
        enum err e = make(&m, v, out_done);

        if (e == ERR_CANCELLED && atomic_load(&m.lease.ended))
                e = ERR_LINKAGE_REFUSED;
        memory_recall_end(&m.recall);
        view_lease_done(&m.before);
        view_lease_done(&m.lease);
        return e;
}

static enum err make_if_missing(struct gateway *g, const struct lattice_wish *w, struct vintage v)
{
        struct stored_lattice found;
        char id[NAME_MAX_LEN + 1];
        bool done = false;

        copy_name(id, w->dataset->id);
        enum err e = store_lattice_look(g->store, id, v, policy_digest(w->policy), &found);
        if (e != ERR_NOT_FOUND)
                return e;
        e = ERR_OK;
        for (uint32_t i = 0; !done && i < TRIES && (e == ERR_OK || e == ERR_BUSY); i++)
                e = try_to_make(g, w, v, i > 0, &done);
        if (e != ERR_OK)
                log_event(LOG_WARNING, "lattice_not_made", LOG_TEXT("dataset", id),
                        LOG_NUM("vintage", v.number), LOG_TEXT("code", err_name(e)));
        return e;
}

static bool is_planned(const struct policy_dataset *d)
{
        return d->lattice.tables_len > 0 && d->kind == DATASET_RECORDS && d->linkage != NULL &&
               d->purposes_len > 0;
}

enum err lattice_prepare(struct gateway *g, const struct lattice_wish *wish)
{
        struct stored_vintage vintage;

        if (!is_planned(wish->dataset))
                return ERR_OK;
        TRY(store_vintage_find(g->store, wish->vintage, &vintage));
        TRY(wait_for_turn(wish->cancel));
        enum err e = make_if_missing(g, wish, vintage.vintage);

        (void)pthread_mutex_unlock(&turn);
        return e;
}

/* Answering -------------------------------------------------------------------------- */

/* Of the whole cube, as it was protected; and how much of this table is shown. */
static void tell(const struct lattice_cube *c, const struct table *t, struct disclosure_report *out)
{
        *out = c->report;
        out->cells = t->cells_len;
        out->missing = 0;
        memset(out->by_rule, 0, sizeof(out->by_rule));
        for (size_t i = 0; i < t->cells_len; i++) {
                bool told = t->status[i] == CELL_VALUE || t->status[i] == CELL_PROTECTED;

                out->missing += !told;
                if (told)
                        out->by_rule[t->rule[i]]++;
        }
}

static enum err keep(struct arena *a, struct bytes *word)
{
        uint8_t *to = arena_alloc_raw(a, word->len, 1);

        if (to == NULL)
                return ERR_NO_MEMORY;
        if (word->len > 0)
                memcpy(to, word->data, word->len);
        *word = bytes_of(to, word->len);
        return ERR_OK;
}

/* The cube's words, which the table borrows: the answer leaves after the cube is returned. */
static enum err keep_words(struct table *t, struct arena *a)
{
        for (uint32_t i = 0; i < t->dimensions_len; i++) {
                struct dimension *d = &t->dimensions[i];

                TRY(keep(a, &d->variable));
                TRY(keep(a, &d->level));
                TRY(keep(a, &d->label_sv));
                TRY(keep(a, &d->label_en));
                for (uint32_t k = 0; k < d->len; k++) {
                        TRY(keep(a, &d->categories[k].code));
                        TRY(keep(a, &d->categories[k].label_sv));
                        TRY(keep(a, &d->categories[k].label_en));
                }
        }
        for (uint32_t i = 0; i < t->measures_len; i++) {
                TRY(keep(a, &t->measures[i].variable));
                TRY(keep(a, &t->measures[i].label_sv));
                TRY(keep(a, &t->measures[i].label_en));
                TRY(keep(a, &t->measures[i].unit));
        }
        return ERR_OK;
}

enum err lattice_answer(struct gateway *g, const struct lattice_wish *wish, const struct query *q,
        struct arena *arena, struct table **out, struct disclosure_report *report)
{
        OWNED(shelf_return) struct shelved *cube = NULL;
        struct stored_vintage vintage;
        char id[NAME_MAX_LEN + 1];
        struct table *t = NULL;

        if (!is_planned(wish->dataset))
                return ERR_NOT_FOUND;
        copy_name(id, wish->dataset->id);
        TRY(store_vintage_find(g->store, wish->vintage, &vintage));
        TRY(shelf_take(g->shelf, id, vintage.vintage, policy_digest(wish->policy), &cube));
        TRY(lattice_cut(wish->policy, wish->dataset, shelved_cube(cube), q, arena, &t));
        TRY(keep_words(t, arena));
        tell(shelved_cube(cube), t, report);
        *out = t;
        return ERR_OK;
}
