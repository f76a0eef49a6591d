/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: what a bundle says, in sentences: for data-protection officers.
 *
 * Pure functions: policies in, lines out, in Swedish or English. A line carries
 * the file and line of the rule it speaks of. Nothing here decides: explain asks
 * decide_query, and tells how it got there. */
#ifndef STATGATE_POLICIES_REPORT_H
#define STATGATE_POLICIES_REPORT_H

#include "policies/policy.h"

enum report_mark {
        REPORT_NOTE = 0,
        REPORT_HEAD,     /* what the lines below are about */
        REPORT_HOLDS,    /* a condition that holds */
        REPORT_REFUSES,  /* one that does not */
        REPORT_OBLIGES,  /* what an answer must obey */
        REPORT_SUGGESTS, /* a change of the question that would be allowed */
        REPORT_WEAKER,   /* protection weakens: more is seen, kept or linked */
        REPORT_STRONGER,
        REPORT_CHANGED /* neither, or not for a program to say */
};

enum report_lang { REPORT_SV = 0, REPORT_EN };

struct report_line {
        enum report_mark mark;
        struct bytes text;
        struct rule_place at; /* line 0: nowhere in particular */
};

enum { REPORT_LINES_MAX = 20000, REPORT_TEXT_MAX = 800 };

struct report {
        struct arena *arena; /* the caller's; lines live in it */
        enum report_lang lang;
        struct report_line *lines;
        uint32_t len, cap;
        enum err failed; /* the first: ERR_NO_MEMORY or ERR_LIMIT */
};

void report_init(struct report *r, struct arena *arena, enum report_lang lang);
/* Both texts take the same values. */
void report_add(struct report *r, enum report_mark mark, struct rule_place at, const char *sv,
        const char *en, ...) PRINTF_LIKE(4, 6) PRINTF_LIKE(5, 6);
uint32_t report_count(const struct report *r, enum report_mark mark);

/* Words for values, in the report's language; in its arena, or static. */
const char *report_text(struct report *r, struct bytes text);
const char *report_label(struct report *r, struct label label);
const char *report_roles(struct report *r, unsigned roles); /* "statistiker, dataskyddsombud" */
const char *report_names(struct report *r, const struct bytes *names, uint32_t len);
const char *report_date(struct report *r, int32_t days);
/* The first half of a public key: enough to tell two apart when they are read aloud. */
const char *report_digest(struct report *r, const struct digest *d); /* all of it */
const char *report_key(struct report *r, const uint8_t key[OFFICER_KEY_LEN]);
/* The name of a level: "kommun", "kvartal", "grupp"; "" when there is none. */
const char *report_level(struct report *r, const struct variable *v, uint32_t level);
const char *report_reach(struct report *r, const struct rules_linkage *l);

/* show.c: the whole bundle. */
MUST_CHECK enum err policy_show(const struct policy *p, struct report *out);

/* diff.c: what `next` would change, in consequences. */
MUST_CHECK enum err policy_diff(
        const struct policy *before, const struct policy *next, struct report *out);

/* explain.c: may `who` ask `q`, and why (not)? *out_allowed is what decide_query and
 * the roles of the bundle say. For a refusal, the nearest changes of the question
 * that are allowed together, from public metadata only. */
MUST_CHECK enum err policy_explain(const struct policy *p, const struct principal *who,
        const struct query *q, int64_t now_ms, struct report *out, bool *out_allowed);

/* evolve.c: may the names of `next` be used as it uses them, when `before` is in
 * use? Adding is free and so is narrowing, in a new version; another meaning needs
 * another name, for what was delivered under the old one is still there.
 * ERR_POLICY_REFUSED with all of them, by file:line. */
MUST_CHECK enum err policy_evolves(
        const struct policy *before, const struct policy *next, struct refusal *why);

#endif
