/* SPDX-License-Identifier: Apache-2.0 */
/* render_json.c: the whole release for programs, one cell a line.
 *
 * Labels stand in both languages, whatever --lang says, and numbers are exact: a
 * decimal is written as the gateway scaled it, never through a double. */
#include <string.h>

#include "base/clock.h"
#include "tools/cli/answer_file.h"
#include "tools/cli/json.h"
#include "tools/cli/question_text.h"
#include "tools/cli/render_parts.h"

static void put_label(FILE *to, struct bytes sv, struct bytes en)
{
        (void)fputs("{\"sv\": ", to);
        json_text(to, sv);
        (void)fputs(", \"en\": ", to);
        json_text(to, en);
        (void)fputs("}", to);
}

/* A word, or null where there is none. */
static void put_word(FILE *to, const char *key, struct bytes word)
{
        (void)fprintf(to, ",\n    \"%s\": ", key);
        if (word.len > 0)
                json_text(to, word);
        else
                (void)fputs("null", to);
}

static void put_scope(FILE *to, const struct wire_release *r)
{
        char period[PERIOD_TEXT];

        put_word(to, "linkage", r->linkage);
        put_word(to, "unit", bytes_of_text(r->unit != UNIT_NONE ? unit_name(r->unit) : ""));
        put_word(to, "period",
                bytes_of_text(r->has_period ? text_of_period(r->period, period) : ""));
        (void)fprintf(to, ",\n    \"unlinked\": %u", r->unlinked);
        if (r->has_counted)
                (void)fprintf(to, ",\n    \"counted\": %u", r->counted);
}

/* In per cent, as on the screen; null where it is withheld or does not exist. */
static void put_permille(FILE *to, const char *key, uint32_t permille)
{
        if (permille == NO_SHARE)
                (void)fprintf(to, ", \"%s\": null", key);
        else
                (void)fprintf(to, ", \"%s\": %u.%u", key, permille / 10, permille % 10);
}

static void put_coverage(FILE *to, const struct wire_release *r)
{
        (void)fputs(",\n    \"coverage\": [", to);
        for (uint32_t i = 0; i < r->coverage_len; i++) {
                const struct wire_coverage *c = &r->coverage[i];

                (void)fputs(i > 0 ? ",\n      {\"dataset\": " : "\n      {\"dataset\": ", to);
                json_text(to, c->dataset);
                (void)fprintf(
                        to, ", \"delivered\": %u, \"expected\": %u", c->delivered, c->expected);
                put_permille(to, "rejected_percent", c->rejected_permille);
                put_permille(to, "missing_percent", c->missing_permille);
                put_permille(to, "families_missing_percent", c->families_missing_permille);
                (void)fputs("}", to);
        }
        (void)fputs("]", to);
}

static void put_indicator(FILE *to, const struct wire_release *r)
{
        const struct wire_indicator *i = &r->indicator;

        (void)fputs(",\n    \"indicator\": ", to);
        if (!r->has_indicator) {
                (void)fputs("null", to);
                return;
        }
        (void)fputs("{\"id\": ", to);
        json_text(to, i->id);
        (void)fprintf(to, ", \"version\": %u, \"label\": ", i->version);
        put_label(to, i->label.sv, i->label.en);
        (void)fputs(", \"definition_digest\": ", to);
        json_digest(to, &i->digest);
        (void)fputs("}", to);
}

/* What was done to counts that are shown. */
static void put_perturbation(FILE *to, const struct wire_protection *p)
{
        static const char *const names[WIRE_PERTURBATION_COUNT] = {
                [WIRE_PERTURBATION_CELLKEY] = "cellkey", [WIRE_PERTURBATION_ROUNDING] = "rounding"};
        const struct wire_rules *r = &p->rules;

        if ((unsigned)r->perturbation >= WIRE_PERTURBATION_COUNT ||
                names[r->perturbation] == NULL) {
                (void)fputs(", \"perturbation\": null", to);
                return;
        }
        (void)fprintf(to, ", \"perturbation\": \"%s\"", names[r->perturbation]);
        if (r->perturbation == WIRE_PERTURBATION_ROUNDING)
                (void)fprintf(to, ", \"rounding_base\": %u, \"rounding_margin\": %u", r->base,
                        p->rounding_margin);
}

static void put_protection(FILE *to, const struct wire_release *r)
{
        static const char *const sources[ANSWER_SOURCE_COUNT] = {
                "none", "lattice", "ledger", "alone"};
        const struct wire_protection *p = &r->protection;

        if (!r->has_protection) {
                (void)fputs(",\n    \"protection\": null", to);
                return;
        }
        (void)fputs(",\n    \"protection\": {\"preset\": ", to);
        json_text(to, p->rules.preset);
        (void)fprintf(to,
                ", \"source\": \"%s\", \"secondary\": %s, \"additive\": %s, \"interval\": %u, "
                "\"audited\": %llu, \"audit_of\": %llu, \"narrow\": %llu, \"limited\": %s, "
                "\"interval_unasked\": %llu",
                sources[p->source < ANSWER_SOURCE_COUNT ? p->source : 0],
                p->rules.secondary ? "true" : "false", p->additive ? "true" : "false",
                p->rules.interval, (unsigned long long)p->audited, (unsigned long long)p->audit_of,
                (unsigned long long)p->narrow, p->limited ? "true" : "false",
                (unsigned long long)p->interval_unasked);
        put_perturbation(to, p);
        (void)fputs("}", to);
}

static void put_release(FILE *to, const struct answer *a)
{
        const struct wire_release *r = a->release;
        char vintage[32], at[25];

        vintage_text(r->vintage, vintage);
        clock_format(r->vintage_at_ms, at);
        (void)fputs("  \"release\": {\n    \"dataset\": ", to);
        json_text(to, r->dataset);
        (void)fputs(",\n    \"purpose\": ", to);
        json_text(to, r->purpose);
        (void)fprintf(to,
                ",\n    \"vintage\": \"%s\",\n    \"vintage_at\": \"%s\",\n"
                "    \"delivered\": %u,\n    \"expected\": %u,\n    \"threshold\": %u,\n"
                "    \"zeros_published\": %s,\n    \"release_digest\": ",
                vintage, at, r->delivered, r->expected, r->threshold,
                r->zeros_published ? "true" : "false");
        json_digest(to, &a->digest);
        (void)fputs(",\n    \"query_digest\": ", to);
        json_digest(to, &r->query);
        (void)fputs(",\n    \"policy_digest\": ", to);
        json_digest(to, &r->policy);
        put_scope(to, r);
        put_coverage(to, r);
        put_indicator(to, r);
        put_protection(to, r);
        (void)fputs("\n  },\n", to);
}

static void put_filters(FILE *to, const struct query *q)
{
        (void)fputs("  \"filters\": [", to);
        for (uint32_t i = 0; q != NULL && i < q->filters_len; i++) {
                const struct filter *f = &q->filters[i];

                (void)fputs(i > 0 ? ",\n    {\"variable\": " : "\n    {\"variable\": ", to);
                json_text(to, f->variable);
                (void)fputs(", \"level\": ", to);
                json_text(to, f->level);
                (void)fprintf(to, ", \"op\": \"%s\", \"values\": [", filter_op_text(f->op));
                for (uint32_t v = 0; v < f->values_len; v++) {
                        (void)fputs(v > 0 ? ", " : "", to);
                        json_text(to, f->values[v]);
                }
                (void)fputs("]}", to);
        }
        (void)fputs(q != NULL && q->filters_len > 0 ? "\n  ],\n" : "],\n", to);
}

static void put_dimension(FILE *to, const struct dimension *d)
{
        (void)fputs("{\"variable\": ", to);
        json_text(to, d->variable);
        (void)fputs(", \"level\": ", to);
        json_text(to, d->level);
        (void)fputs(", \"label\": ", to);
        put_label(to, d->label_sv, d->label_en);
        (void)fprintf(
                to, ", \"overlapping\": %s, \"categories\": [", d->overlapping ? "true" : "false");
        for (uint32_t i = 0; i < d->len; i++) {
                (void)fputs(i > 0 ? ",\n      {\"code\": " : "\n      {\"code\": ", to);
                json_text(to, d->categories[i].code);
                (void)fputs(", \"label\": ", to);
                put_label(to, d->categories[i].label_sv, d->categories[i].label_en);
                (void)fputs("}", to);
        }
        (void)fputs("]}", to);
}

static void put_measure(FILE *to, const struct measure *m)
{
        (void)fprintf(to, "{\"kind\": \"%s\", \"variable\": ", measure_kind_name(m->kind));
        json_text(to, m->variable);
        (void)fputs(", \"label\": ", to);
        put_label(to, m->label_sv, m->label_en);
        (void)fputs(", \"unit\": ", to);
        json_text(to, m->unit);
        (void)fprintf(to, ", \"decimals\": %u, \"name\": ", m->decimals);
        json_text(to, m->name);
        (void)fprintf(to, ", \"scale\": %u}", m->scale);
}

static void put_shape(FILE *to, const struct table *t)
{
        (void)fputs("  \"dimensions\": [", to);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                (void)fputs(d > 0 ? ",\n    " : "\n    ", to);
                put_dimension(to, &t->dimensions[d]);
        }
        (void)fputs("],\n  \"measures\": [", to);
        for (uint32_t m = 0; m < t->measures_len; m++) {
                (void)fputs(m > 0 ? ",\n    " : "\n    ", to);
                put_measure(to, &t->measures[m]);
        }
        (void)fputs("],\n  \"statuses\": {", to);
        for (int s = 0; s < CELL_STATUS_COUNT; s++)
                (void)fprintf(to, "%s\"%c\": \"%s\"", s > 0 ? ", " : "",
                        cell_status_code((enum cell_status)s),
                        cell_status_word((enum cell_status)s));
        (void)fputs("},\n", to);
}

static void put_number(FILE *to, bool there, int64_t v, uint32_t decimals)
{
        char text[VALUE_TEXT];

        if (there)
                put_bytes_to(to, bytes_of(text, value_plain(v, decimals, '.', text)));
        else
                (void)fputs_unlocked("null", to);
}

static void put_values(FILE *to, const struct table *t, size_t cell)
{
        for (uint32_t m = 0; m < t->measures_len; m++) {
                int64_t v = 0;
                bool there = cell_value(t, m, cell, &v);

                (void)fputs_unlocked(m > 0 ? ", " : "", to);
                put_number(to, there, v, t->measures[m].decimals);
        }
        (void)fputs_unlocked("], \"statuses\": [", to);
        for (uint32_t m = 0; m < t->measures_len; m++) {
                (void)fputs_unlocked(m > 0 ? ", \"" : "\"", to);
                (void)putc_unlocked(cell_status_code(measure_status(t, m, cell)), to);
                (void)putc_unlocked('"', to);
        }
        (void)fputs_unlocked("]", to);
}

static void put_intervals(FILE *to, const struct table *t, size_t cell)
{
        (void)fputs_unlocked(", \"intervals\": [", to);
        for (uint32_t m = 0; m < t->measures_len; m++) {
                int64_t low = 0, high = 0;

                (void)fputs_unlocked(m > 0 ? ", " : "", to);
                if (!cell_interval(t, m, cell, &low, &high)) {
                        (void)fputs_unlocked("null", to);
                        continue;
                }
                (void)putc_unlocked('[', to);
                put_number(to, true, low, t->measures[m].decimals);
                (void)fputs_unlocked(", ", to);
                put_number(to, true, high, t->measures[m].decimals);
                (void)putc_unlocked(']', to);
        }
        (void)putc_unlocked(']', to);
}

static bool has_intervals(const struct table *t)
{
        for (uint32_t m = 0; m < t->measures_len; m++)
                if (measure_has_interval(&t->measures[m]))
                        return true;
        return false;
}

static void put_cell(
        FILE *to, const struct wire_release *r, const uint32_t *at, size_t cell, bool held)
{
        const struct table *t = &r->table;

        (void)fputs_unlocked("{\"at\": [", to);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                (void)fputs_unlocked(d > 0 ? ", " : "", to);
                if (at[d] < t->dimensions[d].len)
                        json_text(to, t->dimensions[d].categories[at[d]].code);
                else
                        (void)fputs_unlocked("null", to);
        }
        (void)fprintf(to, "], \"obs_status\": \"%c\", \"conf_status\": \"%c\"",
                cell_status_code(cell_status(t, cell)), cell_conf_code(r, cell));
        if (held)
                (void)fprintf(to, ", \"held\": %s", cell_held(t, cell) ? "true" : "false");
        (void)fputs_unlocked(", \"values\": [", to);
        put_values(to, t, cell);
        if (has_intervals(t))
                put_intervals(to, t, cell);
        (void)fputs_unlocked("}", to);
}

enum err render_json(const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        const struct table *t = &a->release->table;
        uint32_t at[DIMENSIONS_MAX] = {0};
        bool held = table_held(t);
        FILE *to = how->out;

        (void)cli;
        TRY(answer_check(a));
        (void)fputs("{\n  \"format\": \"" TABLE_FORMAT "\",\n", to);
        put_release(to, a);
        put_filters(to, a->asked);
        put_shape(to, t);
        (void)fputs("  \"cells\": [", to);
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                (void)fputs_unlocked(cell > 0 ? ",\n    " : "\n    ", to);
                put_cell(to, a->release, at, cell, held);
                (void)step(t, t->dimensions_len, at);
        }
        (void)fputs("\n  ]", to);
        if (a->proof != NULL) {
                (void)fputs(",\n  \"proof\": ", to);
                answer_proof_put(to, a->proof);
        }
        (void)fputs("\n}\n", to);
        return stream_end(to);
}
