/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_delivery.h: placements of children who do not exist, the conversation
 * that delivers them, and a count of them by the slowest way there is.
 *
 * A `struct heap` is what municipalities say they have delivered; heap_expect counts
 * it and holds a release against the count, cell by cell. */
#ifndef STATGATE_TESTS_SUPPORT_GATEWAY_DELIVERY_H
#define STATGATE_TESTS_SUPPORT_GATEWAY_DELIVERY_H

#include "proto/wire.h"
#include "tests/support/gateway_world.h"

enum { RECORD_KEY_LEN = 10, FORMS = 7, GROUNDS = 5 };

struct placement {
        uint32_t person; /* number of a child, from 0; the same in every municipality */
        bool local;      /* known by an id of the municipality instead */
        bool woman;
        char key[RECORD_KEY_LEN + 1];
        uint8_t form, ground; /* indices into the code lists */
        int32_t born, start;  /* days; born is the first of a month */
        int32_t end;          /* INT32_MIN: not ended */
        int64_t cost;         /* öre a day; INT64_MIN: not told */
};

/* Child number i as 12 digits; i below 400,000. */
void child_id(uint32_t i, uint8_t out[PERSON_ID_LEN]);
void child_local_id(uint32_t i, uint8_t out[PERSON_ID_LEN]);

/* Repeatable randomness. */
uint64_t random_below(uint64_t *state, uint64_t below);
/* A placement of one of `children` children; key number `key`. */
struct placement placement_random(uint64_t *state, uint32_t children, uint32_t key);
struct submission_id id_random(void);

/* What was put into a buffer, copied to the world's arena; the buffer is done. */
struct bytes say_kept(struct world *w, struct buf *b);
/* One batch as a message; in the arena. */
struct bytes say_batch(
        struct arena *a, uint32_t sequence, const struct placement *rows, uint32_t len);
/* The same children as reports of concern ("anmalan"), each with a guardian: the person
 * 200,000 numbers further on. Starts become dates of the report. */
struct bytes say_reports(
        struct arena *a, uint32_t sequence, const struct placement *rows, uint32_t len);
struct bytes say_open(struct arena *a, const struct wire_open *open);
struct bytes say_commit(struct arena *a, const struct wire_commit *commit);

/* A Submit stream in conversation: say something, hear the answer. */
struct talk {
        struct world *world;
        struct call *call;
        struct client *client;
        municipality_t municipality; /* 0: a stranger, who seals nothing */
        struct wire_open open;       /* as it was said */
        struct arena *arena;         /* of what is said and heard; ends with the talk */
        struct submit_response heard;
        struct call_status status; /* once it ended */
        struct digest *receipts;   /* by sequence */
        uint32_t sequence;         /* of the next batch */
        uint64_t rows, accepted, rejected;
};

void talk_begin(struct talk *t, struct world *w, struct client *c);
/* What is really sent: a batch in clear goes into a box, where the world wants that. */
struct bytes talk_wrap(struct talk *t, struct bytes message);
/* STATUS_OK and t->heard, or the status with which the stream ended. */
enum status talk_say(struct talk *t, struct bytes message);
enum status talk_open(struct talk *t, const struct wire_open *open);
enum status talk_batch(struct talk *t, const struct placement *rows, uint32_t len);
/* Commits with the true counts and digest. */
enum status talk_commit(struct talk *t);
struct wire_commit talk_sum(const struct talk *t);
/* Half-closes and waits for the status. */
enum status talk_end(struct talk *t);
void talk_break(struct talk *t); /* cancels and forgets */

struct wire_open placering_append(void); /* a random id, "placering", "2025" */
struct wire_open placering_replace(void);

/* A whole delivery in batches of `batch` rows; asserts that all of it was taken. */
struct submission_id deliver(struct world *w, municipality_t m, enum delivery_mode mode,
        const struct placement *rows, uint32_t len, uint32_t batch);
struct submission_id deliver_reports(
        struct world *w, municipality_t m, const struct placement *rows, uint32_t len);
struct vintage publish(struct world *w);
struct wire_status status_of(struct world *w);
enum submission_state state_of(struct world *w, municipality_t m, const struct submission_id *id);
/* Whatever happened, a well-made delivery goes through. */
void assert_still_served(struct world *w);
struct client *town(struct world *w, municipality_t m);

/* Questions: "kommun,form:grupp"; conditions as in `--where`, NULL at the end.
 * STATUS_OK and the release. The last answer is decoded into *out. */
enum status ask(struct world *w, const char *by, const char *const *where, const char *measure,
        struct wire_answer *out_answer, struct wire_release *out);

/* What the municipalities delivered, in the order of their commits. */
struct heap {
        struct heap_row {
                struct placement what;
                municipality_t municipality;
                bool stands; /* not corrected, replaced, withdrawn or erased */
        } * rows;
        uint32_t len, cap;
};
void heap_add(struct heap *h, municipality_t m, enum delivery_mode mode,
        const struct placement *rows, uint32_t len);
void heap_done(struct heap *h);
/* Asks `by` and `where` (of the world's latest vintage) and fails at the first cell that
 * is not what the heap says; `threshold` persons, zeros shown. */
void heap_expect(struct world *w, const struct heap *h, const char *by, const char *const *where);

#endif
