/* SPDX-License-Identifier: Apache-2.0 */
/* memory_shelf.c: the memory of one data set, made of what the store has.
 *
 * Every question is counted again, in the views of its vintage and linkage, and the rows that were
 * answered are put into the ledger as they were, whatever the ledger thinks of them now. Persons
 * are those of the data set's own linkage ("home"), and so are planned tables; what was asked under
 * another is told by its own view with that one beside it.
 *
 * Persons are told to be the same by their record keys. When these are made with other keys from
 * now on (a second k_person has taken the place of the first), the shelf is made anew in views
 * of the new ones. */
#include "gateway/memory_shelf.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/memory_lattice.h"
#include "gateway/memory_linkage.h"
#include "gateway/memory_replay.h"
#include "gateway/store/lattice.h"

enum { MEMBERS_MAX = 1 << 30, LEDGER_MEMORY = 512 << 20 };
/* Steps of one admission of cells, about two seconds; and of all planned ones together. */
#define CELLS_WORK   ((uint64_t)400000000)
#define PLANNED_WORK ((uint64_t)800000000)

void shelf_clear(struct shelf *s)
{
        ledger_free(&s->ledger);
        ledger_free(&s->cells);
        ledger_free(&s->records);
        persons_free(&s->persons);
        known_clear(&s->known);
        free(s->noted);
        s->noted = NULL;
        s->noted_len = s->noted_cap = 0;
        s->planned_work = 0;
        s->named_by = 0;
        s->incomplete = false;
}

/* k of its cells. */
static uint32_t floor_of(const struct shelf *s, const struct memory_ask *ask)
{
        return s->of != NULL ? memory_floor_of_any(ask->policy, ask->dataset)
                             : memory_floor(ask->policy, ask->linkage, ask->dataset);
}

/* Who is in which row ------------------------------------------------------------------------ */

/* Records are in a memory of their own: that records and persons of one cell are told together,
 * and with them how many more the ones are, is for the rules to allow. */
struct ledger *shelf_ledger(struct shelf *s, const struct memory_question *q)
{
        return !q->cells ? s->ledger : q->records ? s->records : s->cells;
}

/* Of two names one person would be two: of a view from before an exchange of keys nothing can be
 * judged beside those from after. It is asked of once more, and then it is another. */
static enum err take_names(struct shelf *s, const struct view *view)
{
        if (s->named_by == 0)
                s->named_by = view_named_by(view);
        return s->named_by == view_named_by(view) || view_persons(view) == 0 ? ERR_OK : ERR_BUSY;
}

enum err shelf_rows(struct shelf *s, const struct memory_ask *ask, const struct view *view,
        const struct view *home, const struct memory_question *q, struct arena *arena,
        struct rows *out)
{
        TRY(take_names(s, home != NULL ? home : view));
        TRY(memory_rows(s->persons, ask, view, home, q, arena, out));
        return ledger_grow(shelf_ledger(s, q), persons_len(s->persons));
}

/* Planned tables ----------------------------------------------------------------------------- */

/* A new policy may plan others of the same vintage. */
struct noted {
        struct vintage vintage;
        uint64_t latest; /* cube of it that is in the ledger, by number */
};

static struct noted *noted_find(const struct shelf *s, struct vintage v)
{
        for (uint32_t i = 0; i < s->noted_len; i++)
                if (s->noted[i].vintage.number == v.number &&
                        s->noted[i].vintage.revision == v.revision)
                        return &s->noted[i];
        return NULL;
}

static uint64_t latest_noted(const struct shelf *s, struct vintage v)
{
        const struct noted *n = noted_find(s, v);

        return n != NULL ? n->latest : 0;
}

static enum err note(struct shelf *s, struct vintage v, uint64_t latest)
{
        struct noted *n = noted_find(s, v);

        if (n != NULL) {
                n->latest = latest;
                return ERR_OK;
        }
        if (s->noted_len == s->noted_cap) {
                uint32_t cap = s->noted_cap == 0 ? 8 : 2 * s->noted_cap;
                struct noted *grown = realloc(s->noted, cap * sizeof *grown);

                if (grown == NULL)
                        return ERR_NO_MEMORY;
                s->noted = grown;
                s->noted_cap = cap;
        }
        s->noted[s->noted_len++] = (struct noted){v, latest};
        return ERR_OK;
}

/* Fine ones first: then most coarse ones are sums of what is there, which costs little. */
static void turn(struct rows *rows, uint32_t len)
{
        for (uint32_t i = 0; i < len / 2; i++) {
                struct ledger_set swap = rows->sets[i];

                rows->sets[i] = rows->sets[len - 1 - i];
                rows->sets[len - 1 - i] = swap;
        }
}

static enum err remember_cells(struct ledger *cells, struct rows *rows, uint32_t len)
{
        turn(rows, len);
        return ledger_remember(cells, rows->sets, len);
}

/* As rows of the ledger as far as there is work for it; the others, which in a country are
 * millions of persons in thousands of sets, cut persons into pieces (ledger.h), which is as
 * safe and stricter. */
static enum err remember_planned_cells(
        struct shelf *s, struct ledger *cells, struct rows *rows, uint32_t len)
{
        turn(rows, len);
        if (s->planned_work >= PLANNED_WORK)
                return ledger_leave_out(cells, rows->sets, len);
        uint32_t before = ledger_stats(cells).left_out;

        TRY(ledger_remember(cells, rows->sets, len));
        s->planned_work += ledger_stats(cells).work;
        if (ledger_stats(cells).left_out > before)
                s->planned_work = PLANNED_WORK;
        return ERR_OK;
}

/* Whose planned tables, in which view. */
struct noting {
        struct vintage vintage;
        const struct view *view;
        const struct coverage *coverage;
        bool closed; /* the vintage is: the view is its successor's */
        uint32_t removed;
};

/* Where rows are not those that were told by number, all of enough are taken to have been. */
static enum err remember_told(struct shelf *s, const struct memory_ask *ask,
        const struct noting *of, struct lattice_told *told)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        struct ledger *ledger = shelf_ledger(s, &told->question);
        struct rows rows;
        uint32_t n = 0;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        if (s->of != NULL && !told->question.cells)
                return ERR_OK; /* rows are judged in the other */
        told->question.query.vintage = view_vintage(of->view);
        TRY(shelf_rows(s, ask, of->view, NULL, &told->question, arena, &rows));
        for (uint32_t i = 0; i < rows.len; i++)
                if (told->cells == rows.of ? told->told[rows.cells[i]]
                                           : rows.sets[i].len >= s->threshold)
                        rows.sets[n++] = rows.sets[i];
        if (of->closed)
                return ledger_suspect(ledger, rows.sets, n, of->removed);
        return told->question.cells ? remember_planned_cells(s, ledger, &rows, n)
                                    : ledger_remember(ledger, rows.sets, n);
}

static void log_noted(const struct shelf *s, struct vintage vintage)
{
        struct ledger_stats cells = ledger_stats(s->cells);

        log_event(LOG_INFO, "planned_remembered", LOG_TEXT("dataset", s->dataset),
                LOG_TEXT("linkage", s->linkage), LOG_NUM("vintage", vintage.number),
                LOG_NUM("rows", cells.rank), LOG_NUM("pieces", cells.pieces),
                LOG_NUM("bytes", cells.bytes + ledger_stats(s->records).bytes));
}

static enum err note_tables(struct shelf *s, const struct memory_ask *ask, const struct noting *of)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        const struct lattice_telling telling = {
                .store = s->store,
                .policy = ask->policy,
                .dataset = ask->dataset,
                .purpose = bytes_of_text(ask->purpose),
                .vintage = of->vintage,
                .view = of->view,
                .deliveries = coverage_find(of->coverage, ask->dataset->id),
                .after = latest_noted(s, of->vintage),
                .arena = arena,
        };
        struct lattice_told *told;
        uint64_t latest;
        uint32_t len;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(lattice_told_of(&telling, &told, &len, &latest));
        for (uint32_t i = 0; i < len; i++)
                TRY(remember_told(s, ask, of, &told[i]));
        if (len > 0)
                log_noted(s, of->vintage);
        return note(s, of->vintage, latest);
}

static enum err note_planned(struct shelf *s, const struct memory_ask *ask, const struct view *view,
        const struct coverage *coverage)
{
        return note_tables(s, ask, &(struct noting){view_vintage(view), view, coverage, false, 0});
}

/* Whoever settled has said that this is no longer held against anybody. */
static enum err leave_out(struct shelf *s, struct vintage vintage)
{
        log_event(LOG_INFO, "answers_left_out", LOG_TEXT("dataset", s->dataset),
                LOG_TEXT("linkage", s->linkage), LOG_NUM("vintage", vintage.number));
        return note(s, vintage, UINT64_MAX);
}

/* As replay_closed. What was given up is left out. */
static enum err note_closed(struct shelf *s, const struct memory_ask *ask, struct vintage vintage)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        OWNED(view_lease_done) struct view_lease lease = {0};
        struct successor next;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        enum err e = memory_successor(s->store, vintage, arena, &next);
        if (e == ERR_NOT_FOUND)
                return leave_out(s, vintage);
        TRY(e);
        e = replay_lease(s->views, ask, next.vintage, &lease);
        if (e == ERR_NOT_FOUND || e == ERR_NO_VINTAGE)
                return ERR_VINTAGE_CLOSED;
        TRY(e);
        return note_tables(
                s, ask, &(struct noting){vintage, lease.view, lease.coverage, true, next.removed});
}

/* Whose planned tables anybody can have without asking anything else: those of every vintage,
 * told before the first question is judged, whichever vintage it is about. Of a closed one
 * nobody can be counted any more. */
static enum err note_one(struct shelf *s, const struct memory_ask *ask, struct vintage vintage)
{
        OWNED(view_lease_done) struct view_lease lease = {0};
        enum err e = replay_lease(s->views, ask, vintage, &lease);

        if (e == ERR_NOT_FOUND || e == ERR_NO_VINTAGE || e == ERR_VINTAGE_CLOSED)
                return note_closed(s, ask, vintage);
        return e == ERR_OK ? note_planned(s, ask, lease.view, lease.coverage) : e;
}

enum err shelf_note(struct shelf *s, const struct memory_ask *ask)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        struct vintage now = view_vintage(ask->view);
        struct stored_lattice *stored = NULL;
        uint32_t len = 0;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(store_lattices(s->store, s->dataset, arena, &stored, &len));
        for (uint32_t i = 0; i < len; i++) {
                struct vintage v = stored[i].vintage;
                bool here = v.number == now.number && v.revision == now.revision;

                if (stored[i].number <= latest_noted(s, v))
                        continue;
                TRY(here ? note_planned(s, ask, ask->view, ask->coverage) : note_one(s, ask, v));
        }
        return ERR_OK;
}

/* Making it anew ----------------------------------------------------------------------------- */

struct making {
        struct shelf *shelf;
        const struct memory_ask *ask; /* under the data set's own linkage */
        bool stored;                  /* what comes is from the store */
        uint32_t questions;
};

static enum err count(void *ctx, const struct memory_ask *ask, const struct view *view,
        const struct view *home, const struct memory_question *q, struct arena *arena,
        struct rows *out)
{
        const struct making *m = ctx;

        return shelf_rows(m->shelf, ask, view, home, q, arena, out);
}

static enum err on_vintage(void *ctx, const struct view *home, const struct coverage *coverage)
{
        const struct making *m = ctx;

        return noted_find(m->shelf, view_vintage(home)) == NULL
                       ? note_planned(m->shelf, m->ask, home, coverage)
                       : ERR_OK;
}

/* The stricter of two is of what is held to more than the data set's own k. */
static bool is_at_home(void *ctx, const char *linkage)
{
        const struct making *m = ctx;

        return m->shelf->of != NULL && strcmp(linkage, m->shelf->linkage) == 0;
}

static bool is_of_the_other(void *ctx, const struct policy_linkage *l)
{
        const struct making *m = ctx;
        const struct policy *p = m->ask->policy;
        const struct policy_dataset *d = m->ask->dataset;

        return m->shelf->of != NULL &&
               (l == NULL || memory_floor(p, l, d) <= memory_floor(p, m->ask->linkage, d));
}

static enum err on_answered(void *ctx, const struct replayed *what)
{
        struct making *m = ctx;
        struct ledger *ledger = shelf_ledger(m->shelf, what->question);
        struct rows *rows = what->rows;

        if (what->closed) {
                m->questions++;
                return ledger_suspect(ledger, rows->sets, rows->len, what->removed);
        }
        return what->question->cells ? remember_cells(ledger, rows, rows->len)
                                     : ledger_remember(ledger, rows->sets, rows->len);
}

static enum err on_judged(void *ctx, const struct stored_question *q)
{
        struct making *m = ctx;

        m->questions++;
        return known_add(&m->shelf->known, &q->key, q->rows, q->answered, m->stored);
}

/* What cannot be counted any more as it was leaves the memory with a gap, which it knows of. */
static enum err on_gap(void *ctx, const char *linkage, bool derived, enum err why)
{
        struct making *m = ctx;

        if (why == ERR_VINTAGE_CLOSED && (!derived || strcmp(linkage, m->shelf->linkage) == 0))
                return why;
        log_event(LOG_WARNING, "memory_incomplete", LOG_TEXT("dataset", m->shelf->dataset),
                LOG_TEXT("linkage", linkage), LOG_TEXT("code", err_name(why)));
        m->shelf->incomplete = true;
        return ERR_OK;
}

static const struct replay_sink sink = {
        .count = count,
        .vintage = on_vintage,
        .skips = is_at_home,
        .skips_under = is_of_the_other,
        .answered = on_answered,
        .judged = on_judged,
        .gap = on_gap,
};

/* What is on its way to the store may leave, whatever becomes of the memory it was judged by. */
static enum err replay_promised(const struct replay *r, struct making *m)
{
        const struct shelf *s = m->shelf->of != NULL ? m->shelf->of : m->shelf;

        m->stored = false;
        for (const struct promise *p = s->promised; p != NULL; p = p->beside)
                if (known_find(&m->shelf->known, &p->question.key) == NULL)
                        TRY(replay_one(r, p->linkage, &p->question));
        return ERR_OK;
}

/* Who stands alone has a name that nobody has whom the linkage joins: where it joins others than
 * before, their persons would be taken for strangers. */
static enum err joined_at_home(const struct memory_ask *ask, struct digest *out)
{
        const struct query any = {.unit = UNIT_PERSON};

        return memory_joins(ask->policy, ask->linkage, &any, out);
}

static enum err shelf_make(struct shelf *s, const struct memory_ask *ask, uint32_t threshold)
{
        const struct ledger_options options = {
                .threshold = threshold, .memory_ceiling = LEDGER_MEMORY};
        const struct ledger_options cells = {.threshold = floor_of(s, ask),
                .memory_ceiling = LEDGER_MEMORY,
                .work_limit = CELLS_WORK};
        struct making m = {.shelf = s, .ask = ask, .stored = true};
        const struct replay r = {s->store, s->views, s->dataset, ask, threshold, &sink, &m};
        struct bytes home = ask->linkage->rules->id;

        shelf_clear(s);
        memset(s->linkage, 0, sizeof s->linkage);
        memcpy(s->linkage, home.data, home.len);
        s->threshold = threshold;
        s->cells_threshold = cells.threshold;
        TRY(joined_at_home(ask, &s->joins));
        TRY(persons_new(&s->persons));
        TRY(ledger_new(&options, &s->ledger));
        TRY(ledger_new(&cells, &s->cells));
        TRY(ledger_new(&cells, &s->records));
        TRY(replay_stored(&r));
        TRY(replay_promised(&r, &m));
        if (m.questions > 0)
                log_event(LOG_INFO, "memory_made", LOG_TEXT("linkage", s->linkage),
                        LOG_TEXT("dataset", s->dataset), LOG_NUM("questions", m.questions));
        return ERR_OK;
}

enum err shelf_ready(struct shelf *s, const struct memory_ask *ask)
{
        uint32_t threshold = memory_threshold(ask->policy, ask->linkage, ask->dataset);
        struct digest joins;

        TRY(joined_at_home(ask, &joins));
        if (s->ledger != NULL && s->threshold >= threshold &&
                s->cells_threshold >= floor_of(s, ask) &&
                bytes_is_text(ask->linkage->rules->id, s->linkage) &&
                digest_equal(&joins, &s->joins) && take_names(s, ask->view) == ERR_OK)
                return ERR_OK;
        enum err e = shelf_make(s, ask, threshold);
        if (e != ERR_OK) {
                log_event(LOG_ERROR, "memory_not_made", LOG_TEXT("linkage", s->linkage),
                        LOG_TEXT("dataset", s->dataset), LOG_TEXT("code", err_name(e)));
                shelf_clear(s);
        }
        return e;
}
