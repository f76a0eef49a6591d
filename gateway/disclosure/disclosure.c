/* SPDX-License-Identifier: Apache-2.0 */
/* disclosure.c: which cells may be seen.
 *
 * Two questions per cell, in this order. Is the identifying margin it lies in large
 * enough? That depends on what a neighbour knows anyway, so asking for another
 * form, ground or outcome never changes which rows are refused. Then: are there
 * enough persons in the cell itself, and enough who contributed to each sum or
 * mean? A withheld value is overwritten here, so that no later mistake can send it.
 *
 * What this step does not do yet: hide partners of a protected cell. Where totals
 * are shown, one subtraction can give a single protected cell back. */
#include "gateway/disclosure/disclosure.h"

#include <assert.h>

static bool too_few(int64_t persons, const struct disclosure_settings *s)
{
        return persons > 0 && persons < (int64_t)s->threshold;
}

static bool contributors_too_few(
        const struct table *t, size_t cell, const struct disclosure_settings *s)
{
        for (uint32_t m = 0; m < t->measures_len; m++)
                if (t->measures[m].contributors != NULL &&
                        t->measures[m].contributors[cell] < (int64_t)s->threshold)
                        return true;
        return false;
}

static enum cell_rule rule_for(
        const struct table *t, size_t cell, const struct disclosure_settings *s)
{
        int64_t persons = t->persons[cell];

        if (t->margin_persons[cell] < (int64_t)s->threshold)
                return CELL_RULE_MARGIN;
        if (too_few(persons, s))
                return CELL_RULE_SMALL;
        if (persons == 0)
                return s->zeros_published ? CELL_RULE_NONE : CELL_RULE_ZERO;
        return contributors_too_few(t, cell, s) ? CELL_RULE_SMALL : CELL_RULE_NONE;
}

static void wipe_cell(struct table *t, size_t cell)
{
        t->persons[cell] = 0;
        t->records[cell] = 0;
        t->margin_persons[cell] = 0;
        for (uint32_t m = 0; m < t->measures_len; m++) {
                t->measures[m].values[cell] = 0;
                if (t->measures[m].contributors != NULL)
                        t->measures[m].contributors[cell] = 0;
        }
}

static void count(struct disclosure_report *r, enum cell_rule rule)
{
        switch (rule) {
        case CELL_RULE_NONE:
                r->shown++;
                return;
        case CELL_RULE_MARGIN:
                r->protected_margin++;
                return;
        case CELL_RULE_SMALL:
                r->protected_small++;
                return;
        case CELL_RULE_ZERO:
                r->protected_zero++;
                return;
        case CELL_RULE_SECONDARY:
                r->protected_secondary++;
                return;
        case CELL_RULE_COUNT:
                break;
        }
        assert(false && "a rule that is none");
}

enum err disclosure_protect(
        struct table *t, const struct disclosure_settings *settings, struct disclosure_report *out)
{
        struct disclosure_report report = {.cells = t->cells_len};

        if (settings->threshold < 1)
                return ERR_INVALID; /* a policy without a threshold protects nothing */
        for (size_t i = 0; i < t->cells_len; i++) {
                if (t->status[i] == CELL_MISSING || t->status[i] == CELL_NOT_APPLICABLE) {
                        report.missing++;
                        wipe_cell(t, i);
                        continue;
                }
                enum cell_rule rule = rule_for(t, i, settings);
                t->rule[i] = (uint8_t)rule;
                t->status[i] = rule == CELL_RULE_NONE ? CELL_VALUE : CELL_PROTECTED;
                if (rule != CELL_RULE_NONE)
                        wipe_cell(t, i);
                count(&report, rule);
        }
        *out = report;
        return ERR_OK;
}
