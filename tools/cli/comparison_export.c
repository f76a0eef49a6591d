/* SPDX-License-Identifier: Apache-2.0 */
/* comparison_export.c: a comparison for spreadsheets and programs.
 *
 * Column names do not depend on the language, and no empty cell is without a status that
 * says why. */
#include "base/clock.h"
#include "tools/cli/comparison.h"
#include "tools/cli/csv_field.h"
#include "tools/cli/json.h"
#include "tools/cli/question_text.h"
#include "tools/cli/render_parts.h"

#define COMPARISON_FORMAT "statgate.indicator.1"

static bool compares(const struct comparison *c, enum compared what)
{
        return (c->request->compared & 1U << what) != 0;
}

/* CSV --------------------------------------------------------------------- */

struct sheet {
        const struct cli *cli;
        const struct comparison *c;
        FILE *out;
        char separator, point;
        bool begun; /* the line */
};

static void put_label(struct sheet *s, struct bytes text)
{
        if (s->begun)
                (void)putc_unlocked(s->separator, s->out);
        s->begun = true;
        csv_field_put(s->out, s->separator, text);
}

static void put_word(struct sheet *s, const char *text)
{
        put_label(s, bytes_of_text(text));
}

/* Numbers are ours: no formula, no quotes. */
static void put_number(struct sheet *s, bool there, int64_t v, uint32_t decimals)
{
        char text[VALUE_TEXT] = "";

        if (there)
                (void)value_plain(v, decimals, s->point, text);
        if (s->begun)
                (void)putc_unlocked(s->separator, s->out);
        s->begun = true;
        (void)fputs_unlocked(text, s->out);
}

static void end_line(struct sheet *s)
{
        (void)fputs_unlocked("\r\n", s->out);
        s->begun = false;
}

static void csv_heading(struct sheet *s)
{
        char name[NAME_TEXT], whole[NAME_TEXT + 8];

        for (uint32_t d = 0; d < s->c->shape->dimensions_len; d++) {
                dimension_name(&s->c->shape->dimensions[d], name);
                put_word(s, name);
                (void)snprintf(whole, sizeof whole, "%s.label", name);
                put_word(s, whole);
        }
        put_word(s, "period");
        put_word(s, "value");
        put_word(s, "value.low");
        put_word(s, "value.high");
        put_word(s, "status");
        if (compares(s->c, COMPARED_COUNTY)) {
                put_word(s, "lan");
                put_word(s, "lan.status");
        }
        if (compares(s->c, COMPARED_COUNTRY)) {
                put_word(s, "riket");
                put_word(s, "riket.status");
        }
        if (compares(s->c, COMPARED_TARGET)) {
                put_word(s, "target");
                put_word(s, "against_target");
        }
        if (compares(s->c, COMPARED_HISTORY)) {
                put_word(s, "change");
                put_word(s, "change.status");
        }
        end_line(s);
}

static void put_status(struct sheet *s, enum cell_status status)
{
        const char text[] = {cell_status_code(status), '\0'};

        put_word(s, text);
}

static void put_figure(struct sheet *s, const struct figure *f)
{
        put_number(s, f->status == CELL_VALUE, f->value, s->c->measure->decimals);
        put_status(s, f->status);
}

static void csv_row(struct sheet *s, const struct comparison_row *row)
{
        const struct wire_indicator *i = s->c->request->indicator;
        const struct comparison_year *y = &s->c->request->years[row->year];
        uint32_t decimals = s->c->measure->decimals;
        char period[PERIOD_TEXT] = "";

        for (uint32_t d = 0; d < s->c->shape->dimensions_len; d++) {
                const struct category *k = row->categories[d];

                put_label(s, k != NULL ? k->code : bytes_of_text("_T"));
                put_label(s, k != NULL ? label_in(s->cli->lang, k->label_sv, k->label_en, k->code)
                                       : bytes_of_text(cli_word(s->cli, WORD_TOTAL)));
        }
        put_word(s, y->has_period ? text_of_period(y->period, period) : "");
        put_number(s, row->value.status == CELL_VALUE, row->value.value, decimals);
        put_number(s, row->value.has_interval, row->value.low, decimals);
        put_number(s, row->value.has_interval, row->value.high, decimals);
        put_status(s, row->value.status);
        if (compares(s->c, COMPARED_COUNTY))
                put_figure(s, &row->county);
        if (compares(s->c, COMPARED_COUNTRY))
                put_figure(s, &row->country);
        if (compares(s->c, COMPARED_TARGET)) {
                put_number(s, i->has_target, i->target, i->decimals);
                put_word(s, verdict_name(row->verdict));
        }
        if (compares(s->c, COMPARED_HISTORY))
                put_figure(s, &row->change);
        end_line(s);
}

enum err comparison_csv(
        const struct cli *cli, const struct comparison *c, const struct render_how *how)
{
        bool swedish = cli->lang == LANG_SV;
        struct sheet s = {.cli = cli,
                .c = c,
                .out = how->out,
                .separator = swedish ? ';' : ',',
                .point = swedish ? ',' : '.'};

        if (how->bom)
                (void)fputs("\xef\xbb\xbf", s.out);
        csv_heading(&s);
        for (uint32_t i = 0; i < c->rows_len; i++)
                csv_row(&s, &c->rows[i]);
        return stream_end(s.out);
}

/* JSON -------------------------------------------------------------------- */

static void json_label(FILE *to, struct wire_label l)
{
        (void)fputs("{\"sv\": ", to);
        json_text(to, l.sv);
        (void)fputs(", \"en\": ", to);
        json_text(to, l.en);
        (void)fputs("}", to);
}

static void json_number(FILE *to, bool there, int64_t v, uint32_t decimals)
{
        char text[VALUE_TEXT] = "null";

        if (there)
                (void)value_plain(v, decimals, '.', text);
        (void)fputs(text, to);
}

static void json_indicator(FILE *to, const struct comparison *c)
{
        static const char *const directions[] = {"null", "\"higher\"", "\"lower\""};
        const struct wire_indicator *i = c->request->indicator;
        const struct comparison_row *total = comparison_total(c);

        (void)fputs("  \"indicator\": {\n    \"id\": ", to);
        json_text(to, i->id);
        (void)fprintf(to, ",\n    \"version\": %u,\n    \"label\": ", i->version);
        json_label(to, i->label);
        (void)fputs(",\n    \"definition\": ", to);
        json_label(to, i->definition);
        (void)fputs(",\n    \"definition_digest\": ", to);
        json_digest(to, &i->digest);
        (void)fprintf(to, ",\n    \"direction\": %s,\n    \"target\": ",
                directions[i->direction < ARRAY_LEN(directions) ? i->direction : 0]);
        json_number(to, i->has_target, i->target, i->decimals);
        (void)fputs(",\n    \"contract\": ", to);
        if (i->is_contract)
                json_label(to, i->contract);
        else
                (void)fputs("null", to);
        (void)fprintf(to, ",\n    \"target_met\": %s\n  },\n",
                !i->is_contract || total == NULL   ? "null"
                : total->verdict == VERDICT_BETTER ? "true"
                : total->verdict == VERDICT_WORSE  ? "false"
                                                   : "null");
}

static void json_release(FILE *to, const struct comparison_year *y)
{
        const struct wire_release *r = y->rows.release;
        char vintage[32], at[25], period[PERIOD_TEXT];

        (void)fputs("{\"period\": ", to);
        if (y->has_period)
                json_text(to, bytes_of_text(text_of_period(y->period, period)));
        else
                (void)fputs("null", to);
        vintage_text(r->vintage, vintage);
        clock_format(r->vintage_at_ms, at);
        (void)fputs(", \"dataset\": ", to);
        json_text(to, r->dataset);
        (void)fputs(", \"purpose\": ", to);
        json_text(to, r->purpose);
        (void)fprintf(to,
                ", \"vintage\": \"%s\", \"vintage_at\": \"%s\", \"delivered\": %u, \"expected\": "
                "%u, \"release_digest\": ",
                vintage, at, r->delivered, r->expected);
        json_digest(to, &y->rows.digest);
        (void)fputs(", \"query_digest\": ", to);
        json_digest(to, &r->query);
        (void)fputs(", \"policy_digest\": ", to);
        json_digest(to, &r->policy);
        (void)fputs("}", to);
}

static void json_figure(FILE *to, const char *key, const struct figure *f, uint32_t decimals)
{
        (void)fprintf(
                to, ", \"%s\": {\"status\": \"%c\", \"value\": ", key, cell_status_code(f->status));
        json_number(to, f->status == CELL_VALUE, f->value, decimals);
        if (f->has_interval) {
                (void)fputs(", \"interval\": [", to);
                json_number(to, true, f->low, decimals);
                (void)fputs(", ", to);
                json_number(to, true, f->high, decimals);
                (void)fputs("]", to);
        }
        (void)fputs("}", to);
}

static void json_row(FILE *to, const struct comparison *c, const struct comparison_row *row)
{
        const struct comparison_year *y = &c->request->years[row->year];
        uint32_t decimals = c->measure->decimals;
        char period[PERIOD_TEXT];

        (void)fputs("{\"at\": [", to);
        for (uint32_t d = 0; d < c->shape->dimensions_len; d++) {
                (void)fputs(d > 0 ? ", " : "", to);
                if (row->categories[d] != NULL)
                        json_text(to, row->categories[d]->code);
                else
                        (void)fputs("null", to);
        }
        (void)fputs("], \"period\": ", to);
        if (y->has_period)
                json_text(to, bytes_of_text(text_of_period(y->period, period)));
        else
                (void)fputs("null", to);
        json_figure(to, "figure", &row->value, decimals);
        if (compares(c, COMPARED_COUNTY))
                json_figure(to, "lan", &row->county, decimals);
        if (compares(c, COMPARED_COUNTRY))
                json_figure(to, "riket", &row->country, decimals);
        if (compares(c, COMPARED_HISTORY))
                json_figure(to, "change", &row->change, decimals);
        if (compares(c, COMPARED_TARGET)) {
                (void)fputs(", \"against_target\": ", to);
                if (row->verdict == VERDICT_NONE)
                        (void)fputs("null", to);
                else
                        (void)fprintf(to, "\"%s\"", verdict_name(row->verdict));
        }
        (void)fputs("}", to);
}

enum err comparison_json(
        const struct cli *cli, const struct comparison *c, const struct render_how *how)
{
        const struct comparison_request *r = c->request;
        FILE *to = how->out;

        (void)cli;
        (void)fputs("{\n  \"format\": \"" COMPARISON_FORMAT "\",\n", to);
        json_indicator(to, c);
        (void)fputs("  \"releases\": [", to);
        for (uint32_t y = 0; y < r->years_len; y++) {
                (void)fputs(y > 0 ? ",\n    " : "\n    ", to);
                json_release(to, &r->years[y]);
        }
        (void)fputs("],\n  \"dimensions\": [", to);
        for (uint32_t d = 0; d < c->shape->dimensions_len; d++) {
                char name[NAME_TEXT];

                dimension_name(&c->shape->dimensions[d], name);
                (void)fputs(d > 0 ? ", " : "", to);
                json_text(to, bytes_of_text(name));
        }
        (void)fputs("],\n  \"unit\": ", to);
        json_text(to, c->measure->unit);
        (void)fputs(",\n  \"rows\": [", to);
        for (uint32_t i = 0; i < c->rows_len; i++) {
                (void)fputs(i > 0 ? ",\n    " : "\n    ", to);
                json_row(to, c, &c->rows[i]);
        }
        (void)fputs("\n  ]\n}\n", to);
        return stream_end(to);
}
