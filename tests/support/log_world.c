/* SPDX-License-Identifier: Apache-2.0 */
/* log_world.c: see log_world.h. */
#include "tests/support/log_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"

struct entry_draft log_draft(struct log_word *word, uint32_t n, int32_t sequence)
{
        memset(word, 0, sizeof *word);
        (void)snprintf((char *)word->bytes, sizeof word->bytes, "about %u %d", n, sequence);
        return (struct entry_draft){
                .kind = LOG_WORLD_KIND, .open = bytes_of_text((const char *)word->bytes)};
}

void log_text(uint32_t n, bool closed, char out[LOG_WORD_LEN])
{
        (void)snprintf(out, LOG_WORD_LEN, "%s/%08x/%08x", closed ? "closed" : "opened", n,
                n * 2654435761U);
}

void log_fill(struct store *s, uint32_t first, uint32_t len)
{
        static char opened[LOG_APPEND_MAX][LOG_WORD_LEN];
        static char closed[LOG_APPEND_MAX][LOG_CLOSED_TIMES][LOG_WORD_LEN];
        struct entry_draft drafts[LOG_APPEND_MAX];
        uint64_t number;

        for (uint32_t done = 0; done < len;) {
                uint32_t n = 0;

                for (; n < LOG_APPEND_MAX && done < len; n++, done++) {
                        log_text(first + done, false, opened[n]);
                        for (int i = 0; i < LOG_CLOSED_TIMES; i++)
                                log_text(first + done, true, closed[n][i]);
                        drafts[n] = (struct entry_draft){.kind = (uint16_t)(1 + (first + done) % 2),
                                .open = bytes_of_text(opened[n]),
                                .closed = bytes_of(closed[n], sizeof closed[n])};
                }
                assert_int_equal(store_entries_append(s, drafts, n, &number), ERR_OK);
                assert_int_equal(number, first + done - n);
        }
}

struct wholeness {
        struct merkle_edge edge;
        int64_t at_ms;
};

static enum err check(void *ctx, const struct stored_entry *e)
{
        struct wholeness *w = ctx;
        struct digest open, closed, commitment, leaf;

        assert_int_equal(e->number, w->edge.size);
        assert_true(e->at_ms >= w->at_ms);
        w->at_ms = e->at_ms;
        if (!e->pruned) {
                leaf_part(e->open_salt, e->open, &open);
                leaf_part(e->closed_salt, e->closed, &closed);
                leaf_commitment(&open, &closed, &commitment);
                assert_true(digest_equal(&commitment, &e->commitment));
        }
        leaf_hash(e->number, e->at_ms, e->kind, &e->commitment, &leaf);
        merkle_push(&w->edge, &leaf);
        return ERR_OK;
}

uint64_t log_is_whole(struct store *s)
{
        struct wholeness w = {.edge = {.size = 0}};
        struct merkle_edge edge;
        struct digest root, stored;
        uint64_t size;

        assert_int_equal(store_entries(s, 0, UINT64_MAX, check, &w), ERR_OK);
        store_log_edge(s, &edge);
        assert_int_equal(edge.size, w.edge.size);
        assert_int_equal(store_log_size(s, &size), ERR_OK);
        assert_int_equal(size, edge.size);
        merkle_root(&w.edge, &root);
        merkle_root(&edge, &stored);
        assert_true(digest_equal(&root, &stored));
        /* And from what lies on disk. */
        assert_int_equal(store_log_root(s, size, &stored), ERR_OK);
        assert_true(digest_equal(&root, &stored));
        return size;
}

struct mentioning {
        struct bytes text;
        unsigned found;
};

static enum err mention(void *ctx, const struct stored_entry *e)
{
        struct mentioning *m = ctx;

        m->found += e->kind == LOG_WORLD_KIND && bytes_equal(e->open, m->text);
        return ERR_OK;
}

unsigned log_mentions(struct store *s, uint32_t n, int32_t sequence)
{
        struct log_word word;
        struct mentioning m = {.text = log_draft(&word, n, sequence).open};

        assert_int_equal(store_entries(s, 0, UINT64_MAX, mention, &m), ERR_OK);
        return m.found;
}
