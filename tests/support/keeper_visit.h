/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_visit.h: an officer's connection to the keeper of a stage, for cmocka tests. */
#ifndef STATGATE_TESTS_SUPPORT_KEEPER_VISIT_H
#define STATGATE_TESTS_SUPPORT_KEEPER_VISIT_H

#include "gateway/keeper/officer.h"
#include "tests/support/keeper_stage.h"

enum { VISIT_ANSWERS_MAX = 8 };

/* What is said, and what came back. */
struct visit {
        struct buf said;
        unsigned len; /* answers */
        char errors[VISIT_ANSWERS_MAX][32];
        struct bytes payloads[VISIT_ANSWERS_MAX]; /* in the arena */
        bool open;
};

void visit_say(struct visit *v, enum officer_verb verb, const void *payload, size_t len);
void visit_say_text(struct visit *v, enum officer_verb verb, const char *text);
void visit_say_shares(struct visit *v, uint8_t required, uint8_t total);
void visit_say_phrase(struct visit *v, const char *phrase); /* a new one */
/* Says all of it, hangs up, hears the answers. What the gateway heard is returned. */
MUST_CHECK enum err visit_go(struct stage *s, struct visit *v);
/* A fresh visit with a passphrase alone. */
MUST_CHECK enum err visit_phrase(struct stage *s, const char *text, struct visit *v);

#endif
