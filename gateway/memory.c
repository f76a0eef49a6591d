/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c: judging a question in the light of all that was answered before.
 *
 * A *shelf* (memory_shelf.h) holds the memory of one data set. It is made when first needed.
 *
 * The order is: judge, commit, protect, and write to the store with the entry that tells of the
 * answer, in one transaction; only then does it leave. After a crash the store has both or
 * neither, and of neither nothing has left. Who is judged meanwhile is judged in the light of
 * what is only promised yet (memory_known.h). If something fails after the verdict, more is
 * remembered than was told, which is safe; the other way round would not be. A question that is
 * refused is written down like one that is answered, so it costs the same. */
#include "gateway/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "gateway/memory_linkage.h"
#include "gateway/memory_shelf.h"

enum { MEMBERS_MAX = 1 << 30 };

struct memory {
        struct store *store;
        struct views *views;
        pthread_mutex_t lock; /* of the list */
        struct shelf *shelves;
};

/* Shelves ------------------------------------------------------------------------------------ */

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
                if (s->stricter != NULL)
                        shelf_clear(s->stricter);
                free(s->stricter);
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

enum err memory_shelf(struct memory *m, struct bytes dataset, struct shelf **out)
{
        struct shelf *s = shelf_find(m, dataset), *again;

        if (s == NULL) {
                s = calloc(1, sizeof *s);
                if (s == NULL)
                        return ERR_NO_MEMORY;
                s->store = m->store;
                s->views = m->views;
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
        struct ledger *ledger = shelf_ledger(s, q);
        struct bytes answered;
        struct rows rows;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(shelf_rows(
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

static struct bytes linkage_beside(const struct memory_ask *ask)
{
        return ask->home != NULL ? ask->linkage->rules->id : (struct bytes){0};
}

/* Among others of the linkage is one with a larger k than any that its own linkage has. */
static bool is_stricter(const struct memory_ask *ask, const struct memory_question *q)
{
        return ask->home != NULL && q->query.derived_len > 0 &&
               memory_floor(ask->policy, ask->linkage, ask->dataset) >
                       memory_floor(ask->policy, ask->home->linkage, ask->dataset);
}

static enum err stricter_get(struct shelf *s, struct shelf **out)
{
        struct shelf *x = s->stricter;

        if (x == NULL) {
                x = calloc(1, sizeof *x);
                if (x == NULL)
                        return ERR_NO_MEMORY;
                x->store = s->store;
                x->views = s->views;
                memcpy(x->dataset, s->dataset, sizeof x->dataset);
                x->of = s;
                s->stricter = x;
        }
        *out = x;
        return ERR_OK;
}

/* Against its like first: what passes there is judged against everything by the data set's own k.
 * Of what is refused then more is remembered here than was told, which is safe. Nothing is
 * promised: what is told is stored once, and counted again into both. */
static enum err judge_stricter(struct shelf *s, const struct memory_ask *ask,
        const struct memory_ask *home, struct memory_question *q)
{
        const uint8_t *answered;
        struct digest key;
        struct shelf *x;
        uint32_t cells;

        TRY(stricter_get(s, &x));
        TRY(shelf_ready(x, home));
        TRY(memory_key(ask->policy, linkage_beside(ask), q, &key));
        if (known_find(&x->known, &key) == NULL) {
                TRY(shelf_note(x, home));
                TRY(judge_rows(x, ask, q, &key));
        }
        TRY(tell(ask->arena, known_find(&x->known, &key), &answered, &cells));
        q->shown = answered;
        q->shown_len = cells;
        return ERR_OK;
}

static enum err judge_locked(struct shelf *s, const struct memory_ask *ask,
        const struct memory_question *question, const uint8_t **answered, uint32_t *cells)
{
        const struct memory_ask home = ask_at_home(ask);
        struct memory_question q = *question;
        const struct known *k;
        struct digest key;

        TRY(shelf_ready(s, &home));
        if (is_stricter(ask, &q))
                TRY(judge_stricter(s, ask, &home, &q));
        TRY(memory_key(ask->policy, linkage_beside(ask), &q, &key));
        if (known_find(&s->known, &key) == NULL) {
                if (s->incomplete && q.query.derived_len > 0)
                        return ERR_LINKAGE_REFUSED;
                TRY(shelf_note(s, &home));
                TRY(judge_rows(s, ask, &q, &key));
                s->judged++;
        }
        k = known_find(&s->known, &key);
        if (!k->stored)
                TRY(promise(s, ask, &q, k));
        return tell(ask->arena, k, answered, cells);
}

enum err memory_judge(struct memory *m, const struct memory_ask *ask,
        const struct memory_question *question, const uint8_t **answered, uint32_t *cells)
{
        struct shelf *s;

        TRY(memory_shelf(m, ask->dataset->id, &s));
        (void)pthread_mutex_lock(&s->lock);
        enum err e = judge_locked(s, ask, question, answered, cells);
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
