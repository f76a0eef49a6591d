/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_visit.c: what an officer says, and what she hears. */
#include "tests/support/keeper_visit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

enum { SECRET_MAX = 256 };

void visit_say(struct visit *v, enum officer_verb verb, const void *payload, size_t len)
{
        v->said.ceiling = OFFICER_TALK_MAX;
        officer_put(&v->said, verb, bytes_of(payload, len));
}

void visit_say_text(struct visit *v, enum officer_verb verb, const char *text)
{
        visit_say(v, verb, text, strlen(text));
}

void visit_say_shares(struct visit *v, uint8_t required, uint8_t total)
{
        const uint8_t quorum[2] = {required, total};

        visit_say(v, OFFICER_MAKE_SHARES, quorum, sizeof quorum);
}

void visit_say_phrase(struct visit *v, const char *phrase)
{
        OWNED(buf_done) struct buf b = {.ceiling = SECRET_MAX};

        put_u32(&b, world_cost.memory_kib);
        put_u32(&b, world_cost.passes);
        put_raw(&b, phrase, strlen(phrase));
        visit_say(v, OFFICER_SET_PASSPHRASE, b.data, b.len);
}

enum err visit_go(struct stage *s, struct visit *v)
{
        static uint8_t heard[OFFICER_ANSWER_MAX];
        struct reader in;
        struct bytes kept;
        size_t len = 0;
        ssize_t n;
        int ends[2];
        enum err e;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        assert_int_equal(write(ends[0], v->said.data, v->said.len), (ssize_t)v->said.len);
        assert_int_equal(shutdown(ends[0], SHUT_WR), 0);
        e = keeper_officer(s->k, ends[1], &v->open);
        (void)close(ends[1]);
        while ((n = read(ends[0], heard + len, sizeof heard - len)) > 0)
                len += (size_t)n;
        (void)close(ends[0]);
        buf_done(&v->said);
        assert_int_equal(bytes_copy(s->w.arena, bytes_of(heard, len), &kept), ERR_OK);
        in = reader_of(kept);
        for (v->len = 0; in.left > 0; v->len++) {
                struct bytes name;

                assert_true(v->len < VISIT_ANSWERS_MAX);
                assert_int_equal(officer_read_answer(&in, &name, &v->payloads[v->len]), ERR_OK);
                (void)snprintf(v->errors[v->len], sizeof v->errors[0], "%.*s", (int)name.len,
                        (const char *)name.data);
        }
        return e;
}

enum err visit_phrase(struct stage *s, const char *text, struct visit *v)
{
        *v = (struct visit){.len = 0};
        visit_say_text(v, OFFICER_PASSPHRASE, text);
        return visit_go(s, v);
}
