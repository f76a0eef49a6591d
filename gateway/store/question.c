/* SPDX-License-Identifier: Apache-2.0 */
/* question.c: what was asked today, so that a limit on questions outlives a restart.
 *
 * Only a digest of each question stays, and only for its day. Most often the same
 * question comes again, which needs no write. A day that has begun does not end because the
 * clock was set back: else whoever sets it back and forth asks as much as she likes. */
#include "base/arena.h"
#include "gateway/store/inside.h"

struct asking {
        int32_t day;
        const char *principal;
        const struct digest *question;
        uint32_t limit;
        uint32_t used;
};

static enum err count_asked(struct db *db, struct asking *a)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_QUESTIONS_OF_DAY, &r));
        bind_i64(&r, a->day);
        bind_text(&r, a->principal);
        TRY(run_row(&r));
        return column_u32(&r, 0, &a->used);
}

static enum err was_asked(struct db *db, struct asking *a)
{
        OWNED(run_done) struct run r = {0};
        enum err e;

        TRY(run_start(db, SQL_QUESTION_FIND, &r));
        bind_i64(&r, a->day);
        bind_text(&r, a->principal);
        bind_bytes(&r, bytes_of(a->question->bytes, sizeof a->question->bytes));
        e = run_row(&r);
        return e == ERR_OK ? count_asked(db, a) : e;
}

static enum err note(struct db *db, const struct asking *a)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_QUESTION_INSERT, &r));
        bind_i64(&r, a->day);
        bind_text(&r, a->principal);
        bind_bytes(&r, bytes_of(a->question->bytes, sizeof a->question->bytes));
        return run_to_end(&r);
}

static enum err forget_earlier(struct db *db, int32_t day)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_QUESTIONS_FORGET, &r));
        bind_i64(&r, day);
        return run_to_end(&r);
}

static enum err latest_day(struct db *db, int32_t *out)
{
        OWNED(run_done) struct run r = {0};
        uint32_t day;

        TRY(run_start(db, SQL_QUESTIONS_LATEST, &r));
        TRY(run_row(&r));
        TRY(column_u32(&r, 0, &day));
        *out = (int32_t)day;
        return ERR_OK;
}

static enum err ask_job(struct db *db, void *ctx)
{
        struct asking *a = ctx;
        int32_t latest;

        TRY(latest_day(db, &latest));
        if (latest > a->day)
                a->day = latest;
        enum err e = was_asked(db, a);

        if (e != ERR_NOT_FOUND)
                return e;
        TRY(forget_earlier(db, a->day));
        TRY(count_asked(db, a));
        if (a->used >= a->limit)
                return ERR_LIMIT;
        a->used++;
        return note(db, a);
}

enum err store_question(struct store *s, int32_t day, const char *principal,
        const struct digest *question, uint32_t limit, uint32_t *out_used)
{
        struct asking a = {day, principal, question, limit, 0};
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = was_asked(db, &a);

        reader_return(s, &db);
        if (e == ERR_NOT_FOUND)
                e = writer_run(s->writer, JOB_GROUPED, ask_job, &a);
        if (out_used != NULL && (e == ERR_OK || e == ERR_LIMIT))
                *out_used = a.used;
        return e;
}

static enum err askers_gather(struct db *db, int32_t day, uint32_t limit, struct arena *a,
        struct stored_asker **out, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        struct stored_asker *list = NULL;
        uint32_t len = 0, cap = 0;
        enum err e;

        TRY(run_start(db, SQL_ASKERS, &r));
        bind_i64(&r, day);
        bind_i64(&r, limit);
        while ((e = run_row(&r)) == ERR_OK) {
                struct bytes who = column_bytes(&r, 0);

                list = list_room(a, list, len, &cap, sizeof *list);
                if (list == NULL)
                        return ERR_NO_MEMORY;
                list[len].who = arena_strndup(a, (const char *)who.data, who.len);
                if (list[len].who == NULL)
                        return ERR_NO_MEMORY;
                TRY(column_u32(&r, 1, &list[len++].questions));
        }
        if (e != ERR_NOT_FOUND)
                return e;
        *out = list;
        *out_len = len;
        return ERR_OK;
}

enum err store_askers(struct store *s, int32_t day, uint32_t limit, struct arena *a,
        struct stored_asker **out, uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = askers_gather(db, day, limit, a, out, out_len);

        reader_return(s, &db);
        return e;
}
