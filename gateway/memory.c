/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c: judging a question in the light of all that was answered before.
 *
 * A *shelf* holds the memory of one data set. It is made when first
 * needed: every question that the store has is counted again, in the views of its vintage and
 * linkage, and the rows that were answered are put into the ledger as they were, whatever the
 * ledger thinks of them now. Persons are those of the data set's own linkage ("home"), and so are
 * planned tables; what was asked under another is told by its own view with that one beside it.
 *
 * The order is: judge, commit, protect, and write to the store with the entry that tells of the
 * answer, in one transaction; only then does it leave. After a crash the store has both or
 * neither, and of neither nothing has left. Who is judged meanwhile is judged in the light of
 * what is only promised yet (memory_known.h). If something fails after the verdict, more is
 * remembered than was told, which is safe; the other way round would not be. A question that is
 * refused is written down like one that is answered, so it costs the same.
 *
 * Persons are told to be the same by their record keys. When these are made with other keys from
 * now on (a second k_person has taken the place of the first), the shelf is made anew in views
 * of the new ones. */
#include "gateway/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/memory_known.h"
#include "gateway/memory_lattice.h"
#include "gateway/memory_linkage.h"
#include "gateway/memory_sets.h"
#include "gateway/store/lattice.h"

enum { MEMBERS_MAX = 1 << 30, LEDGER_MEMORY = 512 << 20 };
/* Steps of one admission of cells, about two seconds; and of all planned ones together. */
#define CELLS_WORK   ((uint64_t)400000000)
#define PLANNED_WORK ((uint64_t)800000000)

struct shelf {
        struct shelf *next;
        char dataset[NAME_MAX_LEN + 1];
        pthread_mutex_t lock;
        char linkage[NAME_MAX_LEN + 1]; /* the data set's own, when this was made */
        struct ledger *ledger;          /* of rows; NULL: not made yet */
        struct ledger *cells, *records;
        struct persons *persons;
        uint64_t named_by; /* of all views (view.h); 0: nobody was seen yet */
        uint32_t threshold, cells_threshold;
        uint64_t planned_work; /* that cells of planned tables took */
        struct known_table known;
        bool incomplete; /* a question could not be counted again: its linkage has ended */
        struct promise *promised;
        struct vintage *noted; /* whose planned tables are in the ledger */
        uint32_t noted_len, noted_cap;
};

struct memory {
        struct store *store;
        struct views *views;
        pthread_mutex_t lock; /* of the list */
        struct shelf *shelves;
};

/* Shelves ------------------------------------------------------------------------------------ */

static void shelf_clear(struct shelf *s)
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

enum err memory_new(struct store *store, struct views *views, struct memory **out)
{
        struct memory *m = calloc(1, sizeof *m);

        if (m == NULL)
                return ERR_NO_MEMORY;
        m->store = store;
        m->views = views;
        (void)pthread_mutex_init(&m->lock, NULL);
        *out = m;
        return ERR_OK;
}

void memory_free(struct memory **memory)
{
        struct memory *m = memory != NULL ? *memory : NULL;

        if (m == NULL)
                return;
        while (m->shelves != NULL) {
                struct shelf *s = m->shelves;

                m->shelves = s->next;
                shelf_clear(s);
                (void)pthread_mutex_destroy(&s->lock);
                free(s);
        }
        (void)pthread_mutex_destroy(&m->lock);
        free(m);
        *memory = NULL;
}

static struct shelf *shelf_find(struct memory *m, struct bytes dataset)
{
        struct shelf *s;

        (void)pthread_mutex_lock(&m->lock);
        for (s = m->shelves; s != NULL; s = s->next)
                if (bytes_is_text(dataset, s->dataset))
                        break;
        (void)pthread_mutex_unlock(&m->lock);
        return s;
}

static enum err shelf_get(struct memory *m, struct bytes dataset, struct shelf **out)
{
        struct shelf *s = shelf_find(m, dataset), *again;

        if (s == NULL) {
                s = calloc(1, sizeof *s);
                if (s == NULL)
                        return ERR_NO_MEMORY;
                memcpy(s->dataset, dataset.data, dataset.len);
                (void)pthread_mutex_init(&s->lock, NULL);
                (void)pthread_mutex_lock(&m->lock);
                for (again = m->shelves; again != NULL; again = again->next)
                        if (strcmp(again->dataset, s->dataset) == 0)
                                break;
                if (again == NULL) {
                        s->next = m->shelves;
                        m->shelves = s;
                } else {
                        (void)pthread_mutex_destroy(&s->lock);
                        free(s);
                        s = again;
                }
                (void)pthread_mutex_unlock(&m->lock);
        }
        *out = s;
        return ERR_OK;
}

/* Who is in which row ------------------------------------------------------------------------ */

/* Records are in a memory of their own: that records and persons of one cell are told together,
 * and with them how many more the ones are, is for the rules to allow. */
static struct ledger *ledger_of(struct shelf *s, const struct memory_question *q)
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

static enum err rows_of(struct shelf *s, const struct memory_ask *ask, const struct view *view,
        const struct view *home, const struct memory_question *q, struct arena *arena,
        struct rows *out)
{
        TRY(take_names(s, home != NULL ? home : view));
        TRY(memory_rows(s->persons, ask, view, home, q, arena, out));
        return ledger_grow(ledger_of(s, q), persons_len(s->persons));
}

/* Planned tables ----------------------------------------------------------------------------- */

static bool is_noted(const struct shelf *s, struct vintage v)
{
        for (uint32_t i = 0; i < s->noted_len; i++)
                if (s->noted[i].number == v.number && s->noted[i].revision == v.revision)
                        return true;
        return false;
}

static enum err note(struct shelf *s, struct vintage v)
{
        if (s->noted_len == s->noted_cap) {
                uint32_t cap = s->noted_cap == 0 ? 8 : 2 * s->noted_cap;
                struct vintage *grown = realloc(s->noted, cap * sizeof *grown);

                if (grown == NULL)
                        return ERR_NO_MEMORY;
                s->noted = grown;
                s->noted_cap = cap;
        }
        s->noted[s->noted_len++] = v;
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
        struct ledger *ledger = ledger_of(s, &told->question);
        struct rows rows;
        uint32_t n = 0;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        told->question.query.vintage = view_vintage(of->view);
        TRY(rows_of(s, ask, of->view, NULL, &told->question, arena, &rows));
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

static enum err note_tables(
        struct memory *m, struct shelf *s, const struct memory_ask *ask, const struct noting *of)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        const struct lattice_telling telling = {
                .store = m->store,
                .policy = ask->policy,
                .dataset = ask->dataset,
                .purpose = bytes_of_text(ask->purpose),
                .vintage = of->vintage,
                .view = of->view,
                .deliveries = coverage_find(of->coverage, ask->dataset->id),
                .arena = arena,
        };
        struct lattice_told *told;
        uint32_t len;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        if (is_noted(s, of->vintage))
                return ERR_OK;
        TRY(lattice_told_of(&telling, &told, &len));
        for (uint32_t i = 0; i < len; i++)
                TRY(remember_told(s, ask, of, &told[i]));
        if (len > 0)
                log_noted(s, of->vintage);
        return note(s, of->vintage);
}

static enum err note_planned(struct memory *m, struct shelf *s, const struct memory_ask *ask,
        const struct view *view, const struct coverage *coverage)
{
        return note_tables(
                m, s, ask, &(struct noting){view_vintage(view), view, coverage, false, 0});
}

static enum err lease_of(struct memory *m, const struct memory_ask *ask, struct vintage vintage,
        struct view_lease *out)
{
        const struct view_wish wish = {
                .policy = ask->policy,
                .linkage = ask->linkage,
                .dataset = ask->dataset,
                .purpose = ask->purpose,
                .vintage = vintage,
                .cancel = ask->cancel,
        };

        return views_lease(m->views, &wish, out);
}

/* Whoever settled has said that this is no longer held against anybody. */
static enum err leave_out(struct shelf *s, struct vintage vintage)
{
        log_event(LOG_INFO, "answers_left_out", LOG_TEXT("dataset", s->dataset),
                LOG_TEXT("linkage", s->linkage), LOG_NUM("vintage", vintage.number));
        return note(s, vintage);
}

/* As replay_closed. What was given up is left out. */
static enum err note_closed(
        struct memory *m, struct shelf *s, const struct memory_ask *ask, struct vintage vintage)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        OWNED(view_lease_done) struct view_lease lease = {0};
        struct successor next;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        enum err e = memory_successor(m->store, vintage, arena, &next);
        if (e == ERR_NOT_FOUND)
                return leave_out(s, vintage);
        TRY(e);
        e = lease_of(m, ask, next.vintage, &lease);
        if (e == ERR_NOT_FOUND || e == ERR_NO_VINTAGE)
                return ERR_VINTAGE_CLOSED;
        TRY(e);
        return note_tables(m, s, ask,
                &(struct noting){vintage, lease.view, lease.coverage, true, next.removed});
}

/* Whose planned tables anybody can have without asking anything else: those of every vintage,
 * told before the first question is judged, whichever vintage it is about. Of a closed one
 * nobody can be counted any more. */
static enum err note_one(
        struct memory *m, struct shelf *s, const struct memory_ask *ask, struct vintage vintage)
{
        OWNED(view_lease_done) struct view_lease lease = {0};
        enum err e = lease_of(m, ask, vintage, &lease);

        if (e == ERR_NOT_FOUND || e == ERR_NO_VINTAGE || e == ERR_VINTAGE_CLOSED)
                return note_closed(m, s, ask, vintage);
        return e == ERR_OK ? note_planned(m, s, ask, lease.view, lease.coverage) : e;
}

static enum err note_all(struct memory *m, struct shelf *s, const struct memory_ask *ask)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        struct vintage now = view_vintage(ask->view);
        struct stored_lattice *stored = NULL;
        uint32_t len = 0;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(store_lattices(m->store, s->dataset, arena, &stored, &len));
        for (uint32_t i = 0; i < len; i++) {
                struct vintage v = stored[i].vintage;
                bool here = v.number == now.number && v.revision == now.revision;

                if (!here && !is_noted(s, v))
                        TRY(note_one(m, s, ask, v));
        }
        return note_planned(m, s, ask, ask->view, ask->coverage);
}

/* Making it anew ----------------------------------------------------------------------------- */

struct replay {
        struct memory *memory;
        struct shelf *shelf;
        const struct memory_ask *ask; /* under the data set's own linkage */
        struct vintage now;           /* of the view at hand */
        bool stored;                  /* what comes is from the store */
        uint32_t questions;
};

static bool is_answered(struct bytes bits, uint32_t i)
{
        return (bits.data[i / 8] >> i % 8 & 1) != 0;
}

/* Where the policy that it was answered under had other categories, all rows of enough are
 * taken to have been. */
static enum err remember_rows(struct replay *r, const struct stored_question *q,
        const struct memory_question *question, struct rows *rows)
{
        struct ledger *ledger = ledger_of(r->shelf, question);
        bool same = q->rows == rows->of;
        uint32_t n = 0;

        for (uint32_t i = 0; i < rows->len; i++)
                if (same ? is_answered(q->answered, rows->cells[i])
                         : rows->sets[i].len >= r->shelf->threshold)
                        rows->sets[n++] = rows->sets[i];
        return question->cells ? remember_cells(ledger, rows, n)
                               : ledger_remember(ledger, rows->sets, n);
}

struct counting {
        const struct stored_question *stored;
        struct memory_question question;
        const struct view *home;
        struct arena *arena;
};

/* Under a linkage that is not the data set's own. */
static enum err count_under(
        struct replay *r, const struct policy_linkage *l, const struct counting *c)
{
        OWNED(view_lease_done) struct view_lease lease = {0};
        struct memory_ask ask = *r->ask;
        struct rows rows;

        ask.linkage = l;
        TRY(memory_purpose(l, c->arena, &ask.purpose));
        TRY(lease_of(r->memory, &ask, view_vintage(c->home), &lease));
        TRY(rows_of(r->shelf, &ask, lease.view, c->home, &c->question, c->arena, &rows));
        return remember_rows(r, c->stored, &c->question, &rows);
}

static enum err count_at_home(struct replay *r, const struct counting *c)
{
        struct rows rows;

        TRY(rows_of(r->shelf, r->ask, c->home, NULL, &c->question, c->arena, &rows));
        return remember_rows(r, c->stored, &c->question, &rows);
}

/* What cannot be counted any more as it was leaves the memory with a gap, which it knows of. */
static enum err count_again(struct replay *r, const char *linkage, const struct counting *c)
{
        const struct policy_linkage *l = memory_linkage_find(r->ask->policy, r->ask->linkage,
                bytes_of_text(linkage), r->ask->dataset, &c->question);
        enum err e = l == NULL              ? ERR_LINKAGE_REFUSED
                     : l == r->ask->linkage ? count_at_home(r, c)
                                            : count_under(r, l, c);

        if (l == r->ask->linkage || (e != ERR_LINKAGE_REFUSED && e != ERR_UNSUPPORTED))
                return e;
        log_event(LOG_WARNING, "memory_incomplete", LOG_TEXT("dataset", r->shelf->dataset),
                LOG_TEXT("linkage", linkage), LOG_TEXT("code", err_name(e)));
        r->shelf->incomplete = true;
        return c->question.query.derived_len > 0 ? ERR_OK : count_at_home(r, c);
}

static enum err replay_on(struct replay *r, const char *linkage, const struct stored_question *q,
        const struct view *view, const struct coverage *coverage)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        struct counting c = {.stored = q, .home = view, .arena = arena};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(note_planned(r->memory, r->shelf, r->ask, view, coverage));
        TRY(memory_question_read(arena, q->question, &c.question));
        TRY(count_again(r, linkage, &c));
        r->questions++;
        return known_add(&r->shelf->known, &q->key, q->rows, q->answered, r->stored);
}

/* The persons of a vintage that was closed since are those of its successor, but for what was
 * removed: of no more persons than records went. Where something was asked about kin or other
 * data sets, one record more or less is a matter of others as well. */
static enum err replay_closed(struct replay *r, const struct stored_question *q)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        OWNED(view_lease_done) struct view_lease lease = {0};
        struct memory_question question = {0};
        struct successor next;
        struct rows rows;
        uint32_t n = 0;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        enum err e = memory_successor(r->memory->store, q->vintage, arena, &next);
        if (e == ERR_NOT_FOUND)
                return ERR_OK;
        TRY(e);
        TRY(memory_question_read(arena, q->question, &question));
        if (question.query.derived_len > 0)
                return ERR_VINTAGE_CLOSED;
        TRY(lease_of(r->memory, r->ask, next.vintage, &lease));
        question.query.vintage = next.vintage;
        TRY(rows_of(r->shelf, r->ask, lease.view, NULL, &question, arena, &rows));
        for (uint32_t i = 0; i < rows.len; i++)
                if (q->rows != rows.of || is_answered(q->answered, rows.cells[i]))
                        rows.sets[n++] = rows.sets[i];
        r->questions++;
        return ledger_suspect(ledger_of(r->shelf, &question), rows.sets, n, next.removed);
}

static enum err replay_one(void *ctx, const char *linkage, const struct stored_question *q)
{
        struct replay *r = ctx;
        OWNED(view_lease_done) struct view_lease lease = {0};

        if (q->vintage.number == r->now.number && q->vintage.revision == r->now.revision)
                return replay_on(r, linkage, q, r->ask->view, r->ask->coverage);
        enum err e = lease_of(r->memory, r->ask, q->vintage, &lease);
        if (e == ERR_NOT_FOUND || e == ERR_VINTAGE_CLOSED)
                return replay_closed(r, q);
        return e == ERR_OK ? replay_on(r, linkage, q, lease.view, lease.coverage) : e;
}

/* What is on its way to the store may leave, whatever becomes of the memory it was judged by. */
static enum err replay_promised(struct replay *r)
{
        r->stored = false;
        for (const struct promise *p = r->shelf->promised; p != NULL; p = p->beside)
                if (known_find(&r->shelf->known, &p->question.key) == NULL)
                        TRY(replay_one(r, p->linkage, &p->question));
        return ERR_OK;
}

static enum err shelf_make(struct memory *m, struct shelf *s, const struct memory_ask *ask,
        struct vintage now, uint32_t threshold)
{
        const struct ledger_options options = {
                .threshold = threshold, .memory_ceiling = LEDGER_MEMORY};
        const struct ledger_options cells = {
                .threshold = memory_floor(ask->policy, ask->linkage, ask->dataset),
                .memory_ceiling = LEDGER_MEMORY,
                .work_limit = CELLS_WORK};
        struct replay r = {.memory = m, .shelf = s, .ask = ask, .now = now, .stored = true};
        struct bytes home = ask->linkage->rules->id;

        shelf_clear(s);
        memset(s->linkage, 0, sizeof s->linkage);
        memcpy(s->linkage, home.data, home.len);
        s->threshold = threshold;
        s->cells_threshold = cells.threshold;
        TRY(persons_new(&s->persons));
        TRY(ledger_new(&options, &s->ledger));
        TRY(ledger_new(&cells, &s->cells));
        TRY(ledger_new(&cells, &s->records));
        TRY(store_ledger_each(m->store, s->dataset, replay_one, &r));
        TRY(replay_promised(&r));
        if (r.questions > 0)
                log_event(LOG_INFO, "memory_made", LOG_TEXT("linkage", s->linkage),
                        LOG_TEXT("dataset", s->dataset), LOG_NUM("questions", r.questions));
        return ERR_OK;
}

static enum err shelf_ready(struct memory *m, struct shelf *s, const struct memory_ask *ask,
        const struct memory_question *q)
{
        uint32_t threshold = memory_threshold(ask->policy, ask->linkage, ask->dataset);

        if (s->ledger != NULL && s->threshold >= threshold &&
                s->cells_threshold >= memory_floor(ask->policy, ask->linkage, ask->dataset) &&
                bytes_is_text(ask->linkage->rules->id, s->linkage) &&
                take_names(s, ask->view) == ERR_OK)
                return ERR_OK;
        enum err e = shelf_make(m, s, ask, q->query.vintage, threshold);
        if (e != ERR_OK) {
                log_event(LOG_ERROR, "memory_not_made", LOG_TEXT("linkage", s->linkage),
                        LOG_TEXT("dataset", s->dataset), LOG_TEXT("code", err_name(e)));
                shelf_clear(s);
        }
        return e;
}

/* Judging ------------------------------------------------------------------------------------ */

/* If all of them may be told, they may in any order; fine ones first takes far less. */
static enum err judge_cells(
        struct ledger *cells, struct arena *arena, const struct rows *rows, uint8_t *verdicts)
{
        struct ledger_set *turned = arena_alloc(arena, rows->len, sizeof *turned);
        bool all;

        if (turned == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < rows->len; i++)
                turned[i] = rows->sets[rows->len - 1 - i];
        TRY(ledger_judge_all(cells, turned, rows->len, &all));
        if (!all)
                return ledger_judge(cells, rows->sets, rows->len, verdicts);
        memset(verdicts, LEDGER_KNOWN, rows->len);
        return ERR_OK;
}

static enum err verdicts_as_bits(struct ledger *ledger, const struct memory_question *q,
        struct arena *arena, const struct rows *rows, struct bytes *out)
{
        uint8_t *verdicts = arena_alloc(arena, rows->len, 1);
        struct bytes answered = {.len = ((size_t)rows->of + 7) / 8};
        uint8_t *bits = arena_alloc(arena, answered.len, 1);

        if (verdicts == NULL || bits == NULL)
                return ERR_NO_MEMORY;
        TRY(q->cells ? judge_cells(ledger, arena, rows, verdicts)
                     : ledger_judge(ledger, rows->sets, rows->len, verdicts));
        for (uint32_t i = 0; i < rows->len; i++)
                if (ledger_allows(verdicts[i]))
                        bits[rows->cells[i] / 8] |= (uint8_t)(1u << rows->cells[i] % 8);
        answered.data = bits;
        *out = answered;
        return ERR_OK;
}

static enum err judge_rows(struct shelf *s, const struct memory_ask *ask,
        const struct memory_question *q, const struct digest *key)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        struct ledger *ledger = ledger_of(s, q);
        struct bytes answered;
        struct rows rows;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(rows_of(
                s, ask, ask->view, ask->home != NULL ? ask->home->view : NULL, q, arena, &rows));
        enum err e = verdicts_as_bits(ledger, q, arena, &rows, &answered);

        if (e == ERR_OK)
                e = known_add(&s->known, key, rows.of, answered, false);
        if (e != ERR_OK) {
                ledger_forget(ledger);
                return e;
        }
        ledger_commit(ledger);
        return ERR_OK;
}

static enum err tell(
        struct arena *arena, const struct known *k, const uint8_t **answered, uint32_t *cells)
{
        uint8_t *out = arena_alloc(arena, k->cells, 1);

        if (out == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < k->cells; i++)
                out[i] = k->answered[i / 8] >> i % 8 & 1;
        *answered = out;
        *cells = k->cells;
        return ERR_OK;
}

static enum err promise(struct shelf *s, const struct memory_ask *ask,
        const struct memory_question *q, const struct known *k)
{
        OWNED(buf_done) struct buf b;
        struct memory_question told = *q;
        struct stored_question wanted = {
                .key = k->key,
                .policy = *policy_digest(ask->policy),
                .vintage = q->query.vintage,
                .rows = k->cells,
                .answered = bytes_of(k->answered, ((size_t)k->cells + 7) / 8),
        };
        struct promise *p;

        buf_init(&b, MEMORY_QUESTION_MAX);
        told.has_joined = q->query.derived_len > 0;
        if (told.has_joined)
                TRY(memory_joins(ask->policy, ask->linkage, &q->query, &told.joined));
        TRY(memory_question_write(&told, &b));
        TRY(buf_end(&b, &wanted.question));
        TRY(promise_new(ask->linkage->rules->id, &wanted, &p));
        p->shelf = s;
        p->beside = s->promised;
        s->promised = p;
        p->next = *ask->promises;
        *ask->promises = p;
        return ERR_OK;
}

static struct memory_ask ask_at_home(const struct memory_ask *ask)
{
        struct memory_ask home = *ask;

        if (ask->home == NULL)
                return home;
        home.linkage = ask->home->linkage;
        home.purpose = ask->home->purpose;
        home.view = ask->home->view;
        home.coverage = ask->home->coverage;
        home.rows = NULL;
        home.home = NULL;
        return home;
}

static enum err judge_locked(struct memory *m, struct shelf *s, const struct memory_ask *ask,
        const struct memory_question *q, const uint8_t **answered, uint32_t *cells)
{
        const struct memory_ask home = ask_at_home(ask);
        const struct known *k;
        struct digest key;

        TRY(shelf_ready(m, s, &home, q));
        TRY(memory_key(ask->policy, ask->home != NULL ? ask->linkage->rules->id : (struct bytes){0},
                q, &key));
        if (known_find(&s->known, &key) == NULL) {
                if (s->incomplete && q->query.derived_len > 0)
                        return ERR_LINKAGE_REFUSED;
                TRY(note_all(m, s, &home));
                TRY(judge_rows(s, ask, q, &key));
        }
        k = known_find(&s->known, &key);
        if (!k->stored)
                TRY(promise(s, ask, q, k));
        return tell(ask->arena, k, answered, cells);
}

enum err memory_judge(struct memory *m, const struct memory_ask *ask,
        const struct memory_question *question, const uint8_t **answered, uint32_t *cells)
{
        struct shelf *s;

        TRY(shelf_get(m, ask->dataset->id, &s));
        (void)pthread_mutex_lock(&s->lock);
        enum err e = judge_locked(m, s, ask, question, answered, cells);
        (void)pthread_mutex_unlock(&s->lock);
        return e;
}

/* Promises ----------------------------------------------------------------------------------- */

static void promise_end(struct promise *p, bool stored)
{
        struct shelf *s = p->shelf;
        struct promise **at = &s->promised;

        (void)pthread_mutex_lock(&s->lock);
        while (*at != p)
                at = &(*at)->beside;
        *at = p->beside;
        if (stored)
                known_is_stored(&s->known, &p->question.key);
        (void)pthread_mutex_unlock(&s->lock);
        free(p);
}

static void promises_end(struct promise **promises, bool stored)
{
        while (*promises != NULL) {
                struct promise *p = *promises;

                *promises = p->next;
                promise_end(p, stored);
        }
}

enum err memory_write(struct memory *m, struct promise **promises, const struct entry_draft *entry,
        uint64_t *out_number)
{
        struct ledger_line *lines;
        uint32_t len = 0, n = 0;
        enum err e;

        for (const struct promise *p = *promises; p != NULL; p = p->next)
                len++;
        lines = calloc((size_t)len + 1, sizeof *lines);
        if (lines == NULL)
                return ERR_NO_MEMORY;
        for (const struct promise *p = *promises; p != NULL; p = p->next, n++)
                lines[len - 1 - n] =
                        (struct ledger_line){p->linkage, p->shelf->dataset, &p->question};
        e = store_ledger_put(m->store, lines, len, entry, out_number);
        free(lines);
        if (e == ERR_OK)
                promises_end(promises, true);
        return e;
}

void memory_break(struct promise **promises)
{
        promises_end(promises, false);
}

struct memory_status memory_status(struct memory *m, struct bytes dataset)
{
        struct shelf *s = shelf_find(m, dataset);
        struct memory_status status = {0};

        if (s == NULL)
                return status;
        (void)pthread_mutex_lock(&s->lock);
        status.questions = s->known.used;
        if (s->ledger != NULL)
                status.ledger = ledger_stats(s->ledger);
        (void)pthread_mutex_unlock(&s->lock);
        return status;
}
