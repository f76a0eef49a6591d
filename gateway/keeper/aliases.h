/* SPDX-License-Identifier: Apache-2.0 */
/* aliases.h: the asking side of "this number became that number": samordningsnummer that
 * became personnummer, corrections, merges.
 *
 * Numbers come sealed to the keeper, which keeps person codes of them (alias_book.h) and uses
 * them when persons are linked. A vintage links by what was in force when it was
 * published: it remembers the mark of that moment. Calls block and may be made from any
 * thread. */
#ifndef STATGATE_GATEWAY_KEEPER_ALIASES_H
#define STATGATE_GATEWAY_KEEPER_ALIASES_H

#include "gateway/keeper/keeper.h"

struct arena;

enum {
        ALIASES_MAX = 50000,         /* events that are kept, undone ones too */
        ALIASES_OF_ONE_MAX = 12500,  /* of one municipality */
        ALIASES_AT_ONCE_MAX = 10000, /* of one delivery */
};

/* What is wrong with an event; behind the rules for numbers (pnr_rule). RULE(NAME, sentence). */
#define ALIAS_RULES(RULE)                                                                          \
        RULE(SELF, "a number cannot become itself")                                                \
        RULE(CONFLICT, "this number became another already; undo that first")                      \
        RULE(RING, "with this event a number would in the end become itself")                      \
        RULE(DAY, "the day is not yet here")
enum alias_rule {
        ALIAS_NEW = 0,
        ALIAS_KNOWN, /* it stands already; no harm */
        ALIAS_RULE_FIRST = 64,
#define ALIAS_RULE_ENUM(name, sentence) ALIAS_RULE_##name,
        ALIAS_RULES(ALIAS_RULE_ENUM)
#undef ALIAS_RULE_ENUM
};
/* Of an alias_rule or a pnr_rule. */
const char *alias_rule_name(uint8_t rule); /* "CONFLICT" */
const char *alias_rule_sentence(uint8_t rule);

struct keeper_alias {
        municipality_t municipality;
        struct submission_id id; /* a UUID of version 7; the box is bound to it */
        uint32_t events;
        const int32_t *days;         /* of each event, since 1970 */
        struct keeper_box box;       /* use BOX_ALIAS: rows were, guardians are what they became */
        struct bytes days_signature; /* by the submission key too (crypto/statement.h) */
};
struct keeper_aliased {
        bool refused;             /* then nothing was taken, and `rules` tells */
        uint8_t *rules;           /* one per event: pnr_rule or alias_rule; 0: none; arena */
        uint32_t recorded, known; /* events; the same again for an id that was taken before */
};
/* ERR_LIMIT: there is no room for them; ERR_BOX_…; ERR_CONFLICT: another municipality used the
 * id. */
MUST_CHECK enum err keeper_alias_record(struct keeper *k, const struct keeper_alias *in,
        struct arena *a, struct keeper_aliased *out);
/* Vintages from now on link without it. ERR_NOT_FOUND: this municipality recorded no such;
 * ERR_BOX_SIGNATURE: it did not say so (crypto/statement.h). */
MUST_CHECK enum err keeper_alias_undo(struct keeper *k, municipality_t m,
        const struct submission_id *id, struct bytes signature, uint32_t *out_events);

struct alias_told {
        struct submission_id id;
        municipality_t municipality;
        int64_t at_ms;
        int32_t first_day, last_day;
        uint32_t events;
        uint32_t owing; /* events that the newer k_person does not know yet: tell or undo them */
        bool undone;
};
/* Of one municipality or all (0), the oldest first. *out_settled: vintages of an older mark are
 * linked otherwise once the older k_person has ended; 0: none. */
MUST_CHECK enum err keeper_aliases(struct keeper *k, municipality_t m, struct arena *a,
        struct alias_told **out, uint32_t *out_len, uint32_t *out_settled);

/* What a vintage that is published now links by. On disk when it returns. */
MUST_CHECK enum err keeper_alias_mark(struct keeper *k, uint32_t *out_mark);

#endif
