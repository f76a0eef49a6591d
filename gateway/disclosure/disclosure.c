/* SPDX-License-Identifier: Apache-2.0 */
/* disclosure.c: the steps in their order, and the account of them.
 *
 * Rules, joint protection, wiping. On every way out that is not the good one all tables are
 * wiped whole: a table that was half protected is not one that may be looked at. */
#include "gateway/disclosure/disclosure.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "gateway/disclosure/joint.h"
#include "gateway/disclosure/rules.h"
#include "gateway/disclosure/wipe.h"

static const char *const cost_names[DISCLOSURE_COST_COUNT] = {
        [DISCLOSURE_COST_CELLS] = "cells",
        [DISCLOSURE_COST_PERSONS] = "persons",
        [DISCLOSURE_COST_VALUE] = "value",
        [DISCLOSURE_COST_TOTALS] = "totals",
};

const char *disclosure_cost_name(enum disclosure_cost c)
{
        return (unsigned)c < DISCLOSURE_COST_COUNT ? cost_names[c] : cost_names[0];
}

enum disclosure_cost disclosure_cost_find(struct bytes name)
{
        for (int c = 0; c < DISCLOSURE_COST_COUNT; c++)
                if (bytes_equal(name, bytes_of_text(cost_names[c])))
                        return (enum disclosure_cost)c;
        return DISCLOSURE_COST_COUNT;
}

/* Account ---------------------------------------------------------------------------------- */

static bool is_primary(uint8_t rule)
{
        return rule != CELL_RULE_NONE && rule != CELL_RULE_SECONDARY && rule != CELL_RULE_INTERVAL;
}

static void count_rule(struct disclosure_report *r, uint8_t rule)
{
        r->primary += is_primary(rule);
        r->secondary += rule != CELL_RULE_NONE && !is_primary(rule);
}

static void count_measures(const struct table *t, const struct rules_of_measures *told, size_t cell,
        struct disclosure_report *r)
{
        for (uint32_t m = 0; m < t->measures_len; m++) {
                const uint8_t *status = t->measures[m].status;

                if (status == NULL)
                        continue;
                if (status[cell] != CELL_VALUE && status[cell] != CELL_PROTECTED) {
                        r->measures_missing++;
                        continue;
                }
                r->measures_by_rule[told->rule[m][cell]]++;
                count_rule(r, told->rule[m][cell]);
        }
}

static void count(
        const struct table *t, const struct rules_of_measures *told, struct disclosure_report *r)
{
        r->cells += t->cells_len;
        for (size_t i = 0; i < t->cells_len; i++) {
                if (t->status[i] != CELL_VALUE && t->status[i] != CELL_PROTECTED) {
                        r->missing++;
                        continue;
                }
                r->by_rule[t->rule[i]]++;
                count_rule(r, t->rule[i]);
                if (t->status[i] == CELL_VALUE)
                        count_measures(t, told, i, r);
        }
}

/* Steps ------------------------------------------------------------------------------------ */

static enum err protect(struct joint *j, struct disclosure_report *out)
{
        const struct disclosure_release *r = j->release;
        struct disclosure_report report = {0};

        j->told = arena_alloc(j->arena, r->tables_len, sizeof *j->told);
        if (j->told == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < r->tables_len; i++)
                TRY(rules_mark(j->arena, r->tables[i], j->settings, &j->told[i]));
        if (j->settings->secondary)
                TRY(joint_protect(j));
        for (uint32_t i = 0; i < r->tables_len; i++) {
                count(r->tables[i], &j->told[i], &report);
                wipe_table(r->tables[i]);
        }
        report.limited = j->limited;
        report.hidden_all = j->base.failed;
        report.work = j->work;
        report.audited = j->verdict.audited;
        report.audit_of = j->verdict.of;
        report.exact = j->verdict.exact;
        report.narrow = j->verdict.narrow;
        report.interval_unasked = j->unasked;
        *out = report;
        return ERR_OK;
}

static void withhold_all(const struct disclosure_release *r)
{
        for (uint32_t i = 0; i < r->tables_len; i++) {
                struct table *t = r->tables[i];

                for (size_t c = 0; c < t->cells_len; c++)
                        t->status[c] = CELL_PROTECTED;
                wipe_table(t);
        }
}

struct disclosure_seen {
        struct joint_seen seen;
};

void disclosure_seen_free(struct disclosure_seen **seen)
{
        if (seen == NULL || *seen == NULL)
                return;
        arena_free(&(*seen)->seen.arena);
        free(*seen);
        *seen = NULL;
}

/* `seen`: NULL, or it is given what the search for widths saw. */
static enum err protect_and_see(struct arena *arena, const struct disclosure_release *release,
        const struct disclosure_settings *settings, const atomic_bool *cancel,
        struct disclosure_report *out, struct disclosure_seen *seen)
{
        struct joint j = {
                .arena = arena, .release = release, .settings = settings, .cancel = cancel};
        enum err err = protect(&j, out);

        if (err == ERR_OK && seen != NULL) {
                seen->seen = j.seen;
                j.seen.arena = NULL;
        }
        joint_forget(&j);
        if (err != ERR_OK)
                withhold_all(release);
        return err;
}

enum err disclosure_protect(struct arena *arena, const struct disclosure_release *release,
        const struct disclosure_settings *settings, const atomic_bool *cancel,
        struct disclosure_report *out)
{
        return protect_and_see(arena, release, settings, cancel, out, NULL);
}

/* Nothing is asked that the table does not tell by itself: neither values that were wiped, nor
 * which rule hid what. */
static enum err audit(struct joint *j, struct disclosure_report *out)
{
        struct joint_verdict verdict;
        struct space space;

        TRY(space_new(j->arena, j->release, &space));
        space.cancel = j->cancel;
        TRY(joint_layer_new(j, &space, false, &j->base));
        j->nearly = arena_alloc(j->arena, space.cells, sizeof *j->nearly);
        if (j->nearly == NULL)
                return ERR_NO_MEMORY;
        joint_limits_set(j, 1);
        TRY(joint_audit(j, &verdict));
        out->audited = verdict.audited;
        out->audit_of = verdict.of;
        out->exact = verdict.exact;
        out->narrow = verdict.narrow;
        out->limited |= j->limited;
        if (verdict.exact == 0 && (verdict.of == 0 || verdict.audited > 0))
                return ERR_OK;
        withhold_all(j->release);
        out->hidden_all = true;
        return ERR_OK;
}

enum err disclosure_audit_table(struct arena *arena, struct table *t,
        const struct disclosure_seen *seen, const struct disclosure_settings *settings,
        const atomic_bool *cancel, struct disclosure_report *out)
{
        const struct disclosure_release alone = {
                .tables = (struct table *const[]){t}, .tables_len = 1};
        struct joint j = {
                .arena = arena, .release = &alone, .settings = settings, .cancel = cancel};

        if (seen != NULL)
                j.seen = seen->seen;
        enum err err = audit(&j, out);
        if (err != ERR_OK)
                withhold_all(&alone);
        return err;
}

enum err disclosure_protect_table(struct arena *arena, struct table *t,
        const struct disclosure_settings *settings, const atomic_bool *cancel,
        struct disclosure_report *out)
{
        const struct disclosure_release alone = {
                .tables = (struct table *const[]){t}, .tables_len = 1};

        return disclosure_protect(arena, &alone, settings, cancel, out);
}

enum err disclosure_protect_table_seen(struct arena *arena, struct table *t,
        const struct disclosure_settings *settings, const atomic_bool *cancel,
        struct disclosure_report *out, struct disclosure_seen **seen)
{
        const struct disclosure_release alone = {
                .tables = (struct table *const[]){t}, .tables_len = 1};
        OWNED(disclosure_seen_free) struct disclosure_seen *made = calloc(1, sizeof *made);

        if (made == NULL) {
                withhold_all(&alone);
                return ERR_NO_MEMORY;
        }
        TRY(protect_and_see(arena, &alone, settings, cancel, out, made));
        *seen = made;
        made = NULL;
        return ERR_OK;
}
