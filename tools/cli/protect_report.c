/* SPDX-License-Identifier: Apache-2.0 */
/* protect_report.c: what was done to a table, for whoever made it. */
#include <string.h>

#include "tools/cli/audit_write.h"
#include "tools/cli/json.h"
#include "tools/cli/protect_write.h"

#define TELL(w, ...) cli_print(cli, to, false, (w), CLI_ARGS(__VA_ARGS__))

struct number {
        char text[NUMBER_TEXT];
};

static struct number number(const struct cli *cli, uint64_t n)
{
        struct number out;

        (void)cli_number(cli, n, out.text);
        return out;
}
#define N(n) number(cli, (uint64_t)(n)).text

static const char *const refusals[] = {[PROTECT_RELEASED] = "released",
        [PROTECT_UNPROVED] = "unproved",
        [PROTECT_COMPUTABLE] = "computable",
        [PROTECT_AUDIT_FOUND] = "audit",
        [PROTECT_AUDITED_LITTLE] = "audited_too_little",
        [PROTECT_NOTHING_FITS] = "does_not_add_up",
        [PROTECT_TOLD_NEARLY] = "told_nearly"};

/* How much more than the bound, in tenths of a per cent. */
static uint64_t gap_permille(const struct protect_result *r)
{
        return r->bound > 0 && r->cost > r->bound ? (r->cost - r->bound) * 1000 / r->bound : 0;
}

static void tell_shape(const struct cli *cli, FILE *to, const struct protect_table *t,
        const struct protect_settings *s, const struct protect_result *r)
{
        TELL(WORD_PROTECT_CELLS, N(r->cells), N(r->shown));
        TELL(WORD_PROTECT_PRIMARY, N(r->primary), N(r->by_rule[CELL_RULE_SMALL]),
                N(r->by_rule[CELL_RULE_ZERO]), N(r->by_rule[CELL_RULE_DOMINANCE]));
        TELL(WORD_PROTECT_SECONDARY, N(r->secondary), N(r->interval));
        if (r->narrow > 0)
                TELL(WORD_PROTECT_UNWIDENED, N(r->narrow), N(s->interval));
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (t->overlapping >> d & 1)
                        TELL(WORD_PROTECT_OVERLAPPING, t->names[d]);
}

static void tell_cost(const struct cli *cli, FILE *to, const struct protect_settings *s,
        const struct protect_result *r)
{
        char percent[NUMBER_TEXT];

        if (s->threshold == 0)
                return;
        TELL(WORD_PROTECT_COST, N(r->cost), disclosure_cost_name(s->cost));
        if (s->optimum && r->interval > 0)
                TELL(WORD_PROTECT_BOUND_ALONE, N(r->interval));
        if (!r->bounded)
                return;
        (void)snprintf(percent, sizeof percent, "%llu%s%llu",
                (unsigned long long)gap_permille(r) / 10, cli->lang == LANG_SV ? "," : ".",
                (unsigned long long)gap_permille(r) % 10);
        if (r->optimal)
                TELL(WORD_PROTECT_OPTIMAL);
        else
                TELL(WORD_PROTECT_BOUND, N(r->bound), percent);
}

/* A share in millionths as per cent, with two digits, not less than it is. */
static struct number percent_of(const struct cli *cli, uint32_t share)
{
        struct number out;
        unsigned digits = (share + 99) / 100;

        (void)snprintf(out.text, sizeof out.text, "%u%s%02u", digits / 100,
                cli->lang == LANG_SV ? "," : ".", digits % 100);
        return out;
}

static void tell_sampled(const struct cli *cli, FILE *to, const struct protect_settings *s,
        const struct protect_result *r)
{
        const struct audit_sampled *x = &r->verdict.sampled;

        if (x->drawn == 0)
                return;
        TELL(WORD_PROTECT_SAMPLED, N(x->drawn), N(x->of), N(x->narrow), N(s->interval),
                x->narrowest < INT64_MAX ? N(x->narrowest) : "∞");
        TELL(WORD_PROTECT_SAMPLED_MOST,
                percent_of(cli, audit_share_most(x->narrow, x->drawn, x->of)).text, N(x->unproved));
}

static void tell_audit(const struct cli *cli, FILE *to, const struct protect_settings *s,
        const struct protect_result *r)
{
        if (!r->audited)
                return;
        TELL(WORD_PROTECT_AUDIT, audit_attacker_name(r->attacker), N(r->verdict.audited),
                N(r->verdict.len), N(r->verdict.exact));
        if (r->verdict.narrow > 0)
                TELL(WORD_PROTECT_NARROW, N(r->verdict.narrow), N(s->interval));
        tell_sampled(cli, to, s, r);
}

static void tell_rounding(const struct cli *cli, FILE *to, const struct protect_settings *s,
        const struct protect_result *r)
{
        if (s->rounding == 0)
                return;
        TELL(WORD_PROTECT_ROUNDED, N(s->rounding), N(r->margin_most));
        if (!r->controlled)
                TELL(WORD_PROTECT_UNCONTROLLED);
}

void protect_report(const struct cli *cli, FILE *to, const struct protect_table *t,
        const struct protect_settings *s, const struct protect_result *r)
{
        static const enum word reasons[] = {[PROTECT_UNPROVED] = WORD_PROTECT_UNPROVED,
                [PROTECT_COMPUTABLE] = WORD_PROTECT_COMPUTABLE,
                [PROTECT_AUDIT_FOUND] = WORD_PROTECT_AUDIT_FOUND,
                [PROTECT_NOTHING_FITS] = WORD_PROTECT_NOTHING_FITS};

        tell_shape(cli, to, t, s, r);
        tell_cost(cli, to, s, r);
        tell_rounding(cli, to, s, r);
        tell_audit(cli, to, s, r);
        TELL(WORD_PROTECT_WORK, N(s->seed), N(r->starts), N(r->work));
        if (r->limited)
                TELL(WORD_PROTECT_LIMITED);
        if (r->refusal == PROTECT_AUDITED_LITTLE)
                TELL(WORD_PROTECT_AUDITED_LITTLE, N(r->verdict.audited * 100 / r->verdict.len),
                        N(s->audit_share_said            ? s->audit_share
                                : r->verdict.audited > 0 ? 100
                                                         : 1));
        else if (r->refusal == PROTECT_TOLD_NEARLY)
                TELL(WORD_PROTECT_TOLD_NEARLY, N(r->verdict.narrow), N(s->interval));
        else if (r->refusal != PROTECT_RELEASED)
                TELL(reasons[r->refusal]);
}

/* JSON --------------------------------------------------------------------------------------- */

static void put_audit(FILE *to, const struct protect_result *r)
{
        if (!r->audited) {
                (void)fputs(",\n  \"audit\": null", to);
                return;
        }
        (void)fprintf(to,
                ",\n  \"audit\": {\"attacker\": \"%s\", \"protected\": %zu, \"audited\": %zu, "
                "\"exact\": %zu, \"narrow\": %zu, \"limited\": %s",
                audit_attacker_name(r->attacker), r->verdict.len, r->verdict.audited,
                r->verdict.exact, r->verdict.narrow, r->verdict.limited ? "true" : "false");
        audit_sampled_json(to, &r->verdict);
        (void)fputs("}", to);
}

static void put_rules(FILE *to, const struct protect_settings *s)
{
        const struct disclosure_dominance *d = &s->dominance;

        (void)fprintf(to,
                ",\n  \"rules\": {\"threshold\": %u, \"zeros_published\": %s, \"interval\": %u, "
                "\"dominance\": [%u, %u], \"p\": %u, \"pq\": [%u, %u], \"cost\": \"%s\", "
                "\"rounding\": %u}",
                s->threshold, s->zeros_published ? "true" : "false", s->interval, d->n, d->k, d->p,
                d->pq_p, d->pq_q, disclosure_cost_name(s->cost), s->rounding);
}

static void put_dimensions(FILE *to, const struct protect_table *t)
{
        (void)fputs(",\n  \"dimensions\": [", to);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                (void)fputs(d > 0 ? ", {\"name\": " : "{\"name\": ", to);
                json_text(to, bytes_of_text(t->names[d]));
                (void)fprintf(to, ", \"codes\": %u, \"overlapping\": %s}", t->dimensions[d].leaves,
                        t->overlapping >> d & 1 ? "true" : "false");
        }
        (void)fputs("]", to);
}

void protect_report_json(FILE *to, const struct protect_table *t, const struct protect_settings *s,
        const struct protect_result *r)
{
        (void)fprintf(to,
                "{\n  \"format\": \"statgate.protect.1\",\n  \"outcome\": \"%s\",\n"
                "  \"cells\": %zu,\n  \"shown\": %zu,\n  \"primary\": %zu,\n"
                "  \"small\": %zu,\n  \"zero\": %zu,\n  \"dominance\": %zu,\n"
                "  \"secondary\": %zu,\n  \"for_the_interval\": %zu,\n  \"not_shown_wide\": %zu,\n"
                "  \"cost\": %llu,\n  \"bound\": ",
                refusals[r->refusal], r->cells, r->shown, r->primary, r->by_rule[CELL_RULE_SMALL],
                r->by_rule[CELL_RULE_ZERO], r->by_rule[CELL_RULE_DOMINANCE], r->secondary,
                r->interval, r->narrow, (unsigned long long)r->cost);
        if (r->bounded)
                (void)fprintf(to, "%llu", (unsigned long long)r->bound);
        else
                (void)fputs("null", to);
        (void)fprintf(to,
                ",\n  \"optimal\": %s,\n  \"limited\": %s,\n  \"seed\": %llu,\n"
                "  \"starts\": %u,\n  \"work\": %llu",
                r->optimal ? "true" : "false", r->limited ? "true" : "false",
                (unsigned long long)s->seed, r->starts, (unsigned long long)r->work);
        put_dimensions(to, t);
        put_rules(to, s);
        put_audit(to, r);
        if (s->rounding > 0)
                (void)fprintf(to, ",\n  \"controlled\": %s,\n  \"margin_most\": %u",
                        r->controlled ? "true" : "false", r->margin_most);
        (void)fputs("\n}\n", to);
}
