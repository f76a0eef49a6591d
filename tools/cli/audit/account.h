/* SPDX-License-Identifier: Apache-2.0 */
/* account.h: what a period of the audit log adds up to. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_ACCOUNT_H
#define STATGATE_TOOLS_CLI_AUDIT_ACCOUNT_H

#include "proto/wire_audit.h"
#include "tools/cli/audit/page.h"
#include "tools/cli/audit/tally.h"

enum { ACCOUNT_DAYS_MAX = 4000, ACCOUNT_EVENTS_MAX = 500 };

/* Something that happened once and is told by itself. */
struct account_event {
        uint64_t number;
        int64_t at_ms;
        const char *kind, *what;
};
struct account_events {
        struct account_event list[ACCOUNT_EVENTS_MAX];
        uint32_t len;
        uint64_t more; /* that found no room */
};

/* Names of counts within rows. */
enum { ASKED_ANSWERED = 0, ASKED_REFUSED, ASKED_MOSTLY_PROTECTED };

struct account {
        struct arena *arena;
        struct cli words; /* with a scratch arena: good for one entry */
        uint64_t entries, pruned, unreadable;
        struct tally *kinds;      /* kind */
        struct tally *questions;  /* principal, purpose, data set: answered, refused */
        struct tally *refusals;   /* outcome, field of the request */
        struct tally *statuses;   /* status: cells */
        struct tally *fired;      /* disclosure rule: cells, answers */
        struct tally *sources;    /* lattice, ledger, alone */
        struct tally *linkages;   /* linkage, purpose: answered, refused */
        struct tally *deliveries; /* data set, kind */
        struct tally *removals;   /* kind, word */
        struct tally *readings;   /* principal, what */
        struct tally *budgets;    /* principal: largest per mille of a budget that was used */
        struct tally *probing;    /* day, principal, data set: too few, mostly protected */
        struct page_day days[ACCOUNT_DAYS_MAX]; /* answered below, refused above */
        uint32_t days_len;
        struct account_events policies, keys, alarms;
};

/* Lives in the arena; `scratch` is emptied before each entry. */
MUST_CHECK enum err account_new(
        const struct cli *cli, struct arena *arena, struct arena *scratch, struct account **out);
MUST_CHECK enum err account_take(struct account *a, const struct wire_log_entry *e);

#endif
