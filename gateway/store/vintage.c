/* SPDX-License-Identifier: Apache-2.0 */
/* vintage.c: frozen states of the deliveries.
 *
 * A vintage is a number and the set of submissions that were committed at that
 * moment. The set does not change; when something in it must go, a new revision
 * takes its place (7.1 after 7.0) and the older one is closed to computation. At
 * most one revision of a number is open. A replaced submission stays readable for
 * as long as an open vintage names it. */
#include <string.h>

#include "base/arena.h"
#include "gateway/store/inside.h"

static enum err vintage_read(const struct run *r, struct stored_vintage *out)
{
        struct stored_vintage v = {0};
        struct bytes note = column_bytes(r, 6);
        int64_t records;

        TRY(column_u32(r, 0, &v.vintage.number));
        TRY(column_u32(r, 1, &v.vintage.revision));
        v.published_at_ms = column_i64(r, 2);
        TRY(column_u32(r, 3, &v.submissions));
        TRY(column_range(r, 4, 0, INT64_MAX, &records));
        v.records = (uint64_t)records;
        v.open = column_i64(r, 5) == 1;
        TRY(column_u32(r, 7, &v.aliases));
        v.given_up = column_i64(r, 8) == 1;
        if (note.len > LABEL_MAX_LEN)
                return ERR_CORRUPT;
        if (note.len > 0)
                memcpy(v.note, note.data, note.len);
        *out = v;
        return ERR_OK;
}

static void bind_vintage(struct run *r, struct vintage v)
{
        bind_i64(r, v.number);
        bind_i64(r, v.revision);
}

static enum err run_for(struct db *db, enum sql which, struct vintage v)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, which, &r));
        bind_vintage(&r, v);
        return run_to_end(&r);
}

/* One vintage from a statement whose parameters, if any, are `v`. */
static enum err vintage_one(
        struct db *db, enum sql which, const struct vintage *v, struct stored_vintage *out)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, which, &r));
        if (v != NULL)
                bind_vintage(&r, *v);
        TRY(run_row(&r));
        return vintage_read(&r, out);
}

/* Publishing --------------------------------------------------------------- */

struct publishing {
        const char *note;
        int64_t now_ms;
        uint32_t aliases;
        struct log_line line;
        struct stored_vintage out;
};

static enum err insert_vintage(struct db *db, const struct publishing *p)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_VINTAGE_PUBLISH, &r));
        bind_i64(&r, p->now_ms);
        bind_text(&r, p->note);
        bind_i64(&r, p->aliases);
        return run_to_end(&r);
}

static enum err fill_vintage(struct db *db, uint32_t number)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_VINTAGE_FILL, &r));
        bind_i64(&r, number);
        return run_to_end(&r);
}

static enum err publish_job(struct db *db, void *ctx)
{
        struct publishing *p = ctx;
        struct stored_vintage v;

        TRY(insert_vintage(db, p));
        TRY(vintage_one(db, SQL_VINTAGE_LAST, NULL, &v));
        TRY(fill_vintage(db, v.vintage.number));
        TRY(run_for(db, SQL_VINTAGE_COUNT, v.vintage));
        TRY(log_append(db, &p->line, NULL));
        return vintage_one(db, SQL_VINTAGE_FIND, &v.vintage, &p->out);
}

enum err store_publish(struct store *s, const char *note, uint32_t aliases, int64_t now_ms,
        const struct entry_draft *entry, struct stored_vintage *out)
{
        struct publishing p = {.note = note, .aliases = aliases, .now_ms = now_ms};

        if (strlen(note) > LABEL_MAX_LEN)
                return ERR_TOO_LARGE;
        TRY(log_line_make(entry, &p.line));
        TRY(writer_run(s->writer, JOB_GROUPED, publish_job, &p));
        *out = p.out;
        return ERR_OK;
}

/* Revising ----------------------------------------------------------------- */

static enum err revise(struct db *db, struct vintage old, int64_t now_ms)
{
        OWNED(run_done) struct run r = {0};
        struct vintage next = {old.number, old.revision + 1};

        /* First the old one closes: only one revision of a number may be open. */
        TRY(run_for(db, SQL_VINTAGE_CLOSE, old));
        TRY(run_start(db, SQL_VINTAGE_REVISE, &r));
        bind_i64(&r, now_ms);
        bind_vintage(&r, old);
        TRY(run_to_end(&r));
        TRY(run_for(db, SQL_VINTAGE_REFILL, old));
        return run_for(db, SQL_VINTAGE_COUNT, next);
}

/* Adds the open vintages that hold `submission` to `pairs`, each once. */
static enum err gather_holding(struct db *db, int64_t submission, struct numbers *pairs)
{
        OWNED(run_done) struct run r = {0};
        enum err e;

        TRY(run_start(db, SQL_VINTAGES_HOLDING, &r));
        bind_i64(&r, submission);
        while ((e = run_row(&r)) == ERR_OK) {
                int64_t number = column_i64(&r, 0);
                uint32_t i = 0;

                while (i < pairs->len && pairs->v[i] != number)
                        i += 2;
                if (i < pairs->len)
                        continue;
                TRY(numbers_add(pairs, number));
                TRY(numbers_add(pairs, column_i64(&r, 1)));
        }
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err vintages_revise(
        struct db *db, const int64_t *numbers, uint32_t len, int64_t now_ms, struct vintage *out)
{
        OWNED(numbers_done) struct numbers pairs = {0};
        struct vintage newest = {0};

        for (uint32_t i = 0; i < len; i++)
                TRY(gather_holding(db, numbers[i], &pairs));
        for (uint32_t i = 0; i < pairs.len; i += 2) {
                struct vintage old = {(uint32_t)pairs.v[i], (uint32_t)pairs.v[i + 1]};

                TRY(revise(db, old, now_ms));
                if (old.number > newest.number)
                        newest = (struct vintage){old.number, old.revision + 1};
        }
        *out = newest;
        return ERR_OK;
}

/* Retiring ----------------------------------------------------------------- */

struct retiring {
        uint32_t number;
        enum retirement how;
        struct log_line line;
};

static enum err count_told(struct db *db, uint32_t number, struct stored_told *out)
{
        OWNED(run_done) struct run r = {0};
        int64_t questions, tables;

        TRY(run_start(db, SQL_VINTAGE_TOLD, &r));
        bind_i64(&r, number);
        TRY(run_row(&r));
        TRY(column_range(&r, 0, 0, INT64_MAX, &questions));
        TRY(column_range(&r, 1, 0, INT64_MAX, &tables));
        *out = (struct stored_told){(uint64_t)questions, (uint64_t)tables};
        return ERR_OK;
}

/* *out_changes grows by how many revisions it was news for. */
static enum err mark(struct db *db, enum sql which, uint32_t number, int64_t *out_changes)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, which, &r));
        bind_i64(&r, number);
        TRY(run_to_end(&r));
        *out_changes += run_changes(&r);
        return ERR_OK;
}

static enum err retire_job(struct db *db, void *ctx)
{
        const struct retiring *w = ctx;
        struct stored_vintage v;
        struct stored_told told;
        int64_t changes = 0;

        TRY(vintage_one(db, SQL_VINTAGE_FIND, &(struct vintage){w->number, 0}, &v));
        TRY(count_told(db, w->number, &told));
        if (w->how == RETIRE_UNTOLD && (told.questions > 0 || told.tables > 0))
                return ERR_CONFLICT;
        TRY(mark(db, SQL_VINTAGE_RETIRE, w->number, &changes));
        if (w->how == RETIRE_GIVEN_UP)
                TRY(mark(db, SQL_VINTAGE_GIVE_UP, w->number, &changes));
        if (changes > 0)
                TRY(log_append(db, &w->line, NULL));
        return unheld_remove(db);
}

enum err store_retire(
        struct store *s, uint32_t number, enum retirement how, const struct entry_draft *entry)
{
        struct retiring w = {.number = number, .how = how};

        TRY(log_line_make(entry, &w.line));
        return writer_run(s->writer, JOB_REMOVES, retire_job, &w);
}

enum err store_told(struct store *s, uint32_t number, struct stored_told *out)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = count_told(db, number, out);

        reader_return(s, &db);
        return e;
}

/* Reading ------------------------------------------------------------------ */

/* All rows of a statement; grows in the arena by doubling. */
static enum err vintage_list(
        struct db *db, struct arena *a, struct stored_vintage **out, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        struct stored_vintage *list = NULL;
        uint32_t len = 0, cap = 0;
        enum err e;

        TRY(run_start(db, SQL_VINTAGES, &r));
        while ((e = run_row(&r)) == ERR_OK) {
                list = list_room(a, list, len, &cap, sizeof *list);
                if (list == NULL)
                        return ERR_NO_MEMORY;
                TRY(vintage_read(&r, &list[len++]));
        }
        if (e != ERR_NOT_FOUND)
                return e;
        *out = list;
        *out_len = len;
        return ERR_OK;
}

enum err store_vintages(
        struct store *s, struct arena *a, struct stored_vintage **out, uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = vintage_list(db, a, out, out_len);

        reader_return(s, &db);
        return e;
}

static enum err vintage_open(struct db *db, struct vintage v, struct stored_vintage *out)
{
        struct stored_vintage found;

        if (v.number == 0) {
                enum err e = vintage_one(db, SQL_VINTAGE_LATEST, NULL, out);

                return e == ERR_NOT_FOUND ? ERR_NO_VINTAGE : e;
        }
        TRY(vintage_one(db, SQL_VINTAGE_FIND, &v, &found));
        if (!found.open)
                return ERR_VINTAGE_CLOSED;
        *out = found;
        return ERR_OK;
}

enum err store_vintage_find(struct store *s, struct vintage v, struct stored_vintage *out)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = vintage_open(db, v, out);

        reader_return(s, &db);
        return e;
}

static enum err submission_list(struct db *db, struct vintage v, const char *dataset,
        struct arena *a, struct stored_submission **out, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        struct stored_vintage found;
        struct stored_submission *list;
        uint32_t len = 0;
        enum err e;

        TRY(vintage_open(db, v, &found));
        list = arena_alloc(a, found.submissions, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        TRY(run_start(db, SQL_VINTAGE_SUBMISSIONS, &r));
        bind_vintage(&r, found.vintage);
        bind_text(&r, dataset);
        while ((e = run_row(&r)) == ERR_OK) {
                struct submission_row row;

                if (len == found.submissions)
                        return ERR_CORRUPT;
                TRY(submission_read(&r, &row));
                list[len++] = row.public;
        }
        if (e != ERR_NOT_FOUND)
                return e;
        *out = list;
        *out_len = len;
        return ERR_OK;
}

enum err store_vintage_submissions(struct store *s, struct vintage v, const char *dataset,
        struct arena *a, struct stored_submission **out, uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = submission_list(db, v, dataset, a, out, out_len);

        reader_return(s, &db);
        return e;
}
