/* SPDX-License-Identifier: Apache-2.0 */
/* memory_replay.h: who was in what a data set has answered, counted again from what the store has.
 *
 * Which questions were answered is stored, and which of their rows; who was in them is not. So
 * every question is counted again, in the views of its vintage and linkage. */
#ifndef STATGATE_GATEWAY_MEMORY_REPLAY_H
#define STATGATE_GATEWAY_MEMORY_REPLAY_H

#include "gateway/memory.h"
#include "gateway/memory_sets.h"
#include "gateway/store/store.h"

struct replayed {
        const struct stored_question *stored;
        const struct memory_question *question;
        struct rows *rows; /* those that were answered */
        /* Its vintage was closed since: these are the persons of its successor, who are those that
         * were told of but for no more than `removed`. */
        bool closed;
        uint32_t removed;
};

struct replay_sink {
        /* Who is in which row; `home`: as persons_number. */
        enum err (*count)(void *ctx, const struct memory_ask *ask, const struct view *view,
                const struct view *home, const struct memory_question *q, struct arena *arena,
                struct rows *out);
        /* A question of this vintage comes; may be NULL. */
        enum err (*vintage)(void *ctx, const struct view *home, const struct coverage *coverage);
        /* Whether what was asked under this linkage is left out before it is looked at, and what is
         * counted again under this one (NULL: under none); either may be NULL. */
        bool (*skips)(void *ctx, const char *linkage);
        bool (*skips_under)(void *ctx, const struct policy_linkage *l);
        enum err (*answered)(void *ctx, const struct replayed *what);
        /* It was judged, whatever could be counted of it; its vintage is open. May be NULL. */
        enum err (*judged)(void *ctx, const struct stored_question *q);
        /* It cannot be counted any more. `derived`: it has derived variables, or is known to. An
         * error ends all. */
        enum err (*gap)(void *ctx, const char *linkage, bool derived, enum err why);
};

struct replay {
        struct store *store;
        struct views *views;
        const char *dataset;
        const struct memory_ask *ask; /* under the data set's own linkage; its view is at hand */
        uint32_t threshold; /* rows of enough, where they cannot be told by number any more */
        const struct replay_sink *sink;
        void *ctx;
};

MUST_CHECK enum err replay_stored(const struct replay *r);
MUST_CHECK enum err replay_one(
        const struct replay *r, const char *linkage, const struct stored_question *q);

/* A view under the linkage of `ask`, of any vintage. */
MUST_CHECK enum err replay_lease(struct views *views, const struct memory_ask *ask,
        struct vintage vintage, struct view_lease *out);

#endif
